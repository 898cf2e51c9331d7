"""Operations take back what was set by hand: the cells go by the ratio again, and a frozen market thaws."""

from collections.abc import Sequence

from marketplace.accounts import note_action
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.surge.decide import decide_surge
from marketplace.surge.set import CLEAR, check_cells

CLEAR_ALL = "UPDATE surge_override SET cleared_at = $2 WHERE market_id = $1 AND cleared_at IS NULL"


async def clear_surge(work: Work, *, market_id: MarketId, operator_id: OperatorId, cells: Sequence[str] = ()) -> int:
    """Ends what was set for these cells, or, where none are named, everything with the freeze; returns how many."""
    wanted = check_cells(cells) if cells else []
    if wanted:
        ended = await work.execute(CLEAR, market_id, wanted, work.now)
    else:
        ended = await work.execute(CLEAR_ALL, market_id, work.now)
    if ended:
        await decide_surge(work, market_id=market_id, at_once=True)
        details = {"cells": wanted, "ended": ended}
        await note_action(
            work,
            operator_id=operator_id,
            market_id=market_id,
            verb="clearSurge",
            subject_id=market_id,
            details=details,
        )
    return ended
