"""A question that nobody answers ends at its deadline: true by the clock of the market, prompt by a waker."""

from datetime import datetime

import asyncpg

from marketplace.core.work import Work
from marketplace.reassignments.end import end
from marketplace.reassignments.states import ReassignmentState

EXPIRED_AT_ONCE = 100
# A row that is locked is being answered at this moment, or taken back; whoever has it decides.
DUE = """
SELECT * FROM reassignment WHERE state = 'OFFERED' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2
FOR UPDATE SKIP LOCKED
"""
NEXT = "SELECT min(expires_at) FROM reassignment WHERE state = 'OFFERED'"


async def expire_due(work: Work) -> int:
    """Ends what was not answered in time, so that operations hear of it and ask somebody else; returns how many."""
    rows = await work.fetch(DUE, work.now, EXPIRED_AT_ONCE)
    for row in rows:
        await end(work, row, ReassignmentState.EXPIRED)
    return len(rows)


async def next_expiry(connection: asyncpg.Connection) -> datetime | None:
    """When the next open question ends."""
    due: datetime | None = await connection.fetchval(NEXT)
    return due
