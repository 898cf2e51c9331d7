"""Writes one line on a shipper's bill, with the journal that books it, once."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing.queries import WRITE_LINE
from marketplace.billing.states import LineKind
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    CANCELLATION_REVENUE,
    CLAIM_LOSS,
    DELIVERY_REVENUE,
    GATEWAY_AVAILABLE,
    GATEWAY_PENDING,
    GOODWILL,
    RESERVATION_REVENUE,
    SLA_CREDIT,
    Entry,
    JournalId,
    LedgerAccount,
    post_journal,
    shipper_receivable,
)

AGAINST: dict[LineKind, LedgerAccount] = {
    LineKind.DELIVERY: DELIVERY_REVENUE,
    LineKind.REDELIVERY: DELIVERY_REVENUE,
    LineKind.CANCELLATION: CANCELLATION_REVENUE,
    LineKind.NO_SHOW: CANCELLATION_REVENUE,
    LineKind.RESERVATION: RESERVATION_REVENUE,
    LineKind.SLA_CREDIT: SLA_CREDIT,
    LineKind.GOODWILL: GOODWILL,
    LineKind.CLAIM: CLAIM_LOSS,
    LineKind.CREDIT_NOTE: DELIVERY_REVENUE,
    LineKind.OVERPAID: GATEWAY_PENDING,
    LineKind.SENT_BACK: GATEWAY_AVAILABLE,
    LineKind.CAME_BACK: GATEWAY_AVAILABLE,
}
"""The other side of each kind: what we earn by it, or what it costs us to give it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line that is to be written. `amount` is above nothing; whether it is owed or given back is in the kind."""

    key: str
    kind: LineKind
    market_id: UUID
    shipper_id: UUID
    amount: Money
    subject_id: UUID
    line_id: UUID | None = None
    delivery_id: UUID | None = None
    batch_id: UUID | None = None
    service_level: str | None = None
    reason: str | None = None


async def carry_over(work: Work, *, market_id: UUID, shipper_id: UUID, amount: Money) -> UUID:
    """Leaves a part of what is being collected for the next time; returns the line that takes it off this time.

    Two lines that are nothing together, and no journal: what is owed stays as it was.
    """
    off, on = work.new_id(), work.new_id()
    for line_id, minor in ((off, -amount.minor), (on, amount.minor)):
        places = (line_id, market_id, shipper_id, None, None, LineKind.CARRIED.value, None)
        await work.execute(WRITE_LINE, *places, minor, amount.currency, None, None, work.now)
    return off


async def write_line(work: Work, line: NewLine) -> JournalId:
    """Books the amount on the shipper's receivable and puts the line on its bill.

    The caller holds the lock of what the line is about, and has seen that it is not there yet.
    """
    receivable, other = shipper_receivable(line.shipper_id), AGAINST[line.kind]
    sides = (receivable, other) if line.kind.is_owed else (other, receivable)
    journal_id = await post_journal(
        work,
        market_id=line.market_id,
        key=line.key,
        kind=f"{line.kind.value}_LINE" if line.kind is not LineKind.DELIVERY else "DELIVERY_CHARGE",
        subject_id=line.subject_id,
        entries=[Entry(debit=sides[0], credit=sides[1], amount=line.amount)],
    )
    await work.execute(
        WRITE_LINE,
        line.line_id or work.new_id(),
        line.market_id,
        line.shipper_id,
        line.delivery_id,
        line.batch_id,
        line.kind.value,
        line.service_level,
        line.amount.minor if line.kind.is_owed else -line.amount.minor,
        line.amount.currency,
        line.reason,
        journal_id,
        work.now,
    )
    return journal_id
