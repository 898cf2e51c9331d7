"""Books the money of a refund as it leaves the gateway's account, and as it comes back where a card refuses it."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing.paid import exchanged
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import GATEWAY_AVAILABLE, Entry, post_journal, shipper_receivable
from marketplace.payments import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMoney:
    """A refund on its way; `subject_id` is what the provider's movement is known by, `facts` what it tells of it."""

    refund_id: UUID
    market_id: UUID
    shipper_id: UUID
    subject_id: UUID
    amount: Money
    facts: Facts


async def book_gone(work: Work, refund: RefundMoney) -> None:
    """The money has left; in another currency where the provider has settled the payment in one."""
    receivable = shipper_receivable(refund.shipper_id)
    entries = [Entry(debit=receivable, credit=GATEWAY_AVAILABLE, amount=refund.amount)]
    if (settled := settled_in(refund.facts, refund.amount)) is not None:
        entries += exchanged(settled, refund.amount, on=GATEWAY_AVAILABLE)
    await _post(work, refund, "paid", entries)


async def book_returned(work: Work, refund: RefundMoney) -> None:
    """The money is there again, at the rate at which it left."""
    receivable = shipper_receivable(refund.shipper_id)
    entries = [Entry(debit=GATEWAY_AVAILABLE, credit=receivable, amount=refund.amount)]
    if (settled := settled_in(refund.facts, refund.amount)) is not None:
        entries += exchanged(refund.amount, settled, on=GATEWAY_AVAILABLE)
    await _post(work, refund, "returned", entries)


def settled_in(facts: Facts, amount: Money) -> Money | None:
    """What moved at the gateway, where that was in another currency than the amount; None where it was not."""
    currency, minor = str(facts.get("settled_currency") or amount.currency).upper(), facts.get("settled_minor")
    return None if currency == amount.currency or not isinstance(minor, int) else Money(abs(minor), currency)


async def _post(work: Work, refund: RefundMoney, reason: str, entries: list[Entry]) -> None:
    await post_journal(
        work,
        market_id=refund.market_id,
        key=f"refund:{refund.refund_id}:{reason}",
        kind=f"REFUND_{reason.upper()}",
        subject_id=refund.subject_id,
        entries=entries,
    )
