"""Compiled variables and inputs: what is plainly right is taken at once, everything else as the GraphQL engine says."""

import math
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import strawberry
from graphql import GraphQLInputObjectType, VariableValues, get_variable_values
from strawberry.types.arguments import InputContext, convert_argument
from strawberry.types.base import StrawberryObjectDefinition

from schema.context import RequestContext
from schema.delivery_input import DeliveryInput
from schema.execution import execute
from schema.places import AddressInput, PackageInput, WindowInput
from schema.prepared import Documents
from schema.projection import NotPlain
from schema.refusals import BadDocument
from schema.results import engine_schema
from schema.scalars import LocalDateTime, MoneyMinor
from schema.schema import build_schema, schema
from tests.schema.sample import Colour


@strawberry.input
class Nut:
    """The smallest input."""

    size: int
    name: str = "nut"


@strawberry.input
class Basket:
    """An input with every kind of field."""

    id: strawberry.ID
    nuts: list[Nut]
    text: str | None = None
    share: float | None = None
    is_open: bool = True
    at: datetime | None = None
    local: LocalDateTime | None = None
    amount_minor: MoneyMinor | None = None
    colour: Colour | None = None
    colours: list[Colour] = strawberry.field(default_factory=list)
    best: Nut | None = None
    numbers: list[int | None] | None = None
    rest: int | None = strawberry.UNSET


@strawberry.input
class Nested:
    """An input that contains itself."""

    name: str
    inner: "Nested | None" = None


class Taken:
    """The noun of these tests."""

    got: Any = None

    @strawberry.type
    class Query:
        """Fields that show what a resolver gets."""

        @strawberry.field
        def take(self, basket: Basket, more: int = 3) -> int:
            """Keeps the basket."""
            Taken.got = basket
            return more

        @strawberry.field
        def nested(self, value: Nested) -> str:
            """Keeps the value."""
            Taken.got = value
            return value.name


ENGINE = engine_schema(build_schema((cast("Any", Taken),)))
DOCUMENTS = Documents(ENGINE)
TAKE = DOCUMENTS.prepare("query($basket: Basket!, $more: Int! = 5) { take(basket: $basket, more: $more) }").select(None)
NESTED = DOCUMENTS.prepare("query($value: Nested!) { nested(value: $value) }").select(None)
CONTEXT = cast("RequestContext", None)
SMALL: dict[str, Any] = {"id": "b1", "nuts": [{"size": 1}]}
WHOLE = SMALL | {
    "nuts": [{"size": 1, "name": "hazel"}, {"size": 2}],
    "text": None,
    "share": 1,
    "isOpen": False,
    "at": "2026-03-02T12:00:00-03:00",
    "local": "2026-03-02T12:00",
    "amountMinor": 2**40,
    "colour": "RED",
    "colours": ["GREEN", "RED"],
    "best": {"size": 9},
    "numbers": [1, None],
}


def by_engine(sent: dict[str, Any]) -> VariableValues | list[Any]:
    return get_variable_values(ENGINE, TAKE.node.variable_definitions or (), sent, max_errors=5, hide_suggestions=True)


def told(values: VariableValues) -> Any:
    """What resolvers and the engine read of them, types included."""
    return repr(values.coerced), {name: source.value for name, source in values.sources.items()}


@pytest.mark.parametrize(
    "sent", [{"basket": SMALL}, {"basket": WHOLE}, {"basket": WHOLE, "more": 7}, {"basket": SMALL, "unknown": 1}]
)
def test_plainly_right_values_are_taken_as_the_engine_takes_them(sent: dict[str, Any]) -> None:
    expected = by_engine(sent)

    assert isinstance(expected, VariableValues)
    assert told(TAKE.variables.take(sent)) == told(expected)


WRONG: list[Any] = [None, "x", "", 1, 1.5, True, math.inf, 2**31, 2**60, [], ["x"], {}, {"size": "x"}, [{"size": 1}]]


@pytest.mark.parametrize("field", [*WHOLE, "unknown"])
async def test_odd_values_are_taken_or_refused_as_the_engine_does(field: str) -> None:
    for value in WRONG:
        sent = {"basket": SMALL | {field: value}}
        expected = by_engine(sent)

        if isinstance(expected, VariableValues):
            await execute(ENGINE, TAKE, sent, CONTEXT)
            try:
                taken = TAKE.variables.take(sent)
            except NotPlain:
                continue  # such as one value where a list is wanted: the engine alone makes a list of it
            assert told(taken) == told(expected), (field, value)
        else:
            with pytest.raises(BadDocument) as refused:
                await execute(ENGINE, TAKE, sent, CONTEXT)
            assert [each["message"] for each in refused.value.errors] == [error.message for error in expected]


