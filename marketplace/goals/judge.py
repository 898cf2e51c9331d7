"""Looks whether goals are met, once their days are counted: a miss waits for a person and is told once a period.

A miss stays open for as long as the goal is missed. It is told when it begins, and again after each period that it
goes on; one that ends and comes back within the period is open again, but no news.
"""

from datetime import date, timedelta
from uuid import UUID

from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.goals.events import ExperienceGoalMissed
from marketplace.goals.goal import LONGEST_PERIOD_DAYS
from marketplace.goals.track import TrackedGoal, experience_goals

# Yesterday is counted when its events have been looked through since its end, and no day of the periods is due.
IS_COUNTED = """
SELECT (k.looked_at AT TIME ZONE m.time_zone)::date > $2::date
   AND NOT EXISTS (SELECT FROM kpi_due d WHERE d.market_id = $1 AND d.day BETWEEN $2::date - $3::int AND $2)
FROM market m JOIN kpi_head k ON k.market_id = m.id WHERE m.id = $1
"""
YESTERDAY = "SELECT ($2::timestamptz AT TIME ZONE time_zone)::date - 1 FROM market WHERE id = $1"
END_MET = """
UPDATE experience_miss SET ended_at = $2
WHERE market_id = $1 AND ended_at IS NULL AND NOT (shipper_id::text || metric = ANY($3))
"""
TOLD = """
SELECT max(told_day) FROM experience_miss WHERE market_id = $1 AND shipper_id = $2 AND metric = $3 AND told_day > $4
"""
OPEN = """
INSERT INTO experience_miss (id, market_id, shipper_id, metric, goal_id, since_day, told_day, actual, sample,
    created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (market_id, shipper_id, metric) WHERE ended_at IS NULL
DO UPDATE SET goal_id = excluded.goal_id, told_day = excluded.told_day, actual = excluded.actual,
              sample = excluded.sample
RETURNING id
"""


async def judge_goals(work: Work, *, market_id: MarketId) -> int:
    """Judges the goals of a market by its last whole day, any number of times; returns how many are missed."""
    last: date | None = await work.fetch_value(YESTERDAY, market_id, work.now)
    if last is None or not await work.fetch_value(IS_COUNTED, market_id, last, 2 * LONGEST_PERIOD_DAYS):
        return 0
    goals = await experience_goals(work, market_id=market_id, last_day=last)
    missed = [one for one in goals if one.is_met is False]
    await work.execute(END_MET, market_id, work.now, [f"{one.shipper_id}{one.goal.metric}" for one in missed])
    for one in missed:
        await _open(work, one)
    return len(missed)


async def _open(work: Work, one: TrackedGoal) -> None:
    assert one.measured.actual is not None, "what is missed was measured"
    about = (one.market_id, one.shipper_id, one.goal.metric.value)
    told: date | None = await work.fetch_value(TOLD, *about, one.last_day - timedelta(days=one.goal.period_days))
    figures = (one.measured.actual, one.measured.sample, work.now)
    miss_id: UUID = await work.fetch_value(
        OPEN, work.new_id(), *about, one.goal_id, one.last_day, told or one.last_day, *figures
    )
    if told is None:
        work.emit(
            ExperienceGoalMissed(
                market_id=one.market_id,
                of_shipper_id=one.shipper_id,
                miss_id=miss_id,
                metric=one.goal.metric.value,
                target=one.goal.target,
                actual=one.measured.actual,
                sample=one.measured.sample,
                last_day=one.last_day.isoformat(),
            )
        )
