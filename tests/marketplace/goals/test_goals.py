"""A goal is met or missed by the days before, where enough has happened; a miss waits, and is news once a period."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.attention import needs_attention
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.goals import (
    BadGoal,
    Goal,
    Measured,
    Metric,
    experience_goals,
    judge_goals,
    measure,
    set_experience_goal,
)
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import make_market, make_shipper

MONDAY = date(2026, 3, 2)
DAY_S = 86_400
NOTHING = dict.fromkeys(
    (
        "delivered",
        "on_time",
        "delivered_first",
        "attempted_first",
        "promised",
        "width_s",
        "eta_arrivals",
        "eta_error_s",
    ),
    0,
)
NEWS = "SELECT payload->>'last_day' FROM event WHERE name = 'ExperienceGoalMissed' ORDER BY ordinal"


@pytest.mark.parametrize(
    ("metric", "sums", "measured"),
    [
        (Metric.FIRST_ATTEMPT, {"delivered_first": 29, "attempted_first": 1}, (96.67, 30)),
        (Metric.ON_TIME, {"on_time": 3, "delivered": 4}, (75.0, 4)),
        (Metric.WINDOW_WIDTH, {"width_s": 25_200, "promised": 4}, (105.0, 4)),
        (Metric.ETA_ERROR, {"eta_error_s": 1_000, "eta_arrivals": 3}, (5.56, 3)),
        (Metric.ETA_ERROR, {"delivered": 3}, (None, 0)),
    ],
)
def test_each_metric_is_a_ratio_of_sums(
    metric: Metric, sums: dict[str, int], measured: tuple[float | None, int]
) -> None:
    found = measure(metric, NOTHING | sums)

    assert (found.actual, found.sample) == measured


@pytest.mark.parametrize(
    ("metric", "actual", "sample", "is_met"),
    [
        (Metric.ON_TIME, 95.0, 50, True),
        (Metric.ON_TIME, 94.99, 50, False),
        (Metric.ON_TIME, 10.0, 49, None),
        (Metric.ON_TIME, None, 0, None),
        (Metric.ETA_ERROR, 95.0, 50, True),
        (Metric.ETA_ERROR, 95.01, 50, False),
    ],
)
def test_percents_are_to_be_high_and_minutes_few(
    metric: Metric, actual: float | None, sample: int, is_met: bool | None
) -> None:
    assert Goal(metric=metric, target=95).is_met_by(Measured(actual=actual, sample=sample)) is is_met


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": 101},
        {"target": -1},
        {"metric": Metric.ETA_ERROR, "target": 1_441},
        {"period_days": 93},
        {"min_sample": 0},
    ],
)
def test_a_goal_outside_its_limits_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadGoal):
        Goal(**dict[str, Any](metric=Metric.ON_TIME, target=95) | wrong)


async def day(work: Work, market: Market, shipper: Shipper, when: date, *, delivered: int, on_time: int) -> None:
    """A day's figures as analytics keeps them, from two hubs."""
    for part in (1, delivered - 1):
        await work.execute(
            "INSERT INTO kpi_day (id, market_id, day, shipper_id, hub_id, delivered, on_time)"
            " VALUES (gen_random_uuid(), $1, $2, $3, gen_random_uuid(), $4, $5)",
            market.id, when, shipper.id, part, min(part, on_time) if part > 1 else 0,
        )  # fmt: skip


async def judge(works: Works, market: Market) -> int:
    """Judges as on a day whose figures are counted."""
    async with works.open() as work:
        await work.execute(
            "INSERT INTO kpi_head (market_id, looked_at) VALUES ($1, $2)"
            " ON CONFLICT (market_id) DO UPDATE SET looked_at = excluded.looked_at",
            market.id,
            work.now,
        )
        return await judge_goals(work, market_id=MarketId(market.id))


async def city(work: Work, **goal: Any) -> tuple[Market, Shipper]:
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    values: dict[str, Any] = {"metric": Metric.ON_TIME, "target": 90, "period_days": 3, "min_sample": 10}
    await set_experience_goal(work, shipper_id=shipper.id, market_id=market.id, goal=Goal(**values | goal))
    return market, shipper


