"""Deliveries whose window closed with no driver, or with no place, end as EXPIRED, promptly by a waker."""

from datetime import datetime

import asyncpg

from marketplace.batches.events import DeliveryExpired
from marketplace.batches.settle_stock import settle_stock
from marketplace.batches.states import UnassignedReason
from marketplace.core.work import Work
from marketplace.docks import release_slots

EXPIRE = """
WITH due AS (
    SELECT id FROM delivery
    WHERE state IN ('CREATED', 'SCHEDULED') AND dropoff_closes_at <= $1
    ORDER BY dropoff_closes_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE delivery SET state = 'EXPIRED', sequence = sequence + 1, changed_at = $1, needs_review = false
FROM due WHERE delivery.id = due.id
RETURNING delivery.id, market_id, shipper_id, batch_id, sequence, unassigned_reason
"""
# Each half reads the end of an index of its own.
NEXT_DUE = """
SELECT least((SELECT min(dropoff_closes_at) FROM delivery WHERE state = 'SCHEDULED'),
             (SELECT min(dropoff_closes_at) FROM delivery WHERE state = 'CREATED'))
"""


async def expire_due(work: Work, *, limit: int = 500) -> int:
    """Ends deliveries that nobody can deliver in time any more, and says why nobody did."""
    rows = await work.fetch_sorted(EXPIRE, work.now, limit)
    await settle_stock(work, [row["id"] for row in rows])
    await release_slots(work, [row["id"] for row in rows])
    for row in rows:
        work.emit(
            DeliveryExpired(
                market_id=row["market_id"],
                shipper_id=row["shipper_id"],
                delivery_id=row["id"],
                batch_id=row["batch_id"],
                sequence=row["sequence"],
                state="EXPIRED",
                reason=row["unassigned_reason"] or UnassignedReason.NO_DRIVER.value,
            )
        )
    return len(rows)


async def next_expiry(connection: asyncpg.Connection) -> datetime | None:
    """When the next delivery that waits for a driver runs out of time."""
    due: datetime | None = await connection.fetchval(NEXT_DUE)
    return due
