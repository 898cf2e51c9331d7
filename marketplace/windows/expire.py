"""Holds whose time is up give their place back, promptly by a waker; until then they count for nothing already."""

from datetime import datetime

import asyncpg

from marketplace.core.work import Work

EXPIRE = """
WITH due AS (
    SELECT id FROM window_hold WHERE state = 'HELD' AND expires_at <= $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE window_hold SET state = 'EXPIRED', ended_at = $1 FROM due WHERE window_hold.id = due.id
"""
NEXT_DUE = "SELECT min(expires_at) FROM window_hold WHERE state = 'HELD'"


async def expire_holds(work: Work, *, limit: int = 500) -> int:
    """Ends the holds that nobody has booked in time."""
    return await work.execute(EXPIRE, work.now, limit)


async def next_hold_end(connection: asyncpg.Connection) -> datetime | None:
    """When the next hold runs out of time."""
    due: datetime | None = await connection.fetchval(NEXT_DUE)
    return due
