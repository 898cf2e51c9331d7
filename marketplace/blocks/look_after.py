"""Takes the steps of blocks that are due by the clock: draw, answers that did not come, attendance, refill, the end."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.blocks.events import BlockCheckedIn, BlockMissed
from marketplace.blocks.lot import Wish, draw
from marketplace.blocks.places import FREE, LOCK_BLOCK, ask_next, give_place, obstacle_for
from marketplace.blocks.refill import LEAST_LEFT, is_in_area, refill_block, to_refill
from marketplace.blocks.settle import settle_sign_up, to_settle
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.fleet import PresenceState

AT_ONCE = 100
CHECK_IN_BEFORE = timedelta(minutes=15)
NO_SHOW_AFTER = timedelta(minutes=30)
"""Attendance is seen from 15 minutes before a block opens; whoever is not seen 30 minutes after it was no-show."""

# One process looks after a market's blocks at a time; another goes on without.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('blocks:' || $1, 0))"
TO_DRAW = """
SELECT id FROM block WHERE market_id = $1 AND state = 'PUBLISHED' AND drawn_at IS NULL
  AND signs_from + make_interval(secs => draw_s) <= $2 ORDER BY signs_from, id LIMIT $3
"""
WISHES = "SELECT id, driver_id, early_min FROM sign_up WHERE block_id = $1 AND state = 'DRAWING' ORDER BY id"
# Somebody of the line who could not when a place became free may be able to now.
TO_FILL = """
SELECT id FROM block WHERE market_id = $1 AND state = 'PUBLISHED' AND taken < places AND opens_at > $2
  AND drawn_at IS NOT NULL AND EXISTS (SELECT 1 FROM sign_up s WHERE s.block_id = block.id AND s.state = 'WAITING')
ORDER BY opens_at, id LIMIT $3
"""
DRAWN = "UPDATE block SET drawn_at = $2 WHERE id = $1"
LINE_UP = "UPDATE sign_up SET state = 'WAITING', line = $2 WHERE id = $1"
UNANSWERED = """
SELECT id, block_id FROM sign_up WHERE market_id = $1 AND state = 'ASKED' AND answer_by <= $2 ORDER BY id LIMIT $3
"""
LAPSE = "UPDATE sign_up SET state = 'LAPSED', ended_at = $2, answer_by = NULL WHERE id = $1 AND state = 'ASKED'"
# The line waits on for places that no-shows leave, as long as coming in is worth the way.
LINE_ENDS = """
UPDATE sign_up SET state = 'LAPSED', ended_at = $2
WHERE market_id = $1 AND opens_at <= $2
  AND (state = 'DRAWING' OR state = 'WAITING' AND closes_at < $2::timestamptz + $3::interval)
"""
TO_CHECK_IN = """
SELECT s.id, s.block_id, s.driver_id, b.area_cells, p.state, p.cell
FROM sign_up s JOIN block b ON b.id = s.block_id JOIN presence p ON p.driver_id = s.driver_id
WHERE s.market_id = $1 AND s.state = 'SIGNED' AND s.checked_in_at IS NULL
  AND s.opens_at <= $2::timestamptz + $3::interval AND s.opens_at > $2::timestamptz - $4::interval
  AND (p.state = 'ENGAGED' OR (p.state IN ('AVAILABLE', 'OFFERED') AND p.online_until > $2 AND p.cell IS NOT NULL))
