"""Raises: a route that nobody took is offered for more, within a step, a cap per route and a budget per hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.markets import Dials

LAST_WAVE = "SELECT number, raise_minor FROM wave WHERE route_id = $1 ORDER BY number DESC LIMIT 1"
# What could still be paid out of the last hour's raises: routes that were taken with one, and those on offer with one.
SPENT = """
SELECT coalesce(sum(raise_minor), 0)::bigint FROM wave
WHERE market_id = $1 AND opened_at > $2 AND state IN ('OPEN', 'WON')
"""
LOCK_MARKET = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """What the next wave pays on top, and what is left of the hour's budget before it."""

    at: datetime
    raise_minor: int
    budget_left_minor: int


async def next_raise(
    work: Work, settings: Dials, route_id: UUID, *, is_final: bool = False, at: datetime | None = None
) -> Raise:
    """The raise of a route's next wave: none for the first, then step by step while cap and budget allow.

    With `is_final` the market's row is locked, so that two waves at once cannot spend the same budget.
    """
    moment = at or work.now
    last = await work.fetch_row(LAST_WAVE, route_id)
    paid = last["raise_minor"] if last else 0
    wanted = min(paid + settings.raise_step_minor, settings.raise_cap_minor) if last else 0
    if wanted and is_final:
        await work.execute(LOCK_MARKET, settings.market_id)
    spent = await work.fetch_value(SPENT, settings.market_id, moment - timedelta(hours=1)) if wanted else 0
    left = max(0, settings.raise_budget_per_hour_minor - spent)
    return Raise(at=moment, raise_minor=wanted if wanted <= left else min(paid, left), budget_left_minor=left)