async def test_a_goal_is_measured_over_its_period_and_held_against_the_one_before(work: Work) -> None:
    market, shipper = await city(work)
    for before, on_time in ((1, 9), (2, 7), (3, 8), (4, 4), (6, 4), (7, 0)):
        await day(work, market, shipper, MONDAY - timedelta(days=before), delivered=10, on_time=on_time)

    [found] = await experience_goals(work, shipper_id=shipper.id)

    assert (found.first_day, found.last_day) == (date(2026, 2, 27), date(2026, 3, 1))
    assert (found.measured.actual, found.measured.sample) == (80.0, 30)
    assert (found.is_met, found.change) == (False, 40.0)
    later = Goal(metric=Metric.ON_TIME, target=70, period_days=1)
    assert await set_experience_goal(work, shipper_id=shipper.id, market_id=market.id, goal=later) == 2
    [found] = await experience_goals(work, market_id=market.id)
    assert (found.goal.version, found.measured.actual, found.is_met) == (2, 90.0, None)
    with pytest.raises(BadGoal):
        await set_experience_goal(
            work, shipper_id=shipper.id, market_id=market.id, goal=later, effective_from=work.now - timedelta(1)
        )


async def test_a_miss_waits_for_a_person_and_is_news_once_a_period(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market, shipper = await city(work)
        for number in range(-3, 9):
            await day(work, market, shipper, MONDAY + timedelta(days=number), delivered=10, on_time=8)
    waiting = []

    for _ in range(9):
        for _ in range(2):
            assert await judge(works, market) == 1
        async with works.open() as work:
            waiting.append([(need.kind, need.reason) for need in await needs_attention(work, market_id=market.id)])
        clock.advance(seconds=DAY_S)

    assert waiting == [[("GOAL_MISSED", f"{shipper.name}: ON_TIME 80, 90 promised")]] * 9
    async with works.open() as work:
        assert [row[0] for row in await work.fetch(NEWS)] == ["2026-03-01", "2026-03-04", "2026-03-07"]
        assert await work.fetch_value("SELECT count(*) FROM experience_miss") == 1


async def test_what_is_met_again_waits_no_more_and_is_no_news_within_the_period(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        market, shipper = await city(work, period_days=2)
        for number, on_time in enumerate((5, 9, 9, 0, 0)):
            await day(work, market, shipper, MONDAY + timedelta(days=number - 1), delivered=10, on_time=on_time)
    missed, open_now = [], []

    for _ in range(4):
        missed.append(await judge(works, market))
        async with works.open() as work:
            open_now.append(await work.fetch_value("SELECT count(*) FROM experience_miss WHERE ended_at IS NULL"))
        clock.advance(seconds=DAY_S)

    # The first day is bad, then both are; the third makes it good, and then it is bad again: a period has passed.
    assert missed == open_now == [1, 1, 0, 1]
    async with works.open() as work:
        assert [row[0] for row in await work.fetch(NEWS)] == ["2026-03-01", "2026-03-04"]


async def test_nothing_is_judged_by_days_that_are_not_counted_or_by_too_few(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market, shipper = await city(work)
        await day(work, market, shipper, MONDAY - timedelta(days=1), delivered=9, on_time=2)
    few = await judge(works, market)
    async with works.open() as work:
        await day(work, market, shipper, MONDAY - timedelta(days=2), delivered=9, on_time=2)
        await due(work, market.id)

    uncounted = await judge(works, market)
    async with works.open() as work:
        await work.execute("DELETE FROM kpi_due")
    clock.advance(seconds=DAY_S)
    async with works.open() as work:
        not_looked = await judge_goals(work, market_id=MarketId(market.id))

    assert (few, uncounted, not_looked, await judge(works, market)) == (0, 0, 0, 1)


async def due(work: Work, market_id: UUID) -> None:
    await work.execute(
        "INSERT INTO kpi_due (id, market_id, day) VALUES ($1, $2, $3)", work.new_id(), market_id, MONDAY - timedelta(1)
    )
