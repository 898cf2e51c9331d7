"""The chain of custody of a delivery: every hand that it went through, first one first."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

MOST_LINKS = 50
CUSTODY = """
SELECT coalesce((SELECT json_agg(json_build_object(
    'number', c.number, 'kind', c.kind, 'route_id', 'rte_' || replace(c.route_id::text, '-', ''),
    'driver_id', 'drv_' || replace(c.driver_id::text, '-', ''), 'driver_first_name', split_part(v.name, ' ', 1),
    'seal', c.seal, 'temperature_dc', c.temperature_dc, 'identity_kind', c.identity_kind,
    'keeps_cold', c.keeps_cold, 'out_of_cold_s', c.out_of_cold_s,
    'occurred_at', c.occurred_at) ORDER BY c.number)
    FROM (SELECT * FROM custody WHERE delivery_id = d.id ORDER BY number LIMIT $4) AS c
    JOIN driver v ON v.id = c.driver_id), '[]') AS links
FROM delivery d WHERE d.id = $1 AND ($2::uuid IS NULL OR d.shipper_id = $2) AND ($3::uuid IS NULL OR d.market_id = $3)
"""


async def custody_of(
    connection: asyncpg.Connection, *, delivery_id: UUID, shipper_id: UUID | None, market_id: UUID | None
) -> list[dict[str, Any]] | None:
    """The chain of a shipper's delivery, or of one in a market; None where there is no such delivery."""
    row = await connection.fetchrow(CUSTODY, delivery_id, shipper_id, market_id, MOST_LINKS)
    if row is None:
        return None
    links: list[dict[str, Any]] = orjson.loads(row["links"])
    return links
