"""What nobody collects in time goes back to its sender: a delivery of its own, priced and planned like any other."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.batches import DeliveryState, add_return
from marketplace.batches.events import DeliveryPosted
from marketplace.collecting.events import ParcelSentBack, ParcelUncollected
from marketplace.collecting.settle import tell
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routing import Router, TooFarFromStreet, Unreachable

ENDED_AT_ONCE = 100
BACK_WITHIN = timedelta(days=3)
"""A parcel that lies at a point is not urgent: it goes with whoever passes."""

DUE = """
UPDATE collection SET state = 'UNCOLLECTED', ended_at = $1 WHERE id IN (
    SELECT id FROM collection WHERE state = 'WAITING' AND due_at <= $1 ORDER BY due_at LIMIT $2
    FOR UPDATE SKIP LOCKED)
RETURNING id, market_id, shipper_id, delivery_id, point_id,
    (SELECT batch_id FROM delivery d WHERE d.id = collection.delivery_id) AS batch_id
"""
NEXT_DUE = "SELECT min(due_at) FROM collection WHERE state = 'WAITING'"
FIND = """
SELECT c.id, c.market_id, c.shipper_id, c.delivery_id, c.point_id, d.batch_id, d.dropoff_lat, d.dropoff_lon,
       d.pickup_lat, d.pickup_lon
FROM collection c JOIN delivery d ON d.id = c.delivery_id
WHERE c.delivery_id = $1 AND c.state = 'UNCOLLECTED' AND c.return_id IS NULL
"""
LOCK = f"{FIND} FOR UPDATE"
NAME = "UPDATE collection SET return_id = $2 WHERE id = $1"


async def end_uncollected(work: Work, *, limit: int = ENDED_AT_ONCE) -> int:
    """Ends the waiting of parcels whose last day is over; what follows from the event sends them back."""
    rows = await work.fetch(DUE, work.now, limit)
    for row in rows:
        await tell(work, row, ParcelUncollected)
    return len(rows)


async def next_last_day(connection: asyncpg.Connection) -> datetime | None:
    """When the next parcel has waited long enough."""
    due: datetime | None = await connection.fetchval(NEXT_DUE)
    return due


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBack:
    """The errand that follows from `ParcelUncollected`: asks how long the way back is, prices it and has it planned."""

    router: Router
    delivery_id: UUID

    async def read(self, work: Work) -> tuple[asyncpg.Record, datetime] | None:
        """The parcel, if nobody has sent it back yet."""
        row = await work.fetch_row(FIND, self.delivery_id)
        return None if row is None else (row, work.now)

    async def call(self, found: tuple[asyncpg.Record, datetime]) -> int:
        """Asks for the way; where no street leads back it costs the least that a delivery costs."""
        row, now = found
        ends = [
            Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
            Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
        ]
        try:
            return (await self.router.legs(ends, depart_at=now)).distance_m
        except (Unreachable, TooFarFromStreet):
            return 0

    async def record(self, work: Work, _found: tuple[asyncpg.Record, datetime], answer: int) -> UUID | None:
        """Writes the return, which waits to be planned; the second of two finds it written."""
        row = await work.fetch_row(LOCK, self.delivery_id)
        if row is None:
            return None
        back = await add_return(
            work,
            delivery_id=row["delivery_id"],
            distance_m=answer,
            state=DeliveryState.SCHEDULED,
            within=BACK_WITHIN,
        )
        await work.execute(NAME, row["id"], back.id)
        work.emit(
            DeliveryPosted(
                market_id=row["market_id"],
                shipper_id=row["shipper_id"],
                delivery_id=back.id,
                batch_id=row["batch_id"],
                sequence=1,
                state=DeliveryState.SCHEDULED.value,
            )
        )
        await tell(work, row, ParcelSentBack, return_id=back.id)
        return back.id
