"""Moves a refund and the ledger to what the provider says is so now; a refund that came back is undone in full."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from marketplace.billing.events import RefundChanged
from marketplace.billing.queries import (
    END_REFUND,
    FIND_REFUND,
    LOCK_CHARGE,
    LOCK_REFUND,
    RELEASE_REFUND,
)
from marketplace.billing.refund_money import RefundMoney, book_gone, book_returned
from marketplace.billing.states import Means, RefundState
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    DELIVERY_REVENUE,
    Entry,
    LedgerAccount,
    post_journal,
    shipper_prepaid,
    shipper_receivable,
)
from marketplace.payments import KnownObject, ObjectKind, OperationKind, OperationState, known_objects, latest_outcome

CAME_BACK = frozenset({"failed", "canceled"})


async def settle_refund(work: Work, *, refund_id: UUID) -> RefundState | None:
    """Settles one refund; returns its state, or None where there is no such refund."""
    found = await work.fetch_row(FIND_REFUND, refund_id)
    if found is None or found["charge_id"] is None:
        return None
    charge = await work.fetch_row(LOCK_CHARGE, found["charge_id"])
    refund = await work.fetch_row(LOCK_REFUND, refund_id)
    assert charge is not None, "charges are never removed"
    assert refund is not None, "refunds are never removed"
    is_by_hand = refund["object_id"] is not None  # settled with its charge
    if is_by_hand or charge["means"] == Means.PREPAID or refund["state"] == RefundState.FAILED:
        return RefundState(refund["state"])
    known = await known_objects(work, kind=ObjectKind.REFUND, subject_id=refund_id)
    states, money = {one.state for one in known}, _money(refund, known)
    outcome = await latest_outcome(work, kind=OperationKind.REFUND, subject_id=refund_id)
    if states & CAME_BACK or (outcome is not None and outcome.state is OperationState.REJECTED and not states):
        await _fail(work, charge, refund, money, outcome.error_code if outcome and outcome.error_code else "came_back")
        return RefundState.FAILED
    if "succeeded" in states and refund["state"] == RefundState.SENDING:
        await book_gone(work, money)
        await work.execute(END_REFUND, refund_id, RefundState.PAID.value, None, work.now)
        _tell(work, refund, RefundState.PAID)
        return RefundState.PAID
    return RefundState(refund["state"])


async def find_refund_state(work: Work, *, refund_id: UUID) -> RefundState:
    """Where a refund is that was wanted."""
    row = await work.fetch_row(FIND_REFUND, refund_id)
    assert row is not None, "refunds are never removed"
    return RefundState(row["state"])


def _money(refund: asyncpg.Record, known: Sequence[KnownObject]) -> RefundMoney:
    return RefundMoney(
        refund_id=refund["id"],
        market_id=refund["market_id"],
        shipper_id=refund["shipper_id"],
        subject_id=refund["id"],
        amount=Money(refund["amount_minor"], refund["currency"]),
        facts=known[0].facts if known else {},
    )


async def _fail(work: Work, charge: asyncpg.Record, refund: asyncpg.Record, money: RefundMoney, code: str) -> None:
    """Nothing has moved in the end: the credit is taken back, and the charge can be refunded again."""
    receivable = shipper_receivable(refund["shipper_id"])
    if refund["state"] == RefundState.PAID:
        await book_returned(work, money)
    given = shipper_prepaid(refund["shipper_id"]) if charge["means"] == Means.TOP_UP else DELIVERY_REVENUE
    await _post(work, refund, "uncredited", receivable, given)
    await work.execute(RELEASE_REFUND, charge["id"], refund["amount_minor"])
    await work.execute(END_REFUND, refund["id"], RefundState.FAILED.value, code, work.now)
    _tell(work, refund, RefundState.FAILED)


async def _post(work: Work, refund: asyncpg.Record, reason: str, debit: LedgerAccount, credit: LedgerAccount) -> None:
    await post_journal(
        work,
        market_id=refund["market_id"],
        key=f"refund:{refund['id']}:{reason}",
        kind=f"REFUND_{reason.upper()}",
        subject_id=refund["id"],
        entries=[Entry(debit=debit, credit=credit, amount=Money(refund["amount_minor"], refund["currency"]))],
    )


def _tell(work: Work, refund: asyncpg.Record, state: RefundState) -> None:
    work.emit(
        RefundChanged(
            market_id=refund["market_id"],
            shipper_id=refund["shipper_id"],
            refund_id=refund["id"],
            charge_id=refund["charge_id"],
            state=state.value,
            amount_minor=refund["amount_minor"],
            currency=refund["currency"],
        )
    )
