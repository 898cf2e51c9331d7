"""Whoever published a block cancels it, before it opens, with a reason that its drivers are told."""

from marketplace.accounts import note_action
from marketplace.blocks.events import BlockCalledOff, BlockCancelled
from marketplace.blocks.places import LOCK_BLOCK
from marketplace.blocks.refusals import BadBlock, BlockNotOpen, NoSuchBlock
from marketplace.blocks.states import BlockState, SignUpState
from marketplace.core.ids import BlockId, CompanyId, MarketId, OperatorId
from marketplace.core.work import Work

LONGEST_REASON = 200
CANCEL = "UPDATE block SET state = 'CANCELLED', reason = $2, ended_at = $3, taken = 0 WHERE id = $1"
CALL_OFF = """
WITH before AS (
    SELECT id, driver_id, state FROM sign_up
    WHERE block_id = $1 AND state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED') ORDER BY id FOR UPDATE
)
UPDATE sign_up SET state = 'CALLED_OFF', answer_by = NULL, ended_at = $2 FROM before WHERE sign_up.id = before.id
RETURNING before.id, before.driver_id, before.state
"""


async def cancel_block(
    work: Work,
    *,
    block_id: BlockId,
    market_id: MarketId,
    reason: str,
    operator_id: OperatorId | None = None,
    company_id: CompanyId | None = None,
) -> BlockId:
    """Cancels a block that has not begun; a company its own only. Cancelled again, it stays as it is."""
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise BadBlock(f"say why, in 1 to {LONGEST_REASON} characters", field="reason")
    block = await work.fetch_row(LOCK_BLOCK, block_id, market_id)
    if block is None or (company_id is not None and block["company_id"] != company_id):
        raise NoSuchBlock("there is no such block", field="blockId")
    if block["state"] == BlockState.CANCELLED:
        return block_id
    if block["opens_at"] <= work.now:
        raise BlockNotOpen("this block has begun: its drivers are there and are paid")
    await work.execute(CANCEL, block_id, reason.strip(), work.now)
    rows = await work.fetch(CALL_OFF, block_id, work.now)
    work.emit(BlockCancelled(market_id=market_id, block_id=block_id))
    for row in sorted(rows, key=lambda row: row["id"]):
        if row["state"] in {SignUpState.SIGNED, SignUpState.ASKED}:
            work.emit(
                BlockCalledOff(
                    market_id=market_id,
                    block_id=block_id,
                    sign_up_id=row["id"],
                    driver_id=row["driver_id"],
                    opens_at=block["opens_at"],
                )
            )
    if operator_id is not None:
        await note_action(
            work,
            operator_id=operator_id,
            market_id=market_id,
            verb="cancelBlock",
            subject_id=block_id,
            details={"reason": reason.strip()},
        )
    return block_id
