"""How things stand now for one who has been away for too long: ids and states, as an event would tell them.

It is read after the cursor that goes with it, so whatever changes in between is told once more and never missed.
"""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.ids import MarketId
from marketplace.tracking.queries import StreamFilter

DELIVERIES_TOLD = 500
"""Deliveries, latest posted first; who has more reads them page by page."""
OFFERS_TOLD = 50

DELIVERIES = """
SELECT coalesce(json_agg(row.tree), '[]') FROM (
    SELECT json_build_object(
        'deliveryId', 'dlv_' || replace(id::text, '-', ''), 'externalId', external_id, 'state', state,
        'sequence', sequence) AS tree
    FROM delivery
    WHERE market_id = $1 AND shipper_id = $2 AND ($3::uuid IS NULL OR id = $3)
    ORDER BY id DESC LIMIT $4) row
"""
OF_DRIVER = """
SELECT json_build_object(
    'route', (SELECT json_build_object('routeId', 'rte_' || replace(id::text, '-', ''), 'state', state)
        FROM route WHERE driver_id = $2 AND market_id = $1 AND state IN ('ASSIGNED', 'STARTED')),
    'offers', (SELECT coalesce(json_agg(row.tree), '[]') FROM (
        SELECT json_build_object('offerId', 'off_' || replace(id::text, '-', ''), 'state', state,
            'expiresAt', expires_at) AS tree
        FROM offer WHERE driver_id = $2 AND market_id = $1 AND state IN ('SENT', 'VIEWED')
        ORDER BY id LIMIT $3) row))
"""
OF_MARKET = """
SELECT json_build_object(
    'deliveries', (SELECT coalesce(json_object_agg(state, count), '{}') FROM (
        SELECT state, count(*) FROM delivery WHERE market_id = $1 AND state IN ('SCHEDULED', 'OFFERING')
        GROUP BY state) AS waiting),
    'routes', (SELECT coalesce(json_object_agg(state, count), '{}') FROM (
        SELECT state, count(*) FROM route
        WHERE market_id = $1 AND state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED') GROUP BY state) AS open))
"""


async def snapshot_of(connection: asyncpg.Connection, *, market_id: MarketId, wanted: StreamFilter) -> dict[str, Any]:
    """What one with this filter may know: its deliveries, its route and offers, or what is open in a market."""
    if wanted.shipper_id is not None:
        return await _deliveries(connection, market_id, wanted.shipper_id, wanted.delivery_id)
    if wanted.driver_id is not None:
        found = await connection.fetchval(OF_DRIVER, market_id, wanted.driver_id, OFFERS_TOLD)
    else:
        found = await connection.fetchval(OF_MARKET, market_id)
    snapshot: dict[str, Any] = orjson.loads(found)
    return snapshot


async def _deliveries(
    connection: asyncpg.Connection, market_id: MarketId, shipper_id: UUID, delivery_id: UUID | None
) -> dict[str, Any]:
    found = await connection.fetchval(DELIVERIES, market_id, shipper_id, delivery_id, DELIVERIES_TOLD + 1)
    deliveries: list[dict[str, Any]] = orjson.loads(found)
    return {"deliveries": deliveries[:DELIVERIES_TOLD], "isWhole": len(deliveries) <= DELIVERIES_TOLD}
