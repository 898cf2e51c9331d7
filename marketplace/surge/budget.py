"""The budget of bonuses: what was promised in a window is never more than the operator has set for it."""

from datetime import UTC, datetime
from uuid import UUID

from marketplace.core.work import Work
from marketplace.markets import Dials

# A route that was called off before it was driven pays no bonus, so its share is free again.
PROMISED = """
SELECT coalesce(sum(b.bonus_minor), 0)::bigint FROM surge_bonus b JOIN route r ON r.id = b.route_id
WHERE b.market_id = $1 AND b.window_start = $2 AND r.state NOT IN ('DISSOLVED', 'CANCELLED')
"""
LOCK_MARKET = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"


def window_start(settings: Dials, at: datetime) -> datetime:
    """When the window of a moment began; windows follow each other without a gap, wherever the market is."""
    return datetime.fromtimestamp(int(at.timestamp()) // settings.surge_window_s * settings.surge_window_s, UTC)


async def budget_left(work: Work, settings: Dials) -> int:
    """What can still be promised in this window."""
    promised: int = await work.fetch_value(PROMISED, settings.market_id, window_start(settings, work.now))
    return max(0, settings.surge_budget_minor - promised)


async def lock_budget(work: Work, market_id: UUID) -> None:
    """Holds the market's row until the Work ends: two promises at once cannot spend the same."""
    await work.execute(LOCK_MARKET, market_id)
