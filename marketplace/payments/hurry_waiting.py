"""Has what waits for money tried again at once, when something shows that money has come."""

from uuid import UUID

from marketplace.core.work import Work

HURRIED_AT_ONCE = 50
# Rows that somebody works on are left out: they are being tried, and nobody waits for them here.
HURRY = """
UPDATE stripe_operation SET not_before = NULL WHERE id IN (
    SELECT id FROM stripe_operation
    WHERE market_id = $1 AND state = 'READY' AND error_code = 'balance_insufficient' AND not_before IS NOT NULL
    ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def hurry_waiting(work: Work, *, market_id: UUID) -> int:
    """Makes the oldest operations of a market due that were short of balance; returns how many."""
    return await work.execute(HURRY, market_id, HURRIED_AT_ONCE)
