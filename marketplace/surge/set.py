"""Operations set the level of some cells by hand, for a while and with a reason; it holds from this moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import h3

from marketplace.accounts import note_action
from marketplace.core.errors import Invalid
from marketplace.core.geo import CELL_RESOLUTION
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.pricing import FULL_PERCENT
from marketplace.surge.decide import decide_surge

CELLS_AT_MOST = 200
LONGEST_REASON = 200
LONGEST = timedelta(days=7)

CLEAR = """
UPDATE surge_override SET cleared_at = $3
WHERE market_id = $1 AND cell IS NOT NULL AND cell = ANY($2) AND cleared_at IS NULL
"""
SET = """
INSERT INTO surge_override (id, market_id, cell, percent, reason, operator_id, set_at, expires_at)
SELECT id, $1, cell, $2, $3, $4, $5, $6 FROM unnest($7::uuid[], $8::text[]) AS o(id, cell)
"""


class BadOverride(Invalid):
    """Something set by hand that nobody could apply: no cell, no reason, no end or a level beyond the market's cap."""

    code = "BAD_OVERRIDE"


async def set_surge(
    work: Work,
    *,
    market_id: MarketId,
    cells: Sequence[str],
    percent: int,
    reason: str,
    expires_at: datetime,
    operator_id: OperatorId,
) -> int:
    """Sets the level of these cells, in percent of the market's caps, until `expires_at`; returns how many.

    What was set for them before ends. Budget and freeze still hold; routes, offers and quotes keep what they have.
    """
    wanted = check_cells(cells)
    check_end(work, reason=reason, expires_at=expires_at)
    if not 0 <= percent <= FULL_PERCENT:
        raise BadOverride("a level is 0 to 100 percent of the market's caps", field="percent")
    await work.execute(CLEAR, market_id, wanted, work.now)
    ids = [work.new_id() for _ in wanted]
    await work.execute(SET, market_id, percent, reason, operator_id, work.now, expires_at, ids, wanted)
    await decide_surge(work, market_id=market_id, at_once=True)
    await note_action(
        work,
        operator_id=operator_id,
        market_id=market_id,
        verb="setSurge",
        subject_id=market_id,
        details={"cells": wanted, "percent": percent, "reason": reason, "expires_at": expires_at.isoformat()},
    )
    return len(wanted)


def check_cells(cells: Sequence[str]) -> list[str]:
    """The cells, each once and in order; refuses what is no cell of the map."""
    wanted = sorted(set(cells))
    if not 1 <= len(wanted) <= CELLS_AT_MOST:
        raise BadOverride(f"name 1 to {CELLS_AT_MOST} cells", field="cells")
    if any(not h3.is_valid_cell(cell) or h3.get_resolution(cell) != CELL_RESOLUTION for cell in wanted):
        raise BadOverride(f"a cell is an H3 index of resolution {CELL_RESOLUTION}", field="cells")
    return wanted


def check_end(work: Work, *, reason: str, expires_at: datetime) -> None:
    """Refuses what has no reason, or does not end within a week from now."""
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise BadOverride(f"say why, in 1 to {LONGEST_REASON} characters", field="reason")
    if not work.now < expires_at <= work.now + LONGEST:
        raise BadOverride("it ends after this moment and within 7 days", field="expiresAt")
