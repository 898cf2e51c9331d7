"""Currencies as Stripe counts them: which have no minor unit, which amounts cannot be paid, what is too small."""

from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.core.currencies import (
    KNOWN,
    LARGEST_AT_GATEWAY,
    SENT_TIMES_HUNDRED,
    THREE_DECIMAL,
    ZERO_DECIMAL,
    gateway_step,
)

SMALLEST_CHARGE = {"usd": 50, "cad": 50, "eur": 50, "aud": 50, "nzd": 50, "chf": 50, "gbp": 30, "jpy": 50, "mxn": 1000}
"""In minor units; a currency that is not named may be charged from one unit on."""


def check_currency(currency: str) -> str:
    """The currency in small letters, where Stripe knows it."""
    small = currency.lower()
    if small.upper() not in KNOWN:
        raise StripeError(f"Invalid currency: {currency}", param="currency")
    return small


def check_amount(amount: int, currency: str, *, is_payout: bool = False) -> None:
    """Refuses amounts that cannot be moved in this currency."""
    if amount < 1:
        raise StripeError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > LARGEST_AT_GATEWAY:
        raise StripeError(f"Amount must be no more than {LARGEST_AT_GATEWAY}", code="amount_too_large", param="amount")
    step = gateway_step(currency.upper(), "payout" if is_payout else "charge")
    if amount % step:
        raise StripeError(
            f"Amounts in {currency} must be divisible by {step}.", code="parameter_invalid_integer", param="amount"
        )


def check_charge(amount: int, currency: str) -> None:
    """Refuses what is too small to be charged."""
    check_amount(amount, currency)
    if amount < SMALLEST_CHARGE.get(currency, 1):
        raise StripeError(
            f"The amount is below the smallest charge of {SMALLEST_CHARGE[currency]} {currency}.",
            code="amount_too_small",
            param="amount",
        )


def processing_fee(amount: int, currency: str) -> int:
    """What Stripe keeps of a card charge: 2.9 % and a fixed part, rounded half up."""
    step = 100 if currency.upper() in SENT_TIMES_HUNDRED else 1  # a fee has no more decimals than its currency
    fixed = 0 if step == 100 or currency.upper() in ZERO_DECIMAL else 30
    fee = (amount * 29 + 500) // 1000 + fixed
    return min(amount, (fee + step // 2) // step * step)


def shown_amount(amount: int, currency: str) -> str:
    """An amount as people read it."""
    ours = currency.upper()
    decimals = 0 if ours in ZERO_DECIMAL - SENT_TIMES_HUNDRED else 3 if ours in THREE_DECIMAL else 2
    return f"{amount / 10**decimals:,.{decimals}f} {ours}"
