"""Raises: a route that nobody took is offered for more, within a step, a cap per route and a budget per hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.markets import Dials

RAISES_AT_MOST = 20
"""So many steps are weighed, and the cap."""

LAST_RAISE = "SELECT raise_minor FROM wave WHERE route_id = $1 ORDER BY number DESC LIMIT 1"
# What could still be paid out of the last hour's raises: routes that were taken with one, and those on offer with one.
SPENT = """
SELECT coalesce(sum(raise_minor), 0)::bigint FROM wave
WHERE market_id = $1 AND opened_at > $2 AND state IN ('OPEN', 'WON')
"""
LOCK_MARKET = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raises:
    """What the next wave may pay on top, lowest first, and what is left of the hour's budget before it."""

    at: datetime
    allowed: Sequence[int]
    budget_left_minor: int


async def allowed_raises(work: Work, settings: Dials, route_id: UUID) -> Raises:
    """The raises that a route's next wave may pay: none for the first, then what was paid and every step up to the cap.

    What is beyond the hour's budget is left out. A raise never falls again, unless the budget no longer carries it.
    """
    last = await work.fetch_value(LAST_RAISE, route_id)
    if last is None:
        return Raises(at=work.now, allowed=[0], budget_left_minor=settings.raise_budget_per_hour_minor)
    left = await budget_left(work, settings)
    step, cap = settings.raise_step_minor, settings.raise_cap_minor
    wanted = [*range(last, cap, step)[:RAISES_AT_MOST], cap] if step and last < cap else [last]
    carried = sorted({one for one in wanted if one <= left}) or [min(last, left)]
    return Raises(at=work.now, allowed=carried, budget_left_minor=left)


async def lock_budget(work: Work, settings: Dials) -> int:
    """What is left of the hour's budget, with the market's row locked: two waves at once cannot spend the same."""
    await work.execute(LOCK_MARKET, settings.market_id)
    return await budget_left(work, settings)


async def budget_left(work: Work, settings: Dials) -> int:
    """What is left of the last hour's budget for raises."""
    spent: int = await work.fetch_value(SPENT, settings.market_id, work.now - timedelta(hours=1))
    return max(0, settings.raise_budget_per_hour_minor - spent)
