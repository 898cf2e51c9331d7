"""Lists as Stripe gives them: newest first, in pages with a cursor, narrowed by equal values and by age."""

from collections.abc import Iterable

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError, missing
from marketplace.adapters.stripe_sandbox.records import Record, listed

PAGE = 10
LARGEST_PAGE = 100
COMPARISONS = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def page(call: Call, records: Iterable[Record], url: str, *, equal: str = "", times: str = "created") -> Record:
    """The page that the call asks for. `equal` names parameters that must equal the field of the same name."""
    names = [name for name in equal.split() if name in call.params]
    ages = [name for name in times.split() if name in call.params]
    found = [
        record
        for record in records
        if all(record.get(name) == call.params[name] for name in names)
        and all(_is_within(record[name], call.params[name]) for name in ages)
    ]
    return _cut(call, found, url)


def _cut(call: Call, found: list[Record], url: str) -> Record:
    limit = call.params.get("limit", PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise StripeError(
            f"This value must be between 1 and {LARGEST_PAGE}.", code="parameter_invalid_integer", param="limit"
        )
    if (after := call.params.get("starting_after")) is not None:
        found = found[_place(found, after, "starting_after") + 1 :]
    elif (before := call.params.get("ending_before")) is not None:
        place = _place(found, before, "ending_before")
        return listed(found[max(0, place - limit) : place], url, has_more=place > limit)
    return listed(found[:limit], url, has_more=len(found) > limit)


def _place(found: list[Record], key: str, param: str) -> int:
    for place, record in enumerate(found):
        if record["id"] == key:
            return place
    raise missing("object", key, param=param, status=400)


def _is_within(moment: int, bounds: int | dict[str, int]) -> bool:
    if isinstance(bounds, int):
        return moment == bounds
    return all(COMPARISONS[name](moment, bound) for name, bound in bounds.items())
