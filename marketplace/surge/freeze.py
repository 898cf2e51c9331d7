"""Operations freeze surge in an emergency: from this moment no new quote or offer has any."""

from datetime import datetime

from marketplace.accounts import note_action
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.surge.decide import decide_surge
from marketplace.surge.set import check_end

THAW = "UPDATE surge_override SET cleared_at = $2 WHERE market_id = $1 AND cell IS NULL AND cleared_at IS NULL"
FREEZE = """
INSERT INTO surge_override (id, market_id, percent, reason, operator_id, set_at, expires_at)
VALUES ($1, $2, 0, $3, $4, $5, $6)
"""


async def freeze_surge(
    work: Work, *, market_id: MarketId, reason: str, expires_at: datetime, operator_id: OperatorId
) -> None:
    """Ends all surge of a market until `expires_at`; what was quoted or offered before keeps what it said.

    Ratios are still counted and levels still move, so that surge is where it belongs when the market thaws.
    """
    check_end(work, reason=reason, expires_at=expires_at)
    await work.execute(THAW, market_id, work.now)
    await work.execute(FREEZE, work.new_id(), market_id, reason, operator_id, work.now, expires_at)
    await decide_surge(work, market_id=market_id, at_once=True)
    await note_action(
        work,
        operator_id=operator_id,
        market_id=market_id,
        verb="freezeSurge",
        subject_id=market_id,
        details={"reason": reason, "expires_at": expires_at.isoformat()},
    )
