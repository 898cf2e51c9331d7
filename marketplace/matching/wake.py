"""Deliveries that should be planned at a later moment are woken at that moment."""

from datetime import datetime

import asyncpg

from marketplace.core.work import Work
from marketplace.matching.events import PlanningDue

NEXT = "SELECT min(plan_after) FROM delivery WHERE state = 'SCHEDULED'"
# The next look is pushed on by the market's own pause, so that a planner that is slow or away is not asked in a loop.
WAKE = """
WITH due AS (
    SELECT id FROM delivery WHERE state = 'SCHEDULED' AND plan_after <= $1
    ORDER BY plan_after LIMIT $2 FOR UPDATE SKIP LOCKED
), woken AS (
    UPDATE delivery d SET plan_after = $1 + make_interval(secs => m.replan_after_s),
           unassigned_reason = coalesce(nullif(d.unassigned_reason, 'NOBODY_ACCEPTED'), 'HELD')
    FROM due, market m WHERE d.id = due.id AND m.id = d.market_id
    RETURNING d.market_id
)
SELECT market_id, count(*) AS woken FROM woken GROUP BY market_id ORDER BY market_id
"""


async def wake_due(work: Work, *, limit: int = 1_000) -> int:
    """Asks for a look at every market that has deliveries whose moment has come."""
    rows = await work.fetch(WAKE, work.now, limit)
    for row in rows:
        work.emit(PlanningDue(market_id=row["market_id"], delivery_count=row["woken"]))
    return sum(row["woken"] for row in rows)


async def next_planning(connection: asyncpg.Connection) -> datetime | None:
    """The moment at which the next delivery should be looked at."""
    moment: datetime | None = await connection.fetchval(NEXT)
    return moment
