"""Amounts as Stripe wants them: whole numbers of a unit that is mostly, but not always, the currency's own smallest."""

from marketplace.core.money import Money

SENT_TIMES_HUNDRED = frozenset({"ISK", "UGX"})
"""Have no minor unit, but go over the wire as if they had two decimals."""


def to_stripe(amount: Money) -> tuple[int, str]:
    """An amount and its currency as they go over the wire."""
    factor = 100 if amount.currency in SENT_TIMES_HUNDRED else 1
    return amount.minor * factor, amount.currency.lower()


def from_stripe(amount: int, currency: str) -> Money:
    """An amount as it came over the wire."""
    currency = currency.upper()
    return Money(amount // 100 if currency in SENT_TIMES_HUNDRED else amount, currency)