@pytest.mark.parametrize("sent", [{}, {"basket": None}, {"basket": [SMALL]}, {"basket": SMALL, "more": None}])
async def test_a_variable_that_is_missing_or_null_is_refused_with_words(sent: dict[str, Any]) -> None:
    with pytest.raises(BadDocument) as refused:
        await execute(ENGINE, TAKE, sent, CONTEXT)

    assert [each["extensions"]["code"] for each in refused.value.errors] == ["BAD_VARIABLES"]


async def test_a_type_that_contains_itself_is_left_to_the_engine_and_its_bounds() -> None:
    deep: dict[str, Any] = {"name": "leaf"}
    for _ in range(5_000):
        deep = {"name": "n", "inner": deep}

    with pytest.raises(NotPlain):
        NESTED.variables.take({"value": {"name": "a"}})
    with pytest.raises(BadDocument) as refused:
        await execute(ENGINE, NESTED, {"value": deep}, CONTEXT)
    answered = await execute(ENGINE, NESTED, {"value": {"name": "a", "inner": {"name": "b"}}}, CONTEXT)

    assert [each["message"] for each in refused.value.errors] == ["Variable values are nested too deeply."]
    assert answered.data == {"nested": "a"}
    assert Taken.got == Nested(name="a", inner=Nested(name="b"))


async def test_a_resolver_gets_inputs_of_their_own_classes_with_their_defaults() -> None:
    await execute(ENGINE, TAKE, {"basket": SMALL}, CONTEXT)
    small = Taken.got
    await execute(ENGINE, TAKE, {"basket": WHOLE}, CONTEXT)

    assert small == Basket(id=strawberry.ID("b1"), nuts=[Nut(size=1)])
    assert small.rest is strawberry.UNSET
    assert Taken.got == Basket(
        id=strawberry.ID("b1"),
        nuts=[Nut(size=1, name="hazel"), Nut(size=2)],
        share=1.0,
        is_open=False,
        at=datetime(2026, 3, 2, 15, tzinfo=UTC),
        local=LocalDateTime(datetime(2026, 3, 2, 12)),
        amount_minor=MoneyMinor(2**40),
        colour=Colour.RED,
        colours=[Colour.GREEN, Colour.RED],
        best=Nut(size=9),
        numbers=[1, None],
    )


async def test_a_default_list_is_not_shared_between_requests() -> None:
    await execute(ENGINE, TAKE, {"basket": SMALL}, CONTEXT)
    Taken.got.colours.append(Colour.RED)

    await execute(ENGINE, TAKE, {"basket": SMALL}, CONTEXT)

    assert Taken.got.colours == []


ROW: dict[str, Any] = {
    "externalId": "order-1",
    "dropoff": {"lat": -29.9, "lon": -71.2, "address": "Calle 1", "name": "", "phone": ""},
    "packages": [{"weightG": 1, "lengthMm": 2, "widthMm": 3, "heightMm": 4, "description": ""}],
    "pickupWindow": {"opens": datetime(2026, 3, 2, 9), "closes": datetime(2026, 3, 2, 12)},
    "dropoffWindow": {"opens": datetime(2026, 3, 2, 9), "closes": datetime(2026, 3, 2, 12)},
    "requirements": [],
    "instructions": "",
    "serviceLevel": "STANDARD",
    "priority": 0,
}


def test_an_input_is_built_as_the_library_builds_it() -> None:
    definitions = [
        cast("StrawberryObjectDefinition", kind.extensions["strawberry-definition"])
        for kind in engine_schema(schema).type_map.values()
        if isinstance(kind, GraphQLInputObjectType)
    ]
    scalars = schema.schema_converter.scalar_registry
    context = InputContext(info=None, config=schema.config, scalar_registry=scalars, path=())

    built = context.convert(ROW, DeliveryInput)
    builders = {definition.name: definition.from_input for definition in definitions}
    try:
        for definition in definitions:
            definition.from_input = None
        expected = convert_argument(ROW, DeliveryInput, scalars, schema.config)
    finally:
        for definition in definitions:
            definition.from_input = builders[definition.name]

    assert None not in builders.values()
    assert built == expected
    assert isinstance(built, DeliveryInput)
    assert [type(part) for part in (built.dropoff, built.packages[0], built.pickup_window)] == [
        AddressInput,
        PackageInput,
        WindowInput,
    ]
    assert (built.hub_id, built.pickup) == (None, None)
