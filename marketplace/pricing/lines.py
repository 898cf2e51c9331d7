"""One line of a price or of a driver's pay: what was counted, at which rate, under which rule, and what it comes to.

Every line can be checked by hand: `amount_minor` is `rate_minor` for each `per` units, times `quantity`, rounded as
`rounding` says. The sum of the lines is the total, always: what lifts a sum to a minimum is a line of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.core.money import rate_times

HALF_UP = "HALF_UP"
"""The one way we round: each line once, to the nearest whole minor unit, halves upward."""
METRES_PER_KM = 1_000
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """A line that explains itself: `rule` names the policy or rate card, its version and the rate in it."""

    code: str
    quantity: int
    unit: str
    rate_minor: int
    per: int
    rounding: str
    amount_minor: int
    rule: str


def price_line(*, code: str, quantity: int, unit: str, rate_minor: int, rule: str, per: int = 1) -> PriceLine:
    """A line of `quantity` units at `rate_minor` for each `per` of them."""
    return PriceLine(
        code=code,
        quantity=quantity,
        unit=unit,
        rate_minor=rate_minor,
        per=per,
        rounding=HALF_UP,
        amount_minor=rate_times(rate_minor, quantity, per),
        rule=rule,
    )


def total_minor(lines: Iterable[PriceLine]) -> int:
    """The sum of the lines, which is the whole price or the whole pay."""
    return sum(line.amount_minor for line in lines)


def top_up(lines: Iterable[PriceLine], *, to_minor: int, code: str, rule: str) -> list[PriceLine]:
    """The one line that lifts the sum to `to_minor`, or none where the sum is there already."""
    missing = to_minor - total_minor(lines)
    return [price_line(code=code, quantity=1, unit="top-up", rate_minor=missing, rule=rule)] if missing > 0 else []


def without_nothing(lines: Iterable[PriceLine]) -> list[PriceLine]:
    """The lines that come to something; the rest would only be noise on a statement."""
    return [line for line in lines if line.amount_minor]
