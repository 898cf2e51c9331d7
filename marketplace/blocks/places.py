"""Places of a block under its lock: who can have one, taking it, and asking the next of the line when one is free."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.blocks.events import BlockPlaceFreed, BlockSignedUp
from marketplace.core.work import Work

LINE_AT_ONCE = 200

# Everything that gives or frees a place of a block waits here, so that the last one goes to one driver.
LOCK_BLOCK = "SELECT * FROM block WHERE id = $1 AND market_id = $2 FOR UPDATE"
TAKE = "UPDATE block SET taken = taken + 1 WHERE id = $1"
FREE = "UPDATE block SET taken = taken - 1 WHERE id = $1"
# The first thing that keeps a driver from the block, null for nothing. Papers and certificates carry to its end.
OBSTACLE = """
SELECT CASE
    WHEN NOT may_drive(d.account_state, d.suspended_from, b.opens_at) THEN 'ACCOUNT'
    WHEN b.company_id IS NOT NULL AND d.company_id IS DISTINCT FROM b.company_id THEN 'COMPANY'
    WHEN cardinality(b.vehicles) > 0 AND NOT d.vehicle = ANY(b.vehicles) THEN 'VEHICLE'
    WHEN NOT skills_at(d.skills, d.skills_until, b.closes_at) @> b.skills THEN 'SKILLS'
    WHEN d.documents_until < b.closes_at OR d.vehicle_until < b.closes_at THEN 'PAPERS'
    WHEN EXISTS (SELECT 1 FROM shift s WHERE s.driver_id = d.id AND s.starts_at < b.closes_at
                   AND s.ends_at > b.opens_at) THEN 'SHIFT'
    WHEN EXISTS (SELECT 1 FROM sign_up o WHERE o.driver_id = d.id AND o.block_id <> b.id
                   AND o.state IN ('ASKED', 'SIGNED', 'KEPT') AND o.opens_at < b.closes_at
                   AND o.closes_at > b.opens_at) THEN 'BLOCK'
    END
FROM driver d JOIN block b ON b.id = $2 AND b.market_id = d.market_id WHERE d.id = $1
"""
# Whoever comes in after the opening has the hours from then on.
SIGN = """
UPDATE sign_up SET state = 'SIGNED', answer_by = NULL, opens_at = greatest(opens_at, $2) WHERE id = $1
"""
NEXT_IN_LINE = """
SELECT id, driver_id, opens_at FROM sign_up
WHERE block_id = $1 AND state = 'WAITING' AND id IS DISTINCT FROM $3 ORDER BY line, id LIMIT $2
"""
ASK = "UPDATE sign_up SET state = 'ASKED', answer_by = $2 WHERE id = $1"


async def obstacle_for(work: Work, *, driver_id: UUID, block_id: UUID) -> str | None:
    """What keeps a driver from a block: account, company, vehicle, skills, papers, a shift, another block; or None."""
    found: str | None = await work.fetch_value(OBSTACLE, driver_id, block_id)
    return found


async def give_place(work: Work, block: asyncpg.Record, *, sign_up_id: UUID, driver_id: UUID, is_held: bool) -> None:
    """Signs a driver for a place; `is_held` where the place was kept for this answer and is counted already."""
    if not is_held:
        await work.execute(TAKE, block["id"])
    await work.execute(SIGN, sign_up_id, work.now)
    work.emit(
        BlockSignedUp(
            market_id=block["market_id"],
            block_id=block["id"],
            sign_up_id=sign_up_id,
            driver_id=driver_id,
            opens_at=block["opens_at"],
        )
    )


async def ask_next(work: Work, *, block_id: UUID, market_id: UUID, before: UUID | None = None) -> int:
    """Holds free places for the first of the line who can have them, and returns how many were asked.

    Whoever cannot now is skipped and keeps the place in the line; so does `before`, who has only just come. The caller
    holds the block's lock.
    """
    block = await work.fetch_row(LOCK_BLOCK, block_id, market_id)
    assert block is not None, "the caller holds it"
    left, asked = block["places"] - block["taken"], 0
    if left <= 0 or block["opens_at"] <= work.now or block["drawn_at"] is None or block["state"] != "PUBLISHED":
        return 0
    answer_by = min(work.now + timedelta(seconds=block["answer_s"]), block["opens_at"])
    for row in await work.fetch(NEXT_IN_LINE, block_id, LINE_AT_ONCE, before):
        if asked == left:
            break
        if await obstacle_for(work, driver_id=row["driver_id"], block_id=block_id):
            continue
        await work.execute(ASK, row["id"], answer_by)
        await work.execute(TAKE, block_id)
        asked += 1
        work.emit(
            BlockPlaceFreed(
                market_id=market_id,
                block_id=block_id,
                sign_up_id=row["id"],
                driver_id=row["driver_id"],
                opens_at=row["opens_at"],
                answer_by=answer_by,
            )
        )
    return asked
