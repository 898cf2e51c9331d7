"""What searches for drivers saw is dropped when it is old, but for those that raised the pay: they explain money."""

from datetime import timedelta

from marketplace.core.work import Work

KEPT_FOR = timedelta(days=180)
"""Drivers and shippers are told why for half a year; the offers themselves stay."""
DROPPED_AT_ONCE = 2_000

DROP = """
DELETE FROM choice WHERE id IN (
    SELECT id FROM choice WHERE decided_at < $1 AND raise_minor = 0 ORDER BY decided_at LIMIT $2)
"""


async def drop_old_choices(work: Work) -> int:
    """Removes searches that nobody asks about any more; returns how many of a bounded number there were."""
    return await work.execute(DROP, work.now - KEPT_FOR, DROPPED_AT_ONCE)
