"""A driver signs up for a block: drawn by lot at first, then as they come, then in the waiting line."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.blocks.places import LOCK_BLOCK, ask_next, give_place, obstacle_for
from marketplace.blocks.refusals import BlockNotOpen, BlockOverlap, CannotKeepBlock, NoSuchBlock
from marketplace.blocks.states import BlockState, SignUpState
from marketplace.core.ids import BlockId, DriverId, SignUpId
from marketplace.core.work import Work

# A driver who signs up twice at once, for this block or another of the same hours: the second waits here.
LOCK_DRIVER = """
SELECT market_id, company_id,
       coalesce((SELECT early_access_minutes FROM driver_standing WHERE driver_id = $1), 0) AS early_access_minutes
FROM driver WHERE id = $1 FOR NO KEY UPDATE
"""
FIRST = """
SELECT id, state, answer_by FROM sign_up
WHERE block_id = $1 AND driver_id = $2 AND state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED')
"""
ENTER = """
INSERT INTO sign_up (id, market_id, block_id, driver_id, opens_at, closes_at, state, early_min, line, created_at)
SELECT $1, b.market_id, b.id, $2, b.opens_at, b.closes_at, $3::text, $4,
       CASE WHEN $3::text = 'WAITING'
            THEN coalesce((SELECT max(line) FROM sign_up WHERE block_id = b.id), 0) + 1 END, $5
FROM block b WHERE b.id = $6
"""
IS_PLACE_LEFT = "SELECT taken < places FROM block WHERE id = $1"
OVERLAPS = {"SHIFT": "you have a shift at that time", "BLOCK": "you have another block at that time"}
OBSTACLES = {
    "ACCOUNT": "this account cannot drive now; ask operations",
    "VEHICLE": "this block asks for another vehicle",
    "SKILLS": "this block asks for a certificate that you cannot show until its end",
    "PAPERS": "a paper of yours, or the check of your vehicle, ends before the block does; hand in a new one first",
}


async def sign_up_for_block(work: Work, *, block_id: BlockId, driver_id: DriverId) -> SignUpId:
    """Signs a driver up, or takes the place that is held for them; repeated, it is the first sign-up.

    Wishes of early access and of the first seconds wait for the draw, so that nobody gains by being faster.
    """
    driver = await work.fetch_row(LOCK_DRIVER, driver_id)
    if driver is None:
        raise NoSuchBlock("there is no such block")
    # The block's lock closes the race for its last place.
    block = await work.fetch_row(LOCK_BLOCK, block_id, driver["market_id"])
    if block is None or (block["company_id"] is not None and block["company_id"] != driver["company_id"]):
        raise NoSuchBlock("there is no such block")
    first = await work.fetch_row(FIRST, block_id, driver_id)
    if first is not None and first["state"] != SignUpState.ASKED:
        return SignUpId(first["id"])
    early = driver["early_access_minutes"]
    _check_open(block, work.now, early, is_asked=first is not None)
    _refuse(await obstacle_for(work, driver_id=driver_id, block_id=block_id))
    if first is not None:
        return await _answer(work, block, first, driver_id)
    return await _enter(work, block, driver_id, early)


def opens_for(block: asyncpg.Record, early_min: int) -> datetime:
    """From when a driver may sign up."""
    opens: datetime = block["signs_from"] - timedelta(minutes=early_min)
    return opens


def _check_open(block: asyncpg.Record, now: datetime, early_min: int, *, is_asked: bool) -> None:
    """A block that has begun takes those for whom a place is held, and nobody else."""
    if block["state"] != BlockState.PUBLISHED or (block["opens_at"] <= now and not is_asked):
        raise BlockNotOpen("this block has begun or was cancelled; look for another")
    if opens_for(block, early_min) > now:
        raise BlockNotOpen("sign-ups for this block have not begun yet")


def _refuse(obstacle: str | None) -> None:
    if obstacle is None:
        return
    if obstacle in OVERLAPS:
        raise BlockOverlap(f"{OVERLAPS[obstacle]}; leave it first")
    raise CannotKeepBlock(OBSTACLES.get(obstacle, "this block is not for you"))


async def _answer(work: Work, block: asyncpg.Record, asked: asyncpg.Record, driver_id: UUID) -> SignUpId:
    if asked["answer_by"] <= work.now:
        raise BlockNotOpen("the time to take this place is over; it goes to the next of the line")
    await give_place(work, block, sign_up_id=asked["id"], driver_id=driver_id, is_held=True)
    return SignUpId(asked["id"])


async def _enter(work: Work, block: asyncpg.Record, driver_id: UUID, early: int) -> SignUpId:
    sign_up_id = SignUpId(work.new_id())
    if block["drawn_at"] is None:
        # Early access counts only for those who came early.
        early_min = early if work.now < block["signs_from"] else 0
        await work.execute(ENTER, sign_up_id, driver_id, SignUpState.DRAWING.value, early_min, work.now, block["id"])
        return sign_up_id
    await work.execute(ENTER, sign_up_id, driver_id, SignUpState.WAITING.value, 0, work.now, block["id"])
    if block["taken"] < block["places"]:
        # Those of the line who can have a place now come first.
        await ask_next(work, block_id=block["id"], market_id=block["market_id"], before=sign_up_id)
        if await work.fetch_value(IS_PLACE_LEFT, block["id"]):
            await give_place(work, block, sign_up_id=sign_up_id, driver_id=driver_id, is_held=False)
    return sign_up_id
