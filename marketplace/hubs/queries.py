"""Every read of hubs."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from marketplace.core.work import Work

HUBS_AT_MOST = 500
OPEN_TO = """
SELECT id, market_id, name, address, time_zone, lat, lon FROM hub
WHERE id = ANY($1) AND (shipper_id IS NULL OR shipper_id = $2)
"""
OF_MARKET = """
SELECT 'hub_' || replace(id::text, '-', '') AS id, name, address, time_zone, lat, lon FROM hub
WHERE market_id = $1 AND ($2::uuid IS NULL OR shipper_id IS NULL OR shipper_id = $2)
ORDER BY id LIMIT $3
"""


async def hubs_open_to(work: Work, *, shipper_id: UUID, hub_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Those of the hubs that the shipper may use; a hub of somebody else is simply absent."""
    rows = await work.fetch(OPEN_TO, list(hub_ids), shipper_id)
    return {row["id"]: row for row in rows}


async def hubs_of_market(work: Work, *, market_id: UUID, shipper_id: UUID | None = None) -> list[dict[str, object]]:
    """Hubs of a market, all of them for operations, those open to one shipper otherwise."""
    return [dict(row) for row in await work.fetch(OF_MARKET, market_id, shipper_id, HUBS_AT_MOST)]
