"""Where delay is what counts, a driver who will be free soon is planned with, and asked when free."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.matching import MatchMarket, PlanRequest, SolverPool
from marketplace.matching.snapshot import Snapshot, take_snapshot
from marketplace.routes.states import RouteState
from tests.builders import make_route
from tests.marketplace.matching.worlds import World, delivery_row, home_place, make_world

LEFT_S = 19 * 60
"""What a route of one delivery still takes, as the builder plans it."""
QUICK: dict[str, Any] = {"matching_objective": "delivery_delay", "driver_ahead_s": LEFT_S, "replan_after_s": 120}


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that is warm: a rolled-back test must not wait for its start with a transaction open."""
    with SolverPool(1, grace_s=60) as pool:
        pool.solve_now(PlanRequest(now=0, deliveries=(), drivers=(), durations_s=()), time_limit_s=1.0)
        yield pool


async def look(work: Work, world: World) -> Snapshot:
    await world.delivery(work)
    snapshot = await take_snapshot(work, market_id=world.market.id)
    assert snapshot is not None
    return snapshot


async def engage(work: Work, world: World) -> Any:
    """A driver under way to somebody's home, the second stop of two."""
    driver = await world.driver(work)
    return await make_route(
        work, world.market, [await world.delivery(work, 2)], driver=driver, state=RouteState.STARTED
    )


async def test_a_busy_driver_is_seen_where_and_when_the_route_ends(work: Work) -> None:
    world = await make_world(work, **QUICK)
    route, _ = await engage(work, world)

    snapshot = await look(work, world)

    (seen,) = snapshot.drivers
    assert (seen.id, seen.place) == (route.driver_id, home_place(2))
    assert seen.free_at == work.now + timedelta(seconds=LEFT_S)
    assert snapshot.busy == {route.driver_id}


@pytest.mark.parametrize("change", [{"driver_ahead_s": LEFT_S - 1}, {"matching_objective": "expected_cost"}])
async def test_later_than_the_market_looks_ahead_or_where_cost_counts_nobody_is_waited_for(
    work: Work, change: dict[str, Any]
) -> None:
    world = await make_world(work, **QUICK | change)
    await engage(work, world)

    snapshot = await look(work, world)

    assert (list(snapshot.drivers), snapshot.busy) == ([], set())


@pytest.mark.parametrize(("late_s", "later_s"), [(300, 300), (-300, 0)])
async def test_who_is_late_is_expected_late_and_who_is_early_not_early(work: Work, late_s: int, later_s: int) -> None:
    world = await make_world(work, **QUICK | {"driver_ahead_s": 3_600})
    _, stops = await engage(work, world)
    await work.execute(
        "UPDATE stop SET state = 'COMPLETED', ended_at = planned_departure + $2 WHERE id = $1",
        stops[0].id,
        timedelta(seconds=late_s),
    )

    (seen,) = (await look(work, world)).drivers

    assert seen.free_at == work.now + timedelta(seconds=LEFT_S + later_s)


async def test_what_waits_for_a_busy_driver_is_held_and_offered_once_the_driver_is_free(
    works: Works, clock: ManualClock, solver: SolverPool
) -> None:
    async with works.open() as work:
        world = await make_world(work, **QUICK)
        route, _ = await engage(work, world)
        waiting = await world.delivery(work)
    errand = MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id)

    held = await run_errand(works, errand)

    assert held is not None
    assert (list(held.route_ids), held.waiting) == ([], 1)
    async with works.open() as work:
        row = await delivery_row(work, waiting.id)
        assert (row["unassigned_reason"], row["plan_after"]) == ("HELD", clock.now + timedelta(seconds=120))

    clock.advance(seconds=LEFT_S)
    async with works.open() as work:
        await work.execute("UPDATE route SET state = 'COMPLETED', ended_at = $2 WHERE id = $1", route.id, work.now)
        await work.execute("UPDATE presence SET state = 'AVAILABLE' WHERE driver_id = $1", route.driver_id)
    offered = await run_errand(works, errand)

    assert offered is not None
    assert (len(offered.route_ids), offered.waiting) == (1, 0)


async def test_where_a_route_has_one_origin_its_parcels_are_loaded_together(works: Works, solver: SolverPool) -> None:
    async with works.open() as work:
        dials = {"one_origin_per_route": True, "pickup_service_s": 240, "dropoff_service_s": 60}
        world = await make_world(work, **QUICK | dials)
        await world.driver(work)
        for _ in range(3):
            await world.delivery(work)

    errand = MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id)
    plan = await run_errand(works, errand)

    assert plan is not None
    (route_id,) = plan.route_ids
    async with works.open() as work:
        stops = await work.fetch(
            "SELECT leg_s, planned_arrival, planned_departure FROM stop WHERE route_id = $1 ORDER BY place", route_id
        )
    leaves = stops[0]["planned_departure"]
    assert leaves - stops[0]["planned_arrival"] == timedelta(seconds=240)
    for number, stop in enumerate(stops[1:]):
        assert stop["planned_arrival"] == leaves + timedelta(seconds=stops[1]["leg_s"] + 60 * number)


@pytest.mark.parametrize(("waves", "is_offered"), [(0, False), (3, True)])
async def test_a_route_is_offered_as_many_waves_ahead_as_the_market_says(
    works: Works, solver: SolverPool, waves: int, is_offered: bool
) -> None:
    async with works.open() as work:
        world = await make_world(work, **QUICK | {"head_start_waves": waves})
        await world.driver(work)
        opens_at = work.now + timedelta(seconds=150)
        await world.delivery(work, pickup_opens_at=opens_at)

    plan = await run_errand(works, MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id))

    assert plan is not None
    assert bool(plan.route_ids) is is_offered


@pytest.mark.parametrize(("covers", "has_route"), [("route", False), ("pickups", True)])
async def test_a_shift_covers_what_the_market_says(
    works: Works, solver: SolverPool, covers: str, has_route: bool
) -> None:
    async with works.open() as work:
        world = await make_world(work, **QUICK | {"shift_end_covers": covers})
        driver = await world.driver(work)
        await world.delivery(work, 9)
        await work.execute(
            "UPDATE presence SET online_until = $2 WHERE driver_id = $1", driver.id, work.now + timedelta(minutes=5)
        )

    plan = await run_errand(works, MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id))

    assert plan is not None
    assert bool(plan.route_ids) is has_route
