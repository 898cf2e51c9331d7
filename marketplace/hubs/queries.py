"""Every read of hubs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.hubs.opening import Opening

HUBS_AT_MOST = 500
OPEN_TO = """
SELECT id, market_id, name, address, time_zone, lat, lon, opening FROM hub
WHERE id = ANY($1) AND (shipper_id IS NULL OR shipper_id = $2)
"""
OF_MARKET = """
SELECT 'hub_' || replace(id::text, '-', '') AS id, name, address, time_zone, lat, lon FROM hub
WHERE market_id = $1 AND ($2::uuid IS NULL OR shipper_id IS NULL OR shipper_id = $2)
ORDER BY id LIMIT $3
"""
OPENING = """
SELECT opening, reached_at, (SELECT count(*) FROM hub_cell WHERE hub_id = hub.id) AS cells
FROM hub WHERE id = $1 AND market_id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOpening:
    """A hub's terms, and its catchment as it was computed last."""

    opening: Opening
    reached_at: datetime | None
    cells: int


async def read_opening(work: Work, *, market_id: UUID, hub_id: UUID) -> KeptOpening:
    """When a hub of a market serves, how much and how far."""
    row = await work.fetch_row(OPENING, hub_id, market_id)
    if row is None:
        raise NotFound("there is no such hub", field="hubId")
    opening = Opening.of(orjson.loads(row["opening"]) if row["opening"] else None)
    return KeptOpening(opening=opening, reached_at=row["reached_at"], cells=row["cells"])


async def hubs_open_to(work: Work, *, shipper_id: UUID, hub_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Those of the hubs that the shipper may use; a hub of somebody else is simply absent."""
    rows = await work.fetch(OPEN_TO, list(hub_ids), shipper_id)
    return {row["id"]: row for row in rows}


async def hubs_of_market(work: Work, *, market_id: UUID, shipper_id: UUID | None = None) -> list[dict[str, object]]:
    """Hubs of a market, all of them for operations, those open to one shipper otherwise."""
    return [dict(row) for row in await work.fetch(OF_MARKET, market_id, shipper_id, HUBS_AT_MOST)]
