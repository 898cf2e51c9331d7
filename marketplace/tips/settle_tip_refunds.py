"""Books refunds of a tip, made by hand at the provider: the platform bears them, the driver keeps all."""

from marketplace.billing.paid import Paid, exchanged
from marketplace.billing.refund_money import settled_in
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import GATEWAY_AVAILABLE, GOODWILL, Entry, post_journal
from marketplace.payments import KnownObject, ObjectKind, known_objects

CAME_BACK = frozenset({"failed", "canceled"})
IS_BOOKED = "SELECT true FROM journal WHERE key = $1"


async def settle_tip_refunds(work: Work, paid: Paid) -> int:
    """Brings the ledger to what is known of every refund; returns what was given back in the end, in minor units."""
    refunded_minor = 0
    for refund in await known_objects(work, kind=ObjectKind.REFUND, subject_id=paid.id):
        if refund.amount is None:
            continue
        was_gone = bool(await work.fetch_value(IS_BOOKED, f"tip_refund:{refund.id}:gone"))
        if refund.state == "succeeded" or (was_gone and refund.state not in CAME_BACK):
            await _book_gone(work, paid, refund, refund.amount)
            refunded_minor += refund.amount.minor
        elif was_gone:
            await _book_back(work, paid, refund, refund.amount)
    return refunded_minor


async def _book_gone(work: Work, paid: Paid, refund: KnownObject, amount: Money) -> None:
    entries = [Entry(debit=GOODWILL, credit=GATEWAY_AVAILABLE, amount=amount)]
    if (settled := settled_in(refund.facts, amount)) is not None:
        entries += exchanged(settled, amount, on=GATEWAY_AVAILABLE)
    await _post(work, paid, refund, "gone", entries)


async def _book_back(work: Work, paid: Paid, refund: KnownObject, amount: Money) -> None:
    entries = [Entry(debit=GATEWAY_AVAILABLE, credit=GOODWILL, amount=amount)]
    if (settled := settled_in(refund.facts, amount)) is not None:
        entries += exchanged(amount, settled, on=GATEWAY_AVAILABLE)
    await _post(work, paid, refund, "back", entries)


async def _post(work: Work, paid: Paid, refund: KnownObject, reason: str, entries: list[Entry]) -> None:
    await post_journal(
        work,
        market_id=paid.market_id,
        key=f"tip_refund:{refund.id}:{reason}",
        kind=f"TIP_REFUND_{reason.upper()}",
        subject_id=paid.id,
        entries=entries,
    )
