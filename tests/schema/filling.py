"""What every argument of the API is given, made from its type: an id by the prefix that its description promises, a
value that must be there by its scalar, the first of an enum's words, what an input cannot do without.

Whatever cannot be made from its type stands in one small table. A field with an argument that none of this can fill
fails and says which.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, combinations
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from marketplace.core.ids import PREFIXES
from tests.conftest import NOW
from tests.schema.whole_fields import MOST_ROWS

Variables = dict[str, Any]
IdOf = Callable[[str, str], str]
"""The id that goes into an argument, by the argument's path and the noun of the id."""

NOUNS = {prefix: noun for noun, prefix in PREFIXES.items()}
PROMISED_PREFIX = re.compile(r"\b([a-z]{3})_…")

SCALARS: dict[str, Any] = {
    "Boolean": True,
    "Int": 1,
    "Float": 1.0,
    "MoneyMinor": 1,
    "String": "because",
    "Date": NOW.date().isoformat(),
    "DateTime": NOW.isoformat(),
    "LocalDateTime": f"{NOW.date()}T18:00",
}
"""A value of every scalar but the id."""

POLYGON = '{"type": "Polygon", "coordinates": [[[-71.5, -30.1], [-71.1, -30.1], [-71.1, -29.7], [-71.5, -30.1]]]}'
POINT = {"lat": -29.9, "lon": -71.25}
LATER = (NOW + timedelta(hours=1)).isoformat()
NAMES: dict[str, Any] = {
    "idempotencyKey": "once",
    "place": POINT,
    "point": POINT,
    "closes": f"{NOW.date()}T20:00",
    "closesAt": LATER,
    "ends": LATER,
    "expiresAt": LATER,
    "endsAt": LATER,
    "goodUntil": (NOW + timedelta(days=365)).isoformat(),
    "currency": "CLP",
    "email": "iris@example.com",
    "phone": "+56912345678",
    "contentType": "image/png",
    "year": NOW.year,
    "serviceLevel": "STANDARD",
    "sku": "goods",
    "dock": "gate",
    "slotS": 600,
}
"""Values of arguments, and of fields of inputs, that mean the same wherever they are called so."""

OVERRIDES: dict[str, Any] = {
    "adoptPayPolicyPack.pack": "seattle_payup_2025",
    "cellsWithin.corners": [POINT, {**POINT, "lat": -29.91}, {**POINT, "lon": -71.26}],
    "addCompanyVehicle.equipment": ["COLD_BOX"],
    "checkVehicle.equipment": ["COLD_BOX"],
    "chooseSafePlace.place": "PORCH",
    "setReplenishment.targetQuantity": 5,
    "setRuralZone.zone.area": POLYGON,
    "previewRecurrence.rule": "FREQ=DAILY",
    "createRecurringBatch.template.rule": "FREQ=DAILY",
    "changeRecurringBatch.template.rule": "FREQ=DAILY",
    "setDock.opens": "08:00",
    "setDock.closes": "20:00",
    "setHubOpening.opening.hours.opens": "08:00",
    "setHubOpening.opening.hours.closes": "20:00",
}
"""Values of single arguments."""

PAGES = {"first": MOST_ROWS}
"""Pages are asked for with few rows."""
ALONGSIDE: dict[str, tuple[str, ...]] = {
    "bookWindow.deliveryId": ("day", "opensAt", "closesAt"),
}
"""Arguments that may be left out, but not beside the id that stands first."""


class Unfilled(AssertionError):
    """An argument for which no value is known."""


def ways_to_ask(name: str, field: GraphQLField, id_of: IdOf) -> list[Variables]:
    """The ways to ask for a field: with all that it requires, and with each choice of what may take an id besides."""
    required = [argument for argument, given in field.args.items() if is_required_argument(given)]
    optional = [
        argument
        for argument, given in field.args.items()
        if argument not in required and any(id_paths(argument, given.type))
    ]
    required += [argument for argument in PAGES if argument in field.args and argument not in required]
    ways = []
    for chosen in chain.from_iterable(combinations(optional, count) for count in range(len(optional) + 1)):
        beside = chain.from_iterable(ALONGSIDE.get(f"{name}.{argument}", ()) for argument in chosen)
        asked = dict.fromkeys([*required, *chosen, *beside])
        ways.append({argument: _argument(name, argument, field.args[argument], id_of) for argument in asked})
    return ways


def id_paths(path: str, kind: Any) -> Iterator[str]:
    """The paths of all ids inside an argument of that type."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        for inner, given in named.fields.items():
            yield from id_paths(f"{path}.{inner}", given.type)
    elif named.name == "ID":
        yield path


def _argument(field: str, path: str, given: GraphQLArgument | GraphQLInputField, id_of: IdOf) -> Any:
    if path in PAGES and get_named_type(given.type).name == "Int":
        return PAGES[path]
    for known, key in ((OVERRIDES, f"{field}.{path}"), (NAMES, path.rpartition(".")[2])):
        if key in known:
            return known[key]
    value = _value(field, path, given, id_of)
    return [value] if is_list_type(get_nullable_type(given.type)) else value


def _value(field: str, path: str, given: GraphQLArgument | GraphQLInputField, id_of: IdOf) -> Any:
    named = get_named_type(given.type)
    if isinstance(named, GraphQLInputObjectType):
        return {
            inner: _argument(field, f"{path}.{inner}", wanted, id_of)
            for inner, wanted in named.fields.items()
            if is_required_input_field(wanted) or any(id_paths(inner, wanted.type))
        }
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if named.name == "ID":
        return id_of(path, _noun(field, path, given))
    if named.name not in SCALARS:
        raise Unfilled(f"{field}({path}): no value of a {named.name} is known; give it one in SCALARS or OVERRIDES")
    return SCALARS[named.name]


def _noun(field: str, path: str, given: GraphQLArgument | GraphQLInputField) -> str:
    promised = PROMISED_PREFIX.search(given.description or "")
    if promised is None or promised[1] not in NOUNS:
        raise Unfilled(f"{field}({path}): its description does not begin with the id's prefix, such as dlv_…")
    return NOUNS[promised[1]]
