"""Books the disputes of a charge: the bank takes the money and a fee, and gives the money back only if we win."""

import asyncpg

from marketplace.billing.queries import NOTE_DISPUTED
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    Entry,
    LedgerAccount,
    post_journal,
)
from marketplace.payments import KnownObject, ObjectKind, known_objects

WON = frozenset({"won"})
LOST = frozenset({"lost"})
TAKES_NOTHING = frozenset({"warning_needs_response", "warning_under_review", "warning_closed", "prevented"})
"""An inquiry: the bank asks, and no money has moved."""


async def settle_disputes(work: Work, charge: asyncpg.Record) -> None:
    """Brings the ledger to what is known of every dispute of the charge, whose row is locked."""
    disputed_minor = 0
    for dispute in await known_objects(work, kind=ObjectKind.DISPUTE, subject_id=charge["id"]):
        if dispute.state in TAKES_NOTHING or dispute.amount is None:
            continue
        await _book(work, charge, dispute, dispute.amount)
        disputed_minor += 0 if dispute.state in WON else dispute.amount.minor
    await work.execute(NOTE_DISPUTED, charge["id"], disputed_minor)


async def _book(work: Work, charge: asyncpg.Record, dispute: KnownObject, amount: Money) -> None:
    await _post(work, charge, dispute, "opened", DISPUTES_CLEARING, GATEWAY_AVAILABLE, amount)
    fee_minor = dispute.facts.get("fee_minor")
    if isinstance(fee_minor, int) and fee_minor > 0:
        fee = Money(fee_minor, amount.currency)
        await _post(work, charge, dispute, "fee", GATEWAY_FEE, GATEWAY_AVAILABLE, fee)
    if dispute.state in WON:
        if await work.fetch_value("SELECT true FROM journal WHERE key = $1", f"dispute:{dispute.id}:lost"):
            # The bank has changed its mind.
            await _post(work, charge, dispute, "reversed", DISPUTES_CLEARING, DISPUTE_LOSS, amount)
        await _post(work, charge, dispute, "won", GATEWAY_AVAILABLE, DISPUTES_CLEARING, amount)
    elif dispute.state in LOST:
        await _post(work, charge, dispute, "lost", DISPUTE_LOSS, DISPUTES_CLEARING, amount)


async def _post(
    work: Work,
    charge: asyncpg.Record,
    dispute: KnownObject,
    reason: str,
    debit: LedgerAccount,
    credit: LedgerAccount,
    amount: Money,
) -> None:
    await post_journal(
        work,
        market_id=charge["market_id"],
        key=f"dispute:{dispute.id}:{reason}",
        kind=f"DISPUTE_{reason.upper()}",
        subject_id=charge["id"],
        entries=[Entry(debit=debit, credit=credit, amount=amount)],
    )
