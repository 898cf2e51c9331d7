"""Decisions of no surge are dropped when they are old: they moved no money, and each cell gets one at each tick."""

from datetime import timedelta

from marketplace.core.work import Work

KEPT_FOR = timedelta(days=30)
DROPPED_AT_ONCE = 5_000

# What was paid or charged by a decision says which; the database keeps those whatever is asked of it here.
DROP = """
DELETE FROM surge_decision WHERE id IN (
    SELECT s.id FROM surge_decision s
    WHERE s.market_id = $1 AND s.decided_at < $2 AND s.percent = 0
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.surge_decision_id = s.id)
      AND NOT EXISTS (SELECT FROM surge_bonus b WHERE b.decision_id = s.id)
    ORDER BY s.decided_at LIMIT $3)
"""
MARKETS = "SELECT id FROM market ORDER BY id"


async def drop_old_decisions(work: Work) -> int:
    """Removes decisions of no surge that nobody looks at any more; returns how many of a bounded number there were."""
    dropped = 0
    for market in await work.fetch(MARKETS):
        dropped += await work.execute(DROP, market["id"], work.now - KEPT_FOR, DROPPED_AT_ONCE - dropped)
        if dropped >= DROPPED_AT_ONCE:
            break
    return dropped
