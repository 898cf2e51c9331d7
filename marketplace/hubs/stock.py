"""What lies at hubs: shelves under their lock, and the movements that change them.

Shelves are always locked in order of SKU and hub, whoever wants them, so that two who want the same do not wait for
each other in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from marketplace.core.work import Work
from marketplace.hubs.states import StockReason


class Shelf(NamedTuple):
    """Where a SKU lies at a hub."""

    sku_id: UUID
    hub_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How many lie on a shelf, and how many of them are promised."""

    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One change of a shelf."""

    shelf: Shelf
    reason: StockReason
    on_hand: int = 0
    reserved: int = 0
    delivery_id: UUID | None = None


LOCK = """
SELECT s.sku_id, s.hub_id, s.on_hand, s.reserved FROM hub_stock s
JOIN (SELECT DISTINCT * FROM unnest($2::uuid[], $3::uuid[]) AS t(sku_id, hub_id)) wanted USING (sku_id, hub_id)
WHERE s.market_id = $1 ORDER BY s.sku_id, s.hub_id FOR NO KEY UPDATE OF s
"""
OPEN = """
INSERT INTO hub_stock (id, market_id, sku_id, hub_id) VALUES ($1, $2, $3, $4) ON CONFLICT (sku_id, hub_id) DO NOTHING
"""
MOVE = """
WITH moved AS (
    INSERT INTO stock_movement (id, market_id, sku_id, hub_id, delivery_id, reason, on_hand_change, reserved_change,
                                created_at)
    SELECT id, $1, sku_id, hub_id, delivery_id, reason, on_hand, reserved, $2
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::int[], $9::int[])
      AS t(id, sku_id, hub_id, delivery_id, reason, on_hand, reserved)
    RETURNING sku_id, hub_id, on_hand_change, reserved_change
), summed AS (
    SELECT sku_id, hub_id, sum(on_hand_change)::int AS on_hand, sum(reserved_change)::int AS reserved
    FROM moved GROUP BY sku_id, hub_id
)
UPDATE hub_stock s SET on_hand = s.on_hand + summed.on_hand, reserved = s.reserved + summed.reserved
FROM summed WHERE s.sku_id = summed.sku_id AND s.hub_id = summed.hub_id AND s.market_id = $1
"""


async def lock_shelves(work: Work, *, market_id: UUID, shelves: Iterable[Shelf]) -> dict[Shelf, Level]:
    """What lies on these shelves, which nobody else changes until the Work ends; one that was never filled is absent.

    Closes the race of two who want the last of something.
    """
    wanted = sorted(set(shelves))
    if not wanted:
        return {}
    rows = await work.fetch(LOCK, market_id, [shelf.sku_id for shelf in wanted], [shelf.hub_id for shelf in wanted])
    return {
        Shelf(row["sku_id"], row["hub_id"]): Level(on_hand=row["on_hand"], reserved=row["reserved"]) for row in rows
    }


async def open_shelf(work: Work, *, market_id: UUID, shelf: Shelf) -> None:
    """Makes room for a SKU at a hub that never had any of it."""
    await work.execute(OPEN, work.new_id(), market_id, shelf.sku_id, shelf.hub_id)


async def move_stock(work: Work, *, market_id: UUID, movements: Sequence[Movement]) -> Mapping[Shelf, Level]:
    """Writes movements and what follows from them for the shelves, which it locks; returns the shelves as they were."""
    before = await lock_shelves(work, market_id=market_id, shelves=[one.shelf for one in movements])
    if not movements:
        return before
    count = await work.execute(
        MOVE,
        market_id,
        work.now,
        [work.new_id() for _ in movements],
        [one.shelf.sku_id for one in movements],
        [one.shelf.hub_id for one in movements],
        [one.delivery_id for one in movements],
        [one.reason.value for one in movements],
        [one.on_hand for one in movements],
        [one.reserved for one in movements],
    )
    assert count == len({one.shelf for one in movements}), "every shelf was there"
    return before
