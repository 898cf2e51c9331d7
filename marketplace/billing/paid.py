"""Books what a shipper has paid through the provider, for a charge or an invoice alike: the payment, its fee, its day.

A payment is pending at the gateway until its day has come; the provider keeps its fee. Where the provider settles in
another currency than was charged, the exchange account stands between the two, so that each currency sums to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    EXCHANGE,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    Entry,
    LedgerAccount,
    post_journal,
)
from marketplace.payments import KnownObject

SUCCEEDED = "succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid for: a `charge` or an `invoice`, whose row is locked."""

    noun: str
    id: UUID
    market_id: UUID
    shipper_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a payment at the gateway: `gross` less `fee` is ours from `available_on`."""

    gross: Money
    fee: Money
    available_on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One payment that the provider has taken; `settlement` is None until it has told of that."""

    id: str
    amount: Money
    settlement: Settlement | None

    @classmethod
    def of(cls, intent: KnownObject) -> "Taken":
        """The payment of an intent that has succeeded."""
        assert intent.amount is not None, "a payment has an amount"
        return cls(id=intent.id, amount=intent.amount, settlement=_settlement(dict(intent.facts), intent.amount))


def all_taken(intents: Sequence[KnownObject]) -> list[Taken]:
    """Those of the payments that were taken."""
    return [Taken.of(intent) for intent in intents if intent.state == SUCCEEDED]


async def book_taken(work: Work, paid: Paid, taken: Taken, paid_to: LedgerAccount) -> None:
    """Books that a payment was taken, gross; it is pending at the gateway."""
    name = f"{paid.noun.upper()}_PAID"
    await _post(work, paid, f"paid:{taken.id}", name, Entry(debit=GATEWAY_PENDING, credit=paid_to, amount=taken.amount))


async def settle_taken(work: Work, paid: Paid, taken: Sequence[Taken]) -> tuple[datetime | None, bool]:
    """Books the provider's fees, and moves what is left to what is available once its day has come.

    Returns the last of the days that are known, and whether all is settled.
    """
    is_settled = [await _settle(work, paid, one) for one in taken]
    days = [one.settlement.available_on for one in taken if one.settlement is not None]
    return max(days, default=None), all(is_settled)


async def _settle(work: Work, paid: Paid, taken: Taken) -> bool:
    settlement, noun = taken.settlement, paid.noun.upper()
    if settlement is None:
        return False
    if settlement.gross.currency != taken.amount.currency:
        swap = exchanged(taken.amount, settlement.gross, on=GATEWAY_PENDING)
        await _post(work, paid, f"exchanged:{taken.id}", f"{noun}_EXCHANGED", *swap)
    if settlement.fee.minor > 0:
        fee = Entry(debit=GATEWAY_FEE, credit=GATEWAY_PENDING, amount=settlement.fee)
        await _post(work, paid, f"fee:{taken.id}", "GATEWAY_FEE", fee)
    if settlement.available_on > work.now:
        return False
    if (net := settlement.gross - settlement.fee).minor > 0:
        moved = Entry(debit=GATEWAY_AVAILABLE, credit=GATEWAY_PENDING, amount=net)
        await _post(work, paid, f"settled:{taken.id}", f"{noun}_SETTLED", moved)
    return True


def exchanged(gone: Money, come: Money, *, on: LedgerAccount) -> list[Entry]:
    """What leaves an account in one currency comes back to it in another, by way of the exchange account."""
    return [
        Entry(debit=EXCHANGE, credit=on, amount=gone),
        Entry(debit=on, credit=EXCHANGE, amount=come),
    ]


def _settlement(facts: dict[str, Any], amount: Money) -> Settlement | None:
    day, fee_minor = facts.get("available_on"), facts.get("fee_minor")
    currency = str(facts.get("settled_currency") or "").upper()
    gross_minor = amount.minor if currency == amount.currency else facts.get("settled_minor")
    if not isinstance(day, int) or not isinstance(fee_minor, int) or not isinstance(gross_minor, int):
        return None
    return Settlement(
        gross=Money(gross_minor, currency),
        fee=Money(fee_minor, currency),
        available_on=datetime.fromtimestamp(day, UTC),
    )


async def _post(work: Work, paid: Paid, reason: str, kind: str, *entries: Entry) -> None:
    await post_journal(
        work,
        market_id=paid.market_id,
        key=f"{paid.noun}:{paid.id}:{reason}",
        kind=kind,
        subject_id=paid.id,
        entries=entries,
    )
