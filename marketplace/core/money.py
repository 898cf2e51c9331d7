"""Amounts of money: whole minor units and a currency, never a float."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.errors import Invalid

MAX_MINOR = 2**53 - 1
"""Largest amount: still exact in a JSON number."""
CURRENCY = re.compile("[A-Z]{3}")


class BadMoney(Invalid):
    """An amount that is not whole, not in range or not of the expected currency."""

    code = "BAD_MONEY"


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` whole minor units (cents; whole pesos for CLP) of an ISO 4217 `currency`."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int or abs(self.minor) > MAX_MINOR:
            raise BadMoney("an amount is a whole number of minor units below 2^53")
        if not CURRENCY.fullmatch(self.currency):
            raise BadMoney("a currency is an ISO 4217 code of three capital letters")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise BadMoney(f"cannot mix {self.currency} and {other.currency}")
        return other


def check_money(value: object) -> Money:
    """The value, where it is an amount of money; a bare number has no currency and is refused."""
    if not isinstance(value, Money):
        raise BadMoney("an amount of money has a currency; a bare number is none")
    return value


def allocate(total: Money, weights: Sequence[int]) -> list[Money]:
    """Splits `total` in proportion to `weights` and loses nothing: largest remainder, ties to the earlier share."""
    if not weights or any(type(weight) is not int for weight in weights) or min(weights) < 0 or sum(weights) == 0:
        raise BadMoney("weights are whole, not negative and not all zero")
    sign, whole = (-1, -total.minor) if total.minor < 0 else (1, total.minor)
    scale = sum(weights)
    shares = [whole * weight // scale for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % scale), i))
    for i in by_remainder[: whole - sum(shares)]:
        shares[i] += 1
    return [Money(sign * share, total.currency) for share in shares]


def allocate_among(total: Money, weights: Mapping[UUID, int]) -> dict[UUID, Money]:
    """Splits `total` among those with these ids as `allocate` does; ties go to the smaller id, whatever their order."""
    order = sorted(weights)
    shares = allocate(total, [weights[identity] for identity in order])
    return dict(zip(order, shares, strict=True))


def rate_times(rate_minor: int, quantity: int, per: int) -> int:
    """`rate_minor` for each `per` units, for `quantity` units, rounded half up to whole minor units."""
    return (2 * rate_minor * quantity + per) // (2 * per)


def check_whole(values: Mapping[str, int], *, refusal: type[BadMoney], thing: str) -> None:
    """Raises `refusal` unless every value is a whole number from 0 up to the largest amount."""
    for name, value in values.items():
        if type(value) is not int or not 0 <= value <= MAX_MINOR:
            raise refusal(f"{name} of {thing} is a whole number from 0 to 2^53 - 1", field=name)
