"""What a market's dials say of its plans: how long loading takes, how early offers go out, what a shift covers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.errand import run_errand
from marketplace.core.work import Works
from marketplace.matching import MatchMarket, PlanRequest, SolverPool
from tests.marketplace.matching.worlds import make_world

QUICK: dict[str, Any] = {"matching_objective": "delivery_delay"}


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that is warm: a rolled-back test must not wait for its start with a transaction open."""
    with SolverPool(1, grace_s=60) as pool:
        pool.solve_now(PlanRequest(now=0, deliveries=(), drivers=(), durations_s=()), time_limit_s=1.0)
        yield pool


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
