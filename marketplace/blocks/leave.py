"""A driver leaves a block: free until its own moment, written down as late after it, and never fined."""

from datetime import timedelta

from marketplace.blocks.events import BlockLeft
from marketplace.blocks.places import FREE, LOCK_BLOCK, ask_next
from marketplace.blocks.refusals import BlockNotOpen, NoSuchBlock, NotSignedUp
from marketplace.blocks.states import SignUpState
from marketplace.core.ids import BlockId, DriverId, SignUpId
from marketplace.core.work import Work

LOCK_DRIVER = "SELECT market_id, company_id FROM driver WHERE id = $1 FOR NO KEY UPDATE"
MINE = """
SELECT id, state, is_late FROM sign_up WHERE block_id = $1 AND driver_id = $2
  AND state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED') FOR UPDATE
"""
LEAVE = "UPDATE sign_up SET state = 'LEFT', is_late = $2, answer_by = NULL, ended_at = $3 WHERE id = $1"
HOLDS_PLACE = {SignUpState.ASKED, SignUpState.SIGNED}


async def leave_block(work: Work, *, block_id: BlockId, driver_id: DriverId) -> SignUpId:
    """Gives the place, or the wish for one, back, and asks the next of the line.

    It is late when a signed place is left within `free_until_min` of the opening; once the block has begun such a place
    is not left: the time attended is paid, and whoever does not come is a no-show. A line can always be left.
    """
    driver = await work.fetch_row(LOCK_DRIVER, driver_id)
    if driver is None:
        raise NoSuchBlock("there is no such block")
    market_id = driver["market_id"]
    block = await work.fetch_row(LOCK_BLOCK, block_id, market_id)
    if block is None or (block["company_id"] is not None and block["company_id"] != driver["company_id"]):
        raise NoSuchBlock("there is no such block")
    mine = await work.fetch_row(MINE, block_id, driver_id)
    if mine is None:
        raise NotSignedUp("you are not in this block")
    if block["opens_at"] <= work.now and mine["state"] == SignUpState.SIGNED:
        raise BlockNotOpen("this block has begun; go offline when you have to")
    is_late = mine["state"] == SignUpState.SIGNED and work.now > block["opens_at"] - timedelta(
        minutes=block["free_until_min"]
    )
    await work.execute(LEAVE, mine["id"], is_late, work.now)
    if mine["state"] in HOLDS_PLACE:
        await work.execute(FREE, block_id)
        await ask_next(work, block_id=block_id, market_id=market_id)
    work.emit(
        BlockLeft(market_id=market_id, block_id=block_id, sign_up_id=mine["id"], driver_id=driver_id, is_late=is_late)
    )
    return SignUpId(mine["id"])
