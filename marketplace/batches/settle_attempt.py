"""Decides what becomes of a parcel that was brought back after an attempt: another try, or the way to its sender.

One verb decides, whoever asks: the driver who brought it back, the recipient or shipper who chose a window, operations,
or the deadline. All of them come here behind the lock of the delivery, so a parcel is neither lost nor doubled.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.batches.add_return import add_return
from marketplace.batches.cancel import promises_of
from marketplace.batches.events import DeliveryDelivered, DeliveryRequeued, DeliveryReturned, DeliveryReturning
from marketplace.batches.failure_policy import next_step
from marketplace.batches.settle_stock import settle_stock
from marketplace.batches.states import AttemptFailure, DeliveryState, FailurePolicy, NextStep
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.rural import terms_now

SETTLED_AT_ONCE = 100

LOCK = """
SELECT id, market_id, shipper_id, batch_id, state, sequence, service_level, rate_card_version, price_minor,
       failure_reason, failure_policy, max_attempts, attempts, brought_back_at, answer_due_at, next_opens_at,
       next_closes_at, way_back_m, time_zone, rural_zone_id
FROM delivery WHERE id = $1 FOR UPDATE
"""
DUE = """
SELECT id FROM delivery WHERE brought_back_at IS NOT NULL AND answer_due_at <= $1
ORDER BY answer_due_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
NEXT_DUE = "SELECT min(answer_due_at) FROM delivery WHERE brought_back_at IS NOT NULL"
# The parcel is where it was picked up, so it can be picked up again at once. The PIN has its tries again.
TRY_AGAIN = """
UPDATE delivery SET state = 'SCHEDULED', sequence = sequence + 1, changed_at = $2, brought_back_at = NULL,
       answer_due_at = NULL, pickup_opens_at = $2, pickup_closes_at = next_closes_at, dropoff_opens_at = next_opens_at,
       dropoff_closes_at = next_closes_at, next_opens_at = NULL, next_closes_at = NULL, pin_attempts = 0,
       plan_after = greatest($2, $3::timestamptz), unassigned_reason = NULL,
       redelivery_minor = redelivery_minor + $4
WHERE id = $1 RETURNING sequence
"""
ASK_AGAIN = """
UPDATE delivery SET next_opens_at = NULL, next_closes_at = NULL, answer_due_at = greatest(answer_due_at, $2)
WHERE id = $1
"""
GIVE_BACK = """
UPDATE delivery SET state = 'RETURNED', sequence = sequence + 2, changed_at = $2, brought_back_at = NULL,
       answer_due_at = NULL, next_opens_at = NULL, next_closes_at = NULL
WHERE id = $1
"""
BROUGHT_BY = """
SELECT route_id, driver_id FROM attempt WHERE delivery_id = $1 ORDER BY number DESC LIMIT 1
"""


async def settle_attempt(work: Work, *, delivery_id: UUID) -> DeliveryState | None:
    """Takes the step of a brought back parcel that is due, and returns its state; None when it is elsewhere."""
    # Closes the race of a recipient who chooses a window with operations that send the parcel back, and with the
    # deadline: whoever comes second finds it decided.
    row = await work.fetch_row(LOCK, delivery_id)
    if row is None or row["brought_back_at"] is None:
        return None
    if row["next_closes_at"] is not None and row["next_closes_at"] > work.now:
        return await _try_again(work, row)
    if row["next_closes_at"] is not None:
        # The chosen window has passed before the parcel was back, which is not the recipient's doing.
        patience = timedelta(seconds=(await dials(work, market_id=row["market_id"])).redelivery_answer_s)
        await work.execute(ASK_AGAIN, delivery_id, work.now + patience)
        return DeliveryState.ATTEMPTED
    if _wants_another_try(row) and row["answer_due_at"] is not None and row["answer_due_at"] > work.now:
        return DeliveryState.ATTEMPTED
    return await _give_back(work, row)


async def settle_due(work: Work, *, limit: int = SETTLED_AT_ONCE) -> int:
    """Gives back the parcels for which nobody has chosen another window in time."""
    due = await work.fetch(DUE, work.now, limit)
    for row in due:
        await settle_attempt(work, delivery_id=row["id"])
    return len(due)


async def next_answer_due(connection: asyncpg.Connection) -> datetime | None:
    """When the next parcel that waits for a new window is given back."""
    due: datetime | None = await connection.fetchval(NEXT_DUE)
    return due


def _wants_another_try(row: asyncpg.Record) -> bool:
    step = next_step(
        FailurePolicy(row["failure_policy"]),
        reason=AttemptFailure(row["failure_reason"]),
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
    )
    return step is NextStep.REDELIVER


async def _try_again(work: Work, row: asyncpg.Record) -> DeliveryState:
    settings = await dials(work, market_id=row["market_id"])
    fee_minor = (await promises_of(work, row)).redelivery_fee(price_minor=row["price_minor"])
    ahead = timedelta(seconds=settings.plan_ahead_s)
    planned_from = row["next_opens_at"] - ahead
    terms = await terms_now(work, zone_id=row["rural_zone_id"])
    if terms is not None:
        window = Window(row["next_opens_at"], row["next_closes_at"])
        planned_from = terms.gathers_until(window, row["time_zone"], plan_ahead=ahead)
    sequence = await work.fetch_value(TRY_AGAIN, row["id"], work.now, planned_from, fee_minor)
    work.emit(DeliveryRequeued(**_about(row, sequence, DeliveryState.SCHEDULED)))
    return DeliveryState.SCHEDULED


async def _give_back(work: Work, row: asyncpg.Record) -> DeliveryState:
    """The way back is driven already, so its delivery is written as made; the shipper is billed for it."""
    back = await add_return(
        work, delivery_id=row["id"], distance_m=row["way_back_m"] or 0, state=DeliveryState.DELIVERED
    )
    await work.execute(GIVE_BACK, row["id"], work.now)
    await settle_stock(work, [row["id"]])
    driven = await work.fetch_row(BROUGHT_BY, row["id"])
    assert driven is not None, "an attempted delivery has an attempt"
    returning = _about(row, row["sequence"] + 1, DeliveryState.RETURNING)
    work.emit(DeliveryReturning(**returning, return_id=back.id))
    work.emit(
        DeliveryDelivered(
            **(_about(row, 1, DeliveryState.DELIVERED) | {"delivery_id": back.id}),
            route_id=driven["route_id"],
            driver_id=driven["driver_id"],
            occurred_at=row["brought_back_at"],
            is_on_time=True,
        )
    )
    work.emit(DeliveryReturned(**_about(row, row["sequence"] + 2, DeliveryState.RETURNED)))
    return DeliveryState.RETURNED


def _about(row: asyncpg.Record, sequence: int, state: DeliveryState) -> dict[str, Any]:
    return {
        "market_id": row["market_id"],
        "shipper_id": row["shipper_id"],
        "delivery_id": row["id"],
        "batch_id": row["batch_id"],
        "sequence": sequence,
        "state": state.value,
    }
