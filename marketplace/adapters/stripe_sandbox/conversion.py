"""Settling in another currency than was charged: what the control sets for a currency counts for all that moves in it.

Stripe does so where an account has no bank for a currency. Every movement then is in the currency that it settles in,
and says at which rate it was changed.
"""

from dataclasses import dataclass
from fractions import Fraction

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.currencies import check_currency
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record

TABLE = "conversion"
LARGEST_RATE = 1_000_000


@dataclass(frozen=True, slots=True)
class Converted:
    """A movement as it settles; `rate` is None where nothing was changed."""

    amount: int
    fee: int
    currency: str
    rate: float | None


def set_conversion(call: Call, wishes: Record) -> Record:
    """From now on what is charged in one currency settles in another."""
    charged, settled = check_currency(str(wishes.get("from"))), check_currency(str(wishes.get("to")))
    rate = wishes.get("rate")
    if not isinstance(rate, int | float) or not 0 < rate <= LARGEST_RATE or charged == settled:
        raise StripeError("A conversion is from one currency to another, at a rate above 0.", param="rate")
    return call.draft.add(TABLE, {"id": charged, "_account": PLATFORM, "to": settled, "rate": float(rate)})


def converted(call: Call, amount: int, fee: int, currency: str) -> Converted:
    """The movement as it settles, each part rounded half to even."""
    found = _found(call, currency)
    if found is None:
        return Converted(amount, fee, currency, None)
    rate = Fraction(str(found["rate"]))
    return Converted(round(amount * rate), round(fee * rate), str(found["to"]), found["rate"])


def _found(call: Call, currency: str) -> Record | None:
    return call.draft.get(TABLE, currency) if call.account == PLATFORM else None
