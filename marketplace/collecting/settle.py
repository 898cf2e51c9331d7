"""A collection follows its delivery: the parcel waits once it is dropped, its place is free once it is gone.

One verb looks at both and does what is lacking, whatever has happened: it may run after each event and twice.
"""

from typing import Any
from uuid import UUID

import asyncpg

from marketplace.batches import DeliveryState
from marketplace.collecting.events import ParcelWaits
from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.points import COLLECTION_STEPS, CollectionState, OpenPoint, free_place, open_points

GONE = frozenset({DeliveryState.RETURNED, DeliveryState.CANCELLED, DeliveryState.EXPIRED, DeliveryState.FAILED})
"""A parcel that ends so never comes to its point, or not to this one."""

# Closes the race with the keeper, with the last day and with a second run: each takes the collection's lock.
LOCK = """
SELECT c.id, c.market_id, c.shipper_id, c.delivery_id, c.point_id, c.state, c.return_id, d.batch_id,
       d.state AS delivery_state, d.changed_at, b.state AS return_state
FROM collection c JOIN delivery d ON d.id = c.delivery_id LEFT JOIN delivery b ON b.id = c.return_id
WHERE (c.delivery_id = $1 OR c.return_id = $1) AND c.state <> 'RELEASED' FOR UPDATE OF c
"""
WAIT = "UPDATE collection SET state = 'WAITING', arrived_at = $2, due_at = $3 WHERE id = $1"
RELEASE = "UPDATE collection SET state = 'RELEASED', ended_at = $2 WHERE id = $1"
COUNT_ON = "UPDATE delivery SET sequence = sequence + 1 WHERE id = $1 RETURNING sequence"


async def settle_collection(work: Work, *, delivery_id: UUID) -> CollectionState | None:
    """Takes the collection of a delivery, or of the parcel that it returns, to where that is; None where there is none.

    Dropped at its point, a parcel waits to the end of the last day on which it is kept.
    """
    row = await work.fetch_row(LOCK, delivery_id)
    if row is None:
        return None
    state, delivery_state = CollectionState(row["state"]), DeliveryState(row["delivery_state"])
    if state is CollectionState.PROMISED and delivery_state is DeliveryState.DELIVERED:
        return await _wait(work, row)
    if state is CollectionState.PROMISED and delivery_state in GONE:
        return await release_place(work, row["id"], state)
    if row["return_state"] == DeliveryState.DELIVERED:
        await free_place(work, row["id"])
    return state


async def release_place(work: Work, collection_id: UUID, state: CollectionState) -> CollectionState:
    """Gives back the place of a parcel that does not come."""
    check_step(COLLECTION_STEPS, state, CollectionState.RELEASED)
    await work.execute(RELEASE, collection_id, work.now)
    await free_place(work, collection_id)
    return CollectionState.RELEASED


async def tell(work: Work, row: asyncpg.Record, kind: Any, **fields: Any) -> None:
    """Counts a change of the delivery, whose own state stays, and tells it with an event of that kind."""
    work.emit(
        kind(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            delivery_id=row["delivery_id"],
            batch_id=row["batch_id"],
            sequence=await work.fetch_value(COUNT_ON, row["delivery_id"]),
            state=DeliveryState.DELIVERED.value,
            point_id=row["point_id"],
            **fields,
        )
    )


async def _wait(work: Work, row: asyncpg.Record) -> CollectionState:
    point = await _point_of(work, row)
    due_at = point.kept_until(row["changed_at"])
    check_step(COLLECTION_STEPS, CollectionState(row["state"]), CollectionState.WAITING)
    await work.execute(WAIT, row["id"], row["changed_at"], due_at)
    await tell(work, row, ParcelWaits, closes_at=due_at)
    return CollectionState.WAITING


async def _point_of(work: Work, row: asyncpg.Record) -> OpenPoint:
    found = await open_points(
        work, market_id=row["market_id"], shipper_id=row["shipper_id"], ids=[row["point_id"]], with_closed=True
    )
    return found[row["point_id"]]
