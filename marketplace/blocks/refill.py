"""A place that a no-show has left is held for others while the block runs: the waiting line first, then by standing.

Of drivers online in the area those with the earlier access come first, and among equals the block's own lot decides.
Each is asked once, and whoever says nothing has lost nothing.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import h3

from marketplace.blocks.events import BlockPlaceFreed
from marketplace.blocks.lot import ticket
from marketplace.blocks.places import LINE_AT_ONCE, LOCK_BLOCK, NEXT_IN_LINE, TAKE, obstacle_for
from marketplace.core.work import Work
from marketplace.fleet import AREA_RESOLUTION

LEAST_LEFT = timedelta(minutes=30)
"""With less of a block left nobody is called in any more: no block is shorter."""
ANSWER_WITHIN = timedelta(minutes=5)
"""A block that runs waits less long for an answer than one that is still to come."""
ONLINE_AT_MOST = 2_000

TO_REFILL = """
SELECT b.id FROM block b
WHERE b.market_id = $1 AND b.state = 'PUBLISHED' AND b.opens_at <= $2 AND b.closes_at >= $2::timestamptz + $3::interval
  AND b.taken < b.places AND b.drawn_at IS NOT NULL
ORDER BY b.opens_at, b.id LIMIT $4
"""
# Places of those who were to be there from the opening, less what came in for them since.
LEFT_BEHIND = """
SELECT count(*) FILTER (WHERE s.state = 'NO_SHOW' AND s.opens_at = b.opens_at)
     - count(*) FILTER (WHERE s.state IN ('ASKED', 'SIGNED', 'KEPT') AND s.opens_at > b.opens_at)
FROM block b JOIN sign_up s ON s.block_id = b.id WHERE b.id = $1
"""
ASK_OF_LINE = "UPDATE sign_up SET state = 'ASKED', answer_by = $2, opens_at = $3 WHERE id = $1"
ONLINE = """
SELECT d.id, p.cell, coalesce(t.early_access_minutes, 0) AS early_min
FROM presence p JOIN driver d ON d.id = p.driver_id LEFT JOIN driver_standing t ON t.driver_id = d.id
WHERE p.market_id = $1 AND p.state IN ('AVAILABLE', 'OFFERED') AND p.online_until > $2 AND p.cell IS NOT NULL
  AND NOT EXISTS (SELECT FROM sign_up s WHERE s.block_id = $3 AND s.driver_id = d.id)
ORDER BY early_min DESC, d.id LIMIT $4
"""
ASK_BESIDES = """
INSERT INTO sign_up (id, market_id, block_id, driver_id, opens_at, closes_at, state, early_min, line, answer_by,
                     created_at)
SELECT $1, b.market_id, b.id, $2, $3, b.closes_at, 'ASKED', 0,
       coalesce((SELECT max(line) FROM sign_up WHERE block_id = b.id), 0) + 1, $4, $3
FROM block b WHERE b.id = $5
"""


async def to_refill(work: Work, *, market_id: UUID, limit: int) -> list[UUID]:
    """Blocks under way that have a free place and are worth coming in for."""
    return [row["id"] for row in await work.fetch(TO_REFILL, market_id, work.now, LEAST_LEFT, limit)]


async def refill_block(work: Work, *, block_id: UUID, market_id: UUID) -> int:
    """Holds what no-shows have left, one place for one driver, and returns how many drivers were asked."""
    # The block's lock closes the race with whoever takes a place at this moment.
    block = await work.fetch_row(LOCK_BLOCK, block_id, market_id)
    assert block is not None, "a block is never removed"
    left = min(block["places"] - block["taken"], await work.fetch_value(LEFT_BEHIND, block_id))
    asked = 0
    for row in await work.fetch(NEXT_IN_LINE, block_id, LINE_AT_ONCE, None):
        if asked >= left:
            return asked
        if await obstacle_for(work, driver_id=row["driver_id"], block_id=block_id) is None:
            await work.execute(ASK_OF_LINE, row["id"], _answer_by(work, block), work.now)
            await _hold(work, block, sign_up_id=row["id"], driver_id=row["driver_id"])
            asked += 1
    for driver_id in await _by_standing(work, block) if asked < left else ():
        if asked >= left:
            break
        if await obstacle_for(work, driver_id=driver_id, block_id=block_id) is None:
            sign_up_id = work.new_id()
            await work.execute(ASK_BESIDES, sign_up_id, driver_id, work.now, _answer_by(work, block), block_id)
            await _hold(work, block, sign_up_id=sign_up_id, driver_id=driver_id)
            asked += 1
    return asked


def is_in_area(cell: str, area_cells: Collection[str]) -> bool:
    """Whether a place on the map lies in a block's area."""
    return h3.cell_to_parent(cell, AREA_RESOLUTION) in area_cells


async def _by_standing(work: Work, block: asyncpg.Record) -> list[UUID]:
    """Drivers online in the area who have not been in this block before, in the order in which they are asked."""
    rows = await work.fetch(ONLINE, block["market_id"], work.now, block["id"], ONLINE_AT_MOST)
    there = [row for row in rows if is_in_area(row["cell"], block["area_cells"])]
    there.sort(key=lambda row: (-row["early_min"], ticket(block["seed"], row["id"])))
    return [row["id"] for row in there]


def _answer_by(work: Work, block: asyncpg.Record) -> datetime:
    answer_s: int = block["answer_s"]
    return work.now + min(ANSWER_WITHIN, timedelta(seconds=answer_s))


async def _hold(work: Work, block: asyncpg.Record, *, sign_up_id: UUID, driver_id: UUID) -> None:
    await work.execute(TAKE, block["id"])
    work.emit(
        BlockPlaceFreed(
            market_id=block["market_id"],
            block_id=block["id"],
            sign_up_id=sign_up_id,
            driver_id=driver_id,
            opens_at=block["opens_at"],
            answer_by=_answer_by(work, block),
        )
    )
