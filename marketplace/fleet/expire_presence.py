"""A presence ends at its hour: whoever has said nothing for so long, or whose shift is over, is not shown as there."""

from datetime import datetime

import asyncpg

from marketplace.core.work import Work
from marketplace.fleet.events import DriverWentOffline

ENDED_AT_ONCE = 500
# A driver on a route is ENGAGED and not among them: completing the route ends that presence. One who comes back or says
# yes at this moment holds the row; it is skipped now, and looked at as it then is by the next batch.
END = """
WITH due AS (
    SELECT driver_id FROM presence WHERE state IN ('AVAILABLE', 'OFFERED', 'PAUSED') AND online_until <= $1
    ORDER BY online_until, driver_id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE presence SET state = 'OFFLINE', online_until = NULL, changed_at = $1 FROM due
WHERE presence.driver_id = due.driver_id RETURNING presence.driver_id, market_id
"""
NEXT = "SELECT min(online_until) FROM presence WHERE state IN ('AVAILABLE', 'OFFERED', 'PAUSED')"


async def expire_presence(work: Work, *, limit: int = ENDED_AT_ONCE) -> int:
    """Takes every driver without a route whose time is over out of the market, up to `limit`, and returns how many."""
    rows = await work.fetch(END, work.now, limit)
    for row in rows:
        work.emit(DriverWentOffline(market_id=row["market_id"], driver_id=row["driver_id"]))
    return len(rows)


async def next_presence_end(connection: asyncpg.Connection) -> datetime | None:
    """When the time of the next driver without a route is over."""
    due: datetime | None = await connection.fetchval(NEXT)
    return due
