"""What is known of the collection of one delivery."""

from typing import Any
from uuid import UUID

import asyncpg

OF_DELIVERY = """
SELECT c.id, c.state, c.arrived_at, c.due_at, c.ended_at, c.return_id, p.id AS point_id, p.name, p.address, p.lat, p.lon
FROM collection c JOIN hand_over_point p ON p.id = c.point_id
WHERE c.delivery_id = $1 AND c.state <> 'RELEASED' AND ($2::uuid IS NULL OR c.shipper_id = $2)
"""


async def collection_of(
    connection: asyncpg.Connection, *, delivery_id: UUID, shipper_id: UUID | None = None
) -> dict[str, Any] | None:
    """Where a parcel can be collected and how far that is; None for one that goes to a door."""
    row = await connection.fetchrow(OF_DELIVERY, delivery_id, shipper_id)
    return dict(row) if row is not None else None
