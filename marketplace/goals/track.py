"""How goals stand: read from the figures of days alone, never from what is under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.goals.goal import DECIMALS, Goal, Measured, Metric, measure

GOALS_AT_MOST = 1_000
# Of each goal the version in force at a moment.
GOALS = """
SELECT g.*, s.name AS shipper_name, m.time_zone FROM (
    SELECT DISTINCT ON (shipper_id, market_id, metric) * FROM experience_goal
    WHERE ($1::uuid IS NULL OR market_id = $1) AND ($2::uuid IS NULL OR shipper_id = $2) AND effective_from <= $3
    ORDER BY shipper_id, market_id, metric, effective_from DESC, version DESC) g
JOIN shipper s ON s.id = g.shipper_id JOIN market m ON m.id = g.market_id
WHERE NOT g.is_withdrawn ORDER BY g.market_id, g.shipper_id, g.metric LIMIT $4
"""
SUMS = """
SELECT coalesce(sum(k.delivered_first), 0)::bigint AS delivered_first,
       coalesce(sum(k.attempted_first), 0)::bigint AS attempted_first,
       coalesce(sum(k.delivered), 0)::bigint AS delivered, coalesce(sum(k.on_time), 0)::bigint AS on_time,
       max(e.promised) AS promised, max(e.width_s) AS width_s, max(e.eta_arrivals) AS eta_arrivals,
       max(e.eta_error_s) AS eta_error_s
FROM (SELECT coalesce(sum(promised), 0)::bigint AS promised, coalesce(sum(width_s), 0)::bigint AS width_s,
             coalesce(sum(eta_arrivals), 0)::bigint AS eta_arrivals,
             coalesce(sum(eta_error_s), 0)::bigint AS eta_error_s
      FROM experience_day WHERE market_id = $1 AND shipper_id = $2 AND day BETWEEN $3 AND $4) e
LEFT JOIN kpi_day k ON k.market_id = $1 AND k.shipper_id = $2 AND k.day BETWEEN $3 AND $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedGoal:
    """A goal and what has come of it from `first_day` to `last_day`, both included.

    `is_met` is None where the sample is too small; `change` is how much more it is than over as many days before.
    """

    goal_id: UUID
    market_id: UUID
    shipper_id: UUID
    shipper_name: str
    goal: Goal
    effective_from: datetime
    first_day: date
    last_day: date
    measured: Measured
    is_met: bool | None
    change: float | None


async def experience_goals(
    work: Work, *, market_id: UUID | None = None, shipper_id: UUID | None = None, last_day: date | None = None
) -> list[TrackedGoal]:
    """The goals in force of a shipper, or of all of a market, measured up to yesterday or an earlier local day."""
    assert market_id is not None or shipper_id is not None, "goals are somebody's"
    rows = await work.fetch(GOALS, market_id, shipper_id, work.now, GOALS_AT_MOST)
    return [await _track(work, row, last_day or yesterday(work.now, row["time_zone"])) for row in rows]


def yesterday(now: datetime, time_zone: str) -> date:
    """The last local day that is over."""
    return now.astimezone(zone(time_zone)).date() - timedelta(days=1)


async def _track(work: Work, row: asyncpg.Record, last: date) -> TrackedGoal:
    goal = Goal(
        metric=Metric(row["metric"]),
        **{name: row[name] for name in ("target", "period_days", "min_sample", "is_withdrawn", "version")},
    )
    first = last - timedelta(days=goal.period_days - 1)
    measured = measure(goal.metric, await _sums(work, row, first, last))
    before = measure(
        goal.metric, await _sums(work, row, first - timedelta(days=goal.period_days), first - timedelta(1))
    )
    change = None
    if measured.actual is not None and before.actual is not None:
        change = round(measured.actual - before.actual, DECIMALS)
    return TrackedGoal(
        goal_id=row["id"],
        market_id=row["market_id"],
        shipper_id=row["shipper_id"],
        shipper_name=row["shipper_name"],
        goal=goal,
        effective_from=row["effective_from"],
        first_day=first,
        last_day=last,
        measured=measured,
        is_met=goal.is_met_by(measured),
        change=change,
    )


async def _sums(work: Work, row: asyncpg.Record, first: date, last: date) -> Mapping[str, int]:
    sums = await work.fetch_row(SUMS, row["market_id"], row["shipper_id"], first, last)
    if sums is None:
        raise NotFound("there are no figures")
    return dict(sums)
