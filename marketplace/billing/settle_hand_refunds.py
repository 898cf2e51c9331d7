"""Books refunds that somebody made by hand at the provider: of a payment of ours, but by no operation of ours.

The money is gone already, so nothing is refused. Where it fits, it is a refund like ours: what was billed is given back
with it. What does not fit, because that money was given back or used before, the shipper owes again, on a line of its
bill. Each is kept as a refund under the provider's own name, booked once, and told to operations.
"""

from uuid import UUID

import asyncpg

from marketplace.billing.events import RefundChanged
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.paid import Paid
from marketplace.billing.queries import END_REFUND, FIND_HAND_REFUND, WRITE_HAND_REFUND
from marketplace.billing.refund_money import RefundMoney, book_gone, book_returned
from marketplace.billing.states import LineKind, RefundState
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Entry, LedgerAccount, Overdrawn, post_journal, shipper_receivable
from marketplace.payments import KnownObject, ObjectKind, known_objects

CAME_BACK = frozenset({"failed", "canceled"})
REASON = "made by hand at the payment provider"


async def settle_hand_refunds(
    work: Work, paid: Paid, *, given: LedgerAccount, left_minor: int, intent_ids: frozenset[str | None]
) -> int:
    """Books what is known of refunds made by hand; returns by how much of what was taken they grew, in minor units.

    `given` is what such a refund gives back from, as long as it is of one of the `intent_ids` and not above
    `left_minor`, which is what of the payment was not given back before.
    """
    grown_minor = 0
    for refund in await known_objects(work, kind=ObjectKind.REFUND, subject_id=paid.id):
        if refund.amount is None:
            continue
        row = await work.fetch_row(FIND_HAND_REFUND, refund.id)
        if row is None and refund.state == "succeeded":
            fits = refund.parent_id in intent_ids and refund.amount.minor <= left_minor - grown_minor
            is_given = await _write(work, paid, refund, refund.amount, given if fits else None)
            grown_minor += refund.amount.minor if is_given else 0
        elif row is not None and row["state"] == RefundState.PAID and refund.state in CAME_BACK:
            was_given = await _take_back(work, paid, refund, row, given)
            grown_minor -= refund.amount.minor if was_given else 0
    return grown_minor


async def _write(work: Work, paid: Paid, refund: KnownObject, amount: Money, given: LedgerAccount | None) -> bool:
    refund_id = work.new_id()
    is_given = given is not None and await _give(work, paid, refund_id, amount, given)
    if is_given:
        await book_gone(work, _money_of(paid, refund_id, refund, amount))
    else:
        await _line(work, paid, refund, refund_id, LineKind.SENT_BACK, amount)
    await work.execute(
        WRITE_HAND_REFUND,
        refund_id,
        paid.market_id,
        paid.shipper_id,
        paid.id if paid.noun == "charge" else None,
        paid.id if paid.noun == "invoice" else None,
        amount.minor,
        amount.currency,
        REASON,
        refund.id,
        work.now,
    )
    _tell(work, paid, refund_id, amount, RefundState.PAID)
    return is_given


async def _give(work: Work, paid: Paid, refund_id: UUID, amount: Money, given: LedgerAccount) -> bool:
    """Gives back what was billed or prepaid; False where what was prepaid is used up."""
    entry = Entry(debit=given, credit=shipper_receivable(paid.shipper_id), amount=amount)
    try:
        await _post(work, paid, refund_id, "credit", entry)
    except Overdrawn:
        return False
    return True


async def _take_back(work: Work, paid: Paid, refund: KnownObject, row: asyncpg.Record, given: LedgerAccount) -> bool:
    """The money has come back after all: everything is as it was before."""
    refund_id, amount = row["id"], Money(row["amount_minor"], row["currency"])
    was_given = await work.fetch_value("SELECT true FROM journal WHERE key = $1", f"refund:{refund_id}:credit")
    if was_given:
        await book_returned(work, _money_of(paid, refund_id, refund, amount))
        entry = Entry(debit=shipper_receivable(paid.shipper_id), credit=given, amount=amount)
        await _post(work, paid, refund_id, "uncredited", entry)
    else:
        await _line(work, paid, refund, refund_id, LineKind.CAME_BACK, amount)
    await work.execute(END_REFUND, refund_id, RefundState.FAILED.value, "came_back", work.now)
    _tell(work, paid, refund_id, amount, RefundState.FAILED)
    return bool(was_given)


def _money_of(paid: Paid, refund_id: UUID, refund: KnownObject, amount: Money) -> RefundMoney:
    return RefundMoney(
        refund_id=refund_id,
        market_id=paid.market_id,
        shipper_id=paid.shipper_id,
        subject_id=paid.id,
        amount=amount,
        facts=refund.facts,
    )


async def _line(work: Work, paid: Paid, refund: KnownObject, refund_id: UUID, kind: LineKind, amount: Money) -> None:
    line = NewLine(
        key=f"refund:{refund_id}:{kind.value.lower()}",
        kind=kind,
        market_id=paid.market_id,
        shipper_id=paid.shipper_id,
        amount=amount,
        subject_id=paid.id,
        reason=f"{REASON}: {refund.id}",
    )
    await write_line(work, line)


async def _post(work: Work, paid: Paid, refund_id: UUID, reason: str, entry: Entry) -> None:
    await post_journal(
        work,
        market_id=paid.market_id,
        key=f"refund:{refund_id}:{reason}",
        kind=f"REFUND_{reason.upper()}",
        subject_id=paid.id,
        entries=[entry],
    )


def _tell(work: Work, paid: Paid, refund_id: UUID, amount: Money, state: RefundState) -> None:
    work.emit(
        RefundChanged(
            market_id=paid.market_id,
            shipper_id=paid.shipper_id,
            refund_id=refund_id,
            charge_id=paid.id if paid.noun == "charge" else None,
            state=state.value,
            amount_minor=amount.minor,
            currency=amount.currency,
        )
    )
