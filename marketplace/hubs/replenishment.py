"""Points below which a hub is filled up from another one, and the shortages that they see."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work
from marketplace.hubs.receive import find_shelf

MOST_WANTED = 100_000
SHORTAGES_AT_ONCE = 100

SAVE = """
INSERT INTO replenishment (id, market_id, hub_id, sku_id, source_hub_id, min_quantity, target_quantity, is_free,
                           changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (sku_id, hub_id) DO UPDATE SET source_hub_id = excluded.source_hub_id,
    min_quantity = excluded.min_quantity, target_quantity = excluded.target_quantity, is_free = excluded.is_free,
    changed_at = excluded.changed_at
RETURNING id
"""
# What is on its way counts as there: a shortage raises one transfer at a time, and none that its source cannot fill.
SHORT = """
SELECT p.id, p.market_id, p.hub_id, p.source_hub_id, p.is_free, s.shipper_id, s.code,
       least(p.target_quantity - (here.on_hand - here.reserved), there.on_hand - there.reserved) AS quantity
FROM replenishment p
JOIN sku s ON s.id = p.sku_id
JOIN hub_stock here ON here.sku_id = p.sku_id AND here.hub_id = p.hub_id
JOIN hub_stock there ON there.sku_id = p.sku_id AND there.hub_id = p.source_hub_id
WHERE p.market_id = $1 AND ($2::uuid IS NULL OR p.id = $2)
  AND here.on_hand - here.reserved < p.min_quantity AND there.on_hand > there.reserved
  AND NOT EXISTS (SELECT FROM stock_transfer t WHERE t.replenishment_id = p.id AND t.ended_at IS NULL)
ORDER BY p.id LIMIT $3
"""
MARKET_OF = "SELECT market_id FROM replenishment WHERE id = $1"


class BadReplenishment(Invalid):
    """A minimum and a target that do not go together."""

    code = "BAD_REPLENISHMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """What a hub lacks of a SKU, and from where so many of it can come."""

    replenishment_id: UUID
    market_id: UUID
    shipper_id: UUID
    hub_id: UUID
    source_hub_id: UUID
    code: str
    quantity: int
    is_free: bool


async def set_replenishment(
    work: Work,
    *,
    market_id: UUID,
    hub_id: UUID,
    shipper_id: UUID,
    code: str,
    source_hub_id: UUID,
    min_quantity: int,
    target_quantity: int,
    is_free: bool,
) -> UUID:
    """Fills a shelf up to the target whenever fewer than the minimum are free; a minimum of 0 never does.

    `is_free` where the market bears what that costs and not the shipper.
    """
    if not 0 <= min_quantity < target_quantity <= MOST_WANTED:
        raise BadReplenishment(
            f"the minimum is 0 or more and below the target, which is at most {MOST_WANTED}", field="targetQuantity"
        )
    if hub_id == source_hub_id:
        raise BadReplenishment("a hub is filled up from another one", field="sourceHubId")
    try:
        await find_shelf(work, market_id=market_id, hub_id=source_hub_id, shipper_id=shipper_id, code=code)
    except NotFound as refusal:
        raise NotFound(refusal.message, field="sourceHubId") from None
    shelf = await find_shelf(work, market_id=market_id, hub_id=hub_id, shipper_id=shipper_id, code=code)
    values = (hub_id, shelf.sku_id, source_hub_id, min_quantity, target_quantity, is_free, work.now)
    replenishment_id: UUID = await work.fetch_value(SAVE, work.new_id(), market_id, *values)
    return replenishment_id


async def shortages(work: Work, *, market_id: UUID) -> list[Shortage]:
    """What hubs of a market lack now and nobody brings yet."""
    return [_shortage(row) for row in await work.fetch(SHORT, market_id, None, SHORTAGES_AT_ONCE)]


async def shortage_of(work: Work, *, replenishment_id: UUID) -> Shortage | None:
    """What is lacking by one point, if anything is and nobody brings it yet."""
    market_id = await work.fetch_value(MARKET_OF, replenishment_id)
    row = await work.fetch_row(SHORT, market_id, replenishment_id, 1)
    return _shortage(row) if row is not None else None


def _shortage(row: asyncpg.Record) -> Shortage:
    return Shortage(
        replenishment_id=row["id"],
        market_id=row["market_id"],
        shipper_id=row["shipper_id"],
        hub_id=row["hub_id"],
        source_hub_id=row["source_hub_id"],
        code=row["code"],
        quantity=row["quantity"],
        is_free=row["is_free"],
    )