ORDER BY s.id LIMIT $5
"""
CHECK_IN = "UPDATE sign_up SET checked_in_at = $2 WHERE id = $1"
NOT_SEEN = """
SELECT id, block_id, driver_id FROM sign_up
WHERE market_id = $1 AND state = 'SIGNED' AND checked_in_at IS NULL AND opens_at <= $2::timestamptz - $3::interval
ORDER BY block_id, id LIMIT $4
"""
MISS = "UPDATE sign_up SET state = 'NO_SHOW', ended_at = $2 WHERE id = $1"
END_BLOCKS = """
UPDATE block SET state = 'ENDED', ended_at = $2
WHERE market_id = $1 AND state = 'PUBLISHED' AND closes_at <= $2 AND NOT EXISTS (
    SELECT 1 FROM sign_up s WHERE s.block_id = block.id AND s.state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED'))
"""


async def look_after_blocks(work: Work, *, market_id: MarketId) -> int:
    """Does what is due in a market's blocks, a bounded number of each step, and returns how many steps were taken."""
    if not await work.fetch_value(TRY_LOCK, market_id.hex):
        return 0
    steps = 0
    for row in await work.fetch(TO_DRAW, market_id, work.now, AT_ONCE):
        await _draw(work, block_id=row["id"], market_id=market_id)
        steps += 1
    for row in await work.fetch(UNANSWERED, market_id, work.now, AT_ONCE):
        steps += await _lapse(work, row, market_id)
    for row in await work.fetch(TO_FILL, market_id, work.now, AT_ONCE):
        steps += await ask_next(work, block_id=row["id"], market_id=market_id)
    steps += await _check_in(work, market_id)
    steps += await _miss(work, market_id)
    for block_id in await to_refill(work, market_id=market_id, limit=AT_ONCE):
        steps += await refill_block(work, block_id=block_id, market_id=market_id)
    steps += await work.execute(LINE_ENDS, market_id, work.now, LEAST_LEFT)
    for sign_up_id in await to_settle(work, market_id=market_id, limit=AT_ONCE):
        await settle_sign_up(work, sign_up_id=sign_up_id)
        steps += 1
    return steps + await work.execute(END_BLOCKS, market_id, work.now)


async def _draw(work: Work, *, block_id: UUID, market_id: UUID) -> None:
    """Gives the places by lot, and lines the others up in the same order."""
    block = await work.fetch_row(LOCK_BLOCK, block_id, market_id)
    if block is None or block["drawn_at"] is not None:
        return
    await work.execute(DRAWN, block_id, work.now)
    rows = await work.fetch(WISHES, block_id)
    wishes = [Wish(sign_up_id=row["id"], driver_id=row["driver_id"], early_min=row["early_min"]) for row in rows]
    left = block["places"] - block["taken"]
    for line, wish in enumerate(draw(block["seed"], wishes), start=1):
        await work.execute(LINE_UP, wish.sign_up_id, line)
        if left > 0 and await obstacle_for(work, driver_id=wish.driver_id, block_id=block_id) is None:
            await give_place(work, block, sign_up_id=wish.sign_up_id, driver_id=wish.driver_id, is_held=False)
            left -= 1


async def _lapse(work: Work, row: asyncpg.Record, market_id: UUID) -> int:
    """Takes back a place that was held for somebody who did not answer, and asks the next."""
    await work.fetch_row(LOCK_BLOCK, row["block_id"], market_id)
    if not await work.execute(LAPSE, row["id"], work.now):
        return 0
    await work.execute(FREE, row["block_id"])
    await ask_next(work, block_id=row["block_id"], market_id=market_id)
    return 1


async def _check_in(work: Work, market_id: UUID) -> int:
    rows = await work.fetch(TO_CHECK_IN, market_id, work.now, CHECK_IN_BEFORE, NO_SHOW_AFTER, AT_ONCE)
    there = [row for row in rows if _is_there(row)]
    for row in there:
        await work.execute(CHECK_IN, row["id"], work.now)
        work.emit(
            BlockCheckedIn(
                market_id=market_id, block_id=row["block_id"], sign_up_id=row["id"], driver_id=row["driver_id"]
            )
        )
    return len(there)


def _is_there(row: asyncpg.Record) -> bool:
    """On a route, wherever that leads, or in the area."""
    return row["state"] == PresenceState.ENGAGED or is_in_area(row["cell"], row["area_cells"])


async def _miss(work: Work, market_id: UUID) -> int:
    """Whoever did not come has left the place to somebody else."""
    rows = await work.fetch(NOT_SEEN, market_id, work.now, NO_SHOW_AFTER, AT_ONCE)
    for row in rows:
        await work.fetch_row(LOCK_BLOCK, row["block_id"], market_id)
        await work.execute(MISS, row["id"], work.now)
        await work.execute(FREE, row["block_id"])
        work.emit(
            BlockMissed(market_id=market_id, block_id=row["block_id"], sign_up_id=row["id"], driver_id=row["driver_id"])
        )
    return len(rows)
