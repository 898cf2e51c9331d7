"""Every read of hubs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.hubs.opening import Opening, opening_of

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
STOCK_AT_MOST = 1_000
# What is on its way to a shelf has left another one and not arrived.
STOCK = """
SELECT 'hub_' || replace(s.hub_id::text, '-', '') AS hub_id,
       'shp_' || replace(k.shipper_id::text, '-', '') AS shipper_id,
       k.code AS sku, k.name, s.on_hand, s.reserved, s.on_hand - s.reserved AS free,
       (SELECT coalesce(sum(r.quantity), 0)::int FROM stock_transfer t
        JOIN stock_reservation r ON r.delivery_id = t.delivery_id AND r.sku_id = s.sku_id
        WHERE t.to_hub_id = s.hub_id AND t.ended_at IS NULL AND r.state IN ('RESERVED', 'SHIPPED')) AS coming,
       'hub_' || replace(p.source_hub_id::text, '-', '') AS source_hub_id, p.min_quantity, p.target_quantity
FROM hub_stock s JOIN sku k ON k.id = s.sku_id
LEFT JOIN replenishment p ON p.sku_id = s.sku_id AND p.hub_id = s.hub_id
WHERE s.market_id = $1 AND ($2::uuid IS NULL OR k.shipper_id = $2) AND ($3::uuid IS NULL OR s.hub_id = $3)
  AND ($4::text IS NULL OR k.code = $4)
ORDER BY k.code, s.hub_id, k.id LIMIT $5
"""
FIGURES = """
SELECT coalesce(sum(-on_hand_change) FILTER (WHERE reason = 'SHIPPED'), 0)::int AS shipped,
       coalesce(sum(on_hand_change) FILTER (WHERE reason = 'RETURNED'), 0)::int AS back,
       coalesce(sum(on_hand_change) FILTER (WHERE reason = 'ARRIVED'), 0)::int AS arrived,
       coalesce(sum(reserved_change), 0)::int AS promised,
       (SELECT count(*) FROM stock_transfer WHERE market_id = $1)::int AS transfers,
       (SELECT count(*) FROM stock_transfer WHERE market_id = $1 AND replenishment_id IS NOT NULL)::int AS replenished
FROM stock_movement WHERE market_id = $1
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
    opening = opening_of(row)
    return KeptOpening(opening=opening, reached_at=row["reached_at"], cells=row["cells"])


async def hubs_open_to(work: Work, *, shipper_id: UUID, hub_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Those of the hubs that the shipper may use; a hub of somebody else is simply absent."""
    rows = await work.fetch(OPEN_TO, list(hub_ids), shipper_id)
    return {row["id"]: row for row in rows}


async def hubs_of_market(work: Work, *, market_id: UUID, shipper_id: UUID | None = None) -> list[dict[str, object]]:
    """Hubs of a market, all of them for operations, those open to one shipper otherwise."""
    return [dict(row) for row in await work.fetch(OF_MARKET, market_id, shipper_id, HUBS_AT_MOST)]


async def hub_stock(
    work: Work, *, market_id: UUID, shipper_id: UUID | None, hub_id: UUID | None = None, code: str | None = None
) -> list[dict[str, object]]:
    """What lies at the hubs of a market by SKU and hub, of one shipper or, for operations, of all."""
    rows = await work.fetch(STOCK, market_id, shipper_id, hub_id, code, STOCK_AT_MOST)
    return [dict(row) for row in rows]


async def stock_figures(work: Work, *, market_id: UUID) -> dict[str, int]:
    """How many things have left the shelves of a market, came back, arrived at another hub, and are promised now.

    `transfers` are deliveries from hub to hub, of which `replenished` were raised by a shortage.
    """
    row = await work.fetch_row(FIGURES, market_id)
    assert row is not None, "a sum is one row"
    return dict(row)
