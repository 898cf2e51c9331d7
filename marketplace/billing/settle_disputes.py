"""Books disputes of what was paid: the bank takes the money and a fee, and gives the money back only if we win."""

from marketplace.billing.paid import Paid, exchanged
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    Entry,
    post_journal,
)
from marketplace.payments import KnownObject, ObjectKind, known_objects

WON = frozenset({"won"})
LOST = frozenset({"lost"})
TAKES_NOTHING = frozenset({"warning_needs_response", "warning_under_review", "warning_closed", "prevented"})
"""An inquiry: the bank asks, and no money has moved."""


async def settle_disputes(work: Work, paid: Paid) -> int:
    """Brings the ledger to what is known of every dispute; returns what is disputed or lost, in minor units."""
    disputed_minor = 0
    for dispute in await known_objects(work, kind=ObjectKind.DISPUTE, subject_id=paid.id):
        if dispute.state in TAKES_NOTHING or dispute.amount is None:
            continue
        await _book(work, paid, dispute, dispute.amount)
        disputed_minor += 0 if dispute.state in WON else dispute.amount.minor
    return disputed_minor


async def _book(work: Work, paid: Paid, dispute: KnownObject, amount: Money) -> None:
    await _post(work, paid, dispute, "opened", Entry(debit=DISPUTES_CLEARING, credit=GATEWAY_AVAILABLE, amount=amount))
    if (gone := _moved(dispute, "withdrawn_minor", amount)) is not None:
        await _post(work, paid, dispute, "exchanged", *exchanged(gone, amount, on=GATEWAY_AVAILABLE))
    fee_minor = dispute.facts.get("fee_minor")
    if isinstance(fee_minor, int) and fee_minor > 0:
        fee = Money(fee_minor, _settled_currency(dispute, amount))
        await _post(work, paid, dispute, "fee", Entry(debit=GATEWAY_FEE, credit=GATEWAY_AVAILABLE, amount=fee))
    if dispute.state in WON:
        await _win(work, paid, dispute, amount)
    elif dispute.state in LOST:
        await _post(work, paid, dispute, "lost", Entry(debit=DISPUTE_LOSS, credit=DISPUTES_CLEARING, amount=amount))


async def _win(work: Work, paid: Paid, dispute: KnownObject, amount: Money) -> None:
    if await work.fetch_value("SELECT true FROM journal WHERE key = $1", f"dispute:{dispute.id}:lost"):
        # The bank has changed its mind.
        reversal = Entry(debit=DISPUTES_CLEARING, credit=DISPUTE_LOSS, amount=amount)
        await _post(work, paid, dispute, "reversed", reversal)
    await _post(work, paid, dispute, "won", Entry(debit=GATEWAY_AVAILABLE, credit=DISPUTES_CLEARING, amount=amount))
    if (back := _moved(dispute, "reinstated_minor", amount)) is not None:
        await _post(work, paid, dispute, "exchanged_back", *exchanged(amount, back, on=GATEWAY_AVAILABLE))


def _settled_currency(dispute: KnownObject, amount: Money) -> str:
    return str(dispute.facts.get("settled_currency") or amount.currency).upper()


def _moved(dispute: KnownObject, fact: str, amount: Money) -> Money | None:
    """What moved at the gateway, where that was in another currency than the dispute; None where it was not."""
    currency, minor = _settled_currency(dispute, amount), dispute.facts.get(fact)
    return Money(minor, currency) if currency != amount.currency and isinstance(minor, int) and minor > 0 else None


async def _post(work: Work, paid: Paid, dispute: KnownObject, reason: str, *entries: Entry) -> None:
    await post_journal(
        work,
        market_id=paid.market_id,
        key=f"dispute:{dispute.id}:{reason}",
        kind=f"DISPUTE_{reason.upper()}",
        subject_id=paid.id,
        entries=entries,
    )
