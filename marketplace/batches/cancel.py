"""A shipper calls a delivery off, which is possible until a driver has picked it up."""

from uuid import UUID

import asyncpg

from marketplace.batches.events import DeliveryCancelled
from marketplace.batches.states import STEPS, CancelReason, DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work

LOCK = """
SELECT id, market_id, shipper_id, batch_id, route_id, state, sequence FROM delivery
WHERE id = $1 AND shipper_id = $2 FOR UPDATE
"""
CANCEL = """
UPDATE delivery SET state = 'CANCELLED', failure_reason = $2, sequence = sequence + 1, changed_at = $3
WHERE id = $1 RETURNING sequence
"""


class TooLateToCancel(Conflict):
    """The parcel is on its way or has arrived; a return is another thing."""

    code = "TOO_LATE_TO_CANCEL"


async def cancel_delivery(work: Work, *, shipper_id: UUID, delivery_id: UUID, reason: CancelReason) -> asyncpg.Record:
    """Cancels a delivery before its pickup; a second call finds it cancelled and changes nothing.

    A route that it was on is mended by what follows from the event: an offered one dissolves, a driven one skips it.
    """
    # Closes the race against accept and pick-up: both change this row under its lock.
    row = await work.fetch_row(LOCK, delivery_id, shipper_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    state = DeliveryState(row["state"])
    if state is DeliveryState.CANCELLED:
        return row
    if DeliveryState.CANCELLED not in STEPS[state]:
        raise TooLateToCancel(f"a delivery that is {state.value} can no longer be cancelled", field="deliveryId")
    sequence = await work.fetch_value(CANCEL, delivery_id, reason.value, work.now)
    work.emit(
        DeliveryCancelled(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            delivery_id=row["id"],
            batch_id=row["batch_id"],
            sequence=sequence,
            state=DeliveryState.CANCELLED,
            reason=reason.value,
        )
    )
    return row
