"""A delivery whose moment to be planned has come wakes the matcher once, and then again after the market's pause."""

from datetime import timedelta

import pytest

from marketplace.batches.states import DeliveryState, UnassignedReason
from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.matching import next_planning, wake_due
from marketplace.matching.events import PlanningDue
from marketplace.routes.states import RouteState
from tests.builders import make_route
from tests.marketplace.matching.worlds import delivery_row, make_world
from tests.races.together import at_once

PAUSE = timedelta(seconds=120)


async def test_what_is_due_wakes_its_market_once(work: Work) -> None:
    world, other = await make_world(work), await make_world(work)
    for _ in range(2):
        await world.delivery(work)
    await other.delivery(work)
    await other.delivery(work, plan_after=work.now + timedelta(microseconds=1))

    assert await wake_due(work) == 3

    counts = {event.market_id: event.delivery_count for event in work.events if isinstance(event, PlanningDue)}
    assert counts == {world.market.id: 2, other.market.id: 1}
    assert len(work.events) == 2


async def test_a_planner_that_is_away_is_not_asked_in_a_loop(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.delivery(work)
        assert await next_planning(work.connection) == clock.now

        assert await wake_due(work) == 1
        assert await wake_due(work) == 0
        assert await next_planning(work.connection) == clock.now + PAUSE

    clock.advance(seconds=PAUSE.total_seconds() - 1)
    async with works.open() as work:
        assert await wake_due(work) == 0
    clock.advance(seconds=1)
    async with works.open() as work:
        assert await wake_due(work) == 1
        assert await wake_due(work) == 0


async def test_each_market_has_a_pause_of_its_own(work: Work) -> None:
    quick, slow = await make_world(work, replan_after_s=10), await make_world(work, replan_after_s=600)
    soon, late = await quick.delivery(work), await slow.delivery(work)

    await wake_due(work)

    assert (await delivery_row(work, soon.id))["plan_after"] == work.now + timedelta(seconds=10)
    assert (await delivery_row(work, late.id))["plan_after"] == work.now + timedelta(seconds=600)


@pytest.mark.parametrize("reason", [None, *UnassignedReason])
async def test_it_keeps_its_reason_but_for_a_rest_that_is_over(work: Work, reason: UnassignedReason | None) -> None:
    world = await make_world(work)
    delivery = await world.delivery(work, unassigned_reason=reason.value if reason else None)

    await wake_due(work)

    row = await delivery_row(work, delivery.id)
    is_kept = reason not in {None, UnassignedReason.NOBODY_ACCEPTED, UnassignedReason.PAUSED}
    assert row["unassigned_reason"] == (reason.value if reason and is_kept else "HELD")
    assert (row["sequence"], row["changed_at"]) == (delivery.sequence, delivery.changed_at)


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.SCHEDULED])
async def test_only_what_waits_for_a_route_wakes_anybody(work: Work, state: DeliveryState) -> None:
    world = await make_world(work)
    route, _ = await make_route(work, world.market, [await world.delivery(work)], state=RouteState.DISSOLVED)
    await work.execute("UPDATE delivery SET state = $1, route_id = $2", state.value, route.id)

    assert await wake_due(work) == 0
    assert await next_planning(work.connection) is None
    assert work.events == []


async def test_the_soonest_come_first_and_a_batch_is_bounded(work: Work) -> None:
    world = await make_world(work)
    ages = {(await world.delivery(work, plan_after=work.now - timedelta(minutes=age))).id: age for age in (1, 3, 2)}

    assert await wake_due(work, limit=2) == 2

    left = await work.fetch("SELECT id FROM delivery WHERE plan_after <= $1", work.now)
    assert [ages[row["id"]] for row in left] == [1]
    assert await wake_due(work, limit=2) == 1
    assert await wake_due(work, limit=2) == 0


async def test_two_wakers_at_once_share_the_work(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work)
        for _ in range(6):
            await world.delivery(work)

    woken = await at_once(*[(committed_works, lambda work: wake_due(work, limit=2))] * 4)

    assert sum(woken) == 6
    async with committed_works.open() as work:
        told = await work.fetch(
            "SELECT (payload->>'delivery_count')::int AS count FROM event WHERE name = 'PlanningDue'"
        )
    assert sum(row["count"] for row in told) == 6
