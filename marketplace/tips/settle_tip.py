"""Moves a tip and the ledger to what the provider says is so now; runs any number of times, whatever the order of news.

What was taken passes through the tips' own account to the driver's wallet in one commit, whole. The provider's fee, and
whatever a refund or a dispute takes back later, is the platform's: a driver's tip is never taken back.
"""

from uuid import UUID

import asyncpg

from marketplace.billing.paid import Paid, Taken, all_taken, book_taken, settle_taken
from marketplace.billing.settle_disputes import settle_disputes
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import TIPS_CLEARING
from marketplace.payments import ObjectKind, OperationKind, OperationState, known_objects, latest_outcome
from marketplace.payouts import book_tip
from marketplace.tips.events import TipChanged, TipGiven
from marketplace.tips.queries import END_TIP, FIND_TIP, LOCK_TIP, NOTE_MONEY, PAY_TIP, SHOW_PAGE
from marketplace.tips.settle_tip_refunds import settle_tip_refunds
from marketplace.tips.states import TipState

LOCK_DELIVERY = "SELECT id FROM delivery WHERE id = $1 FOR NO KEY UPDATE"


async def settle_tip(work: Work, *, tip_id: UUID) -> TipState | None:
    """Settles one tip; returns its state, or None where there is no such tip."""
    found = await work.fetch_row(FIND_TIP, tip_id)
    if found is None:
        return None
    # In story order: whoever gives a tip holds the delivery first.
    await work.execute(LOCK_DELIVERY, found["delivery_id"])
    tip = await work.fetch_row(LOCK_TIP, tip_id)
    assert tip is not None, "tips are never removed"
    taken = all_taken(await known_objects(work, kind=ObjectKind.PAYMENT_INTENT, subject_id=tip_id))
    if taken:
        await _take(work, tip, taken)
        return TipState.PAID
    if TipState(tip["state"]) is TipState.PAID:
        return TipState.PAID
    return await _follow_page(work, tip)


async def _take(work: Work, tip: asyncpg.Record, taken: list[Taken]) -> None:
    """Books each payment that was taken, even one that nobody waited for any more: the recipient meant it so."""
    paid = Paid(noun="tip", id=tip["id"], market_id=tip["market_id"], shipper_id=tip["shipper_id"])
    for one in sorted(taken, key=lambda one: one.id):
        if await work.fetch_value("SELECT true FROM journal WHERE key = $1", f"tip:{tip['id']}:paid:{one.id}"):
            continue
        await book_taken(work, paid, one, TIPS_CLEARING)
        statement_id = await book_tip(
            work, delivery_id=DeliveryId(tip["delivery_id"]), amount=one.amount, debit=TIPS_CLEARING
        )
        await work.execute(PAY_TIP, tip["id"], one.id, statement_id, work.now)
        _tell_given(work, tip, statement_id, one.amount)
    available_on, is_settled = await settle_taken(work, paid, taken)
    refunded_minor = await settle_tip_refunds(work, paid)
    disputed_minor = await settle_disputes(work, paid)
    settled_at = work.now if is_settled else None
    await work.execute(NOTE_MONEY, tip["id"], refunded_minor, disputed_minor, available_on, settled_at)


async def _follow_page(work: Work, tip: asyncpg.Record) -> TipState:
    """Shows the page once it is there, and takes note where nobody has paid on it."""
    state = TipState(tip["state"])
    made = await latest_outcome(work, kind=OperationKind.CREATE_CHECKOUT, subject_id=tip["id"])
    if made is None or not made.state.is_ended or not state.is_open:
        return state
    if made.state is OperationState.REJECTED:
        return await _end(work, tip, TipState.REFUSED, made.error_code)
    if made.object_state == "expired":
        return await _end(work, tip, TipState.EXPIRED, None)
    if made.object_state == "open" and state is TipState.WANTED:
        await work.execute(SHOW_PAGE, tip["id"], made.object_id, made.facts.get("url"))
        _tell(work, tip, TipState.WAITING)
        return TipState.WAITING
    return state


async def _end(work: Work, tip: asyncpg.Record, state: TipState, code: str | None) -> TipState:
    await work.execute(END_TIP, tip["id"], state.value, code, work.now)
    _tell(work, tip, state)
    return state


def _tell(work: Work, tip: asyncpg.Record, state: TipState) -> None:
    work.emit(
        TipChanged(market_id=tip["market_id"], tip_id=tip["id"], delivery_id=tip["delivery_id"], tip_state=state.value)
    )


def _tell_given(work: Work, tip: asyncpg.Record, statement_id: UUID, amount: Money) -> None:
    work.emit(
        TipGiven(
            market_id=tip["market_id"],
            tip_id=tip["id"],
            statement_id=statement_id,
            delivery_id=tip["delivery_id"],
            driver_id=tip["driver_id"],
            amount_minor=amount.minor,
            currency=amount.currency,
        )
    )
