"""Drivers who are free soon are planned for, and nothing is offered before it is due or before its driver is free."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import LocalWindow, PostBatch
from marketplace.billing import check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.matching import MatchMarket, SolverPool
from marketplace.matching.commit import CommittedPlan
from marketplace.matching.nearby import PLENTY
from marketplace.matching.snapshot import take_snapshot
from marketplace.matching.tick import LATE_BY
from marketplace.routes.states import RouteState
from tests.builders import HUB_PLACE, make_route
from tests.marketplace.batches.orders import TODAY, order
from tests.marketplace.matching.worlds import World, delivery_row, home_place, make_world, window
from tests.marketplace.rural.zones import make_zone

BUSY_FOR = timedelta(minutes=10)


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that has time, whatever else this machine does."""
    with SolverPool(1, grace_s=60) as pool:
        yield pool


async def busy_driver(work: Work, world: World, *, for_: timedelta = BUSY_FOR, **changes: Any) -> tuple[Driver, UUID]:
    """A driver who has picked up in time on a route that ends at the first home, and the route."""
    driver = await world.driver(work, **changes)
    route, stops = await make_route(
        work, world.market, [await world.delivery(work)], driver=driver, state=RouteState.STARTED
    )
    pickup, last = stops
    await work.execute("UPDATE stop SET state = 'COMPLETED', ended_at = planned_departure WHERE id = $1", pickup.id)
    await work.execute("UPDATE stop SET planned_departure = $2 WHERE id = $1", last.id, work.now + for_)
    return driver, route.id


async def seen(work: Work, world: World) -> list[tuple[UUID, datetime | None]]:
    """Whom a look would plan for, and from when."""
    snapshot = await take_snapshot(work, market_id=world.market.id)
    assert snapshot is not None
    return [(driver.id, driver.available_at) for driver in snapshot.drivers]


async def look(works: Works, world: World, solver: SolverPool) -> CommittedPlan:
    errand = MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id)
    plan = await run_errand(works, errand)
    assert plan is not None
    return plan


async def test_who_is_through_within_the_look_ahead_is_planned_for_at_the_last_stop(work: Work) -> None:
    world = await make_world(work, look_ahead_s=900)
    driver, _ = await busy_driver(work, world, for_=timedelta(minutes=15))
    await busy_driver(work, world, for_=timedelta(minutes=15, seconds=1))
    await world.delivery(work, 2)

    snapshot = await take_snapshot(work, market_id=world.market.id)

    assert snapshot is not None
    (found,) = snapshot.drivers
    assert (found.id, found.place, found.available_at) == (driver.id, home_place(1), work.now + timedelta(minutes=15))


async def test_a_market_that_does_not_look_ahead_plans_for_those_who_are_free(work: Work) -> None:
    world = await make_world(work, look_ahead_s=0)
    await busy_driver(work, world)
    await world.delivery(work, 2)

    assert await seen(work, world) == []


@pytest.mark.parametrize(
    ("free", "objective", "waits"),
    [
        (PLENTY - 1, "expected_cost", True),
        (PLENTY, "expected_cost", False),
        (PLENTY, "travel_time", False),
        (PLENTY, "delivery_delay", True),
    ],
)
async def test_where_free_drivers_are_plenty_nobody_waits_for_a_busy_one(
    work: Work, free: int, objective: str, waits: bool
) -> None:
    world = await make_world(work, matching_objective=objective)
    busy, _ = await busy_driver(work, world)
    for _ in range(free):
        await world.driver(work)
    await world.delivery(work, 2)

    assert (busy.id in {driver_id for driver_id, _ in await seen(work, world)}) is waits


async def test_whose_hours_end_with_the_route_is_not_planned_for(work: Work) -> None:
    world = await make_world(work)
    await busy_driver(work, world)
    await world.delivery(work, 2)
    await work.execute("UPDATE presence SET online_until = $1", work.now + BUSY_FOR)

    assert await seen(work, world) == []


async def test_a_driver_who_is_late_is_free_later(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        driver, route_id = await busy_driver(work, world)
        await world.delivery(work, 2)
        await work.execute(
            "UPDATE stop SET planned_departure = $2, ended_at = $3 WHERE route_id = $1 AND place = 0",
            route_id,
            work.now,
            work.now + timedelta(minutes=3),
        )
    clock.advance(seconds=180)

    async with works.open() as work:
        assert await seen(work, world) == [
            (driver.id, work.now - timedelta(minutes=3) + BUSY_FOR + timedelta(minutes=3))
        ]


async def test_a_driver_who_is_early_is_not_expected_early(work: Work) -> None:
    world = await make_world(work)
    driver, route_id = await busy_driver(work, world)
    await world.delivery(work, 2)
    await work.execute(
        "UPDATE stop SET planned_departure = ended_at + interval '5 minutes' WHERE route_id = $1 AND place = 0",
        route_id,
    )

    assert await seen(work, world) == [(driver.id, work.now + BUSY_FOR)]


async def test_a_driver_who_should_be_through_is_expected_any_moment(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        driver, _ = await busy_driver(work, world)
        await world.delivery(work, 2)
    clock.advance(seconds=3600)

    async with works.open() as work:
        assert await seen(work, world) == [(driver.id, work.now)]


async def test_a_route_for_a_busy_driver_is_held_until_the_driver_is_free(
    works: Works, solver: SolverPool, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work, replan_after_s=3600)
        driver, route_id = await busy_driver(work, world)
        delivery = await world.delivery(work, 2)

    plan = await look(works, world, solver)

    assert (list(plan.route_ids), plan.waiting) == ([], 1)
    async with works.open() as work:
        row = await delivery_row(work, delivery.id)
        assert (row["state"], row["unassigned_reason"]) == ("SCHEDULED", "HELD")
        assert work.now < row["plan_after"] <= work.now + BUSY_FOR
        await finish(work, route_id)
    clock.advance(seconds=60)

    plan = await look(works, world, solver)

    async with works.open() as work:
        (made,) = plan.route_ids
        planned = await work.fetch_value("SELECT planned_driver_id FROM route WHERE id = $1", made)
    assert planned == driver.id


async def finish(work: Work, route_id: UUID) -> None:
    """The driver is through, and free."""
    await work.execute("UPDATE route SET state = 'COMPLETED' WHERE id = $1", route_id)
    await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE route_id = $1", route_id)
    await work.execute("UPDATE presence SET state = 'AVAILABLE'")


async def test_a_driver_who_is_late_is_waited_for_without_looking_all_the_time(
    works: Works, solver: SolverPool, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work, replan_after_s=3600)
        await busy_driver(work, world)
        delivery = await world.delivery(work, 2)
    clock.advance(seconds=3600)

    await look(works, world, solver)

    async with works.open() as work:
        assert (await delivery_row(work, delivery.id))["plan_after"] == work.now + LATE_BY


async def test_who_is_free_now_is_taken_where_waiting_for_another_makes_it_late(
    works: Works, solver: SolverPool
) -> None:
    """The busy driver ends next door, and too late for the window."""
    async with works.open() as work:
        world = await make_world(work)
        await busy_driver(work, world)
        free = await world.driver(work, place=home_place(3))
        await world.delivery(work, 2, **window(work, opens_min=0, closes_min=14))

    plan = await look(works, world, solver)

    async with works.open() as work:
        (made,) = plan.route_ids
        planned = await work.fetch_value("SELECT planned_driver_id FROM route WHERE id = $1", made)
    assert planned == free.id


@pytest.mark.parametrize("opens_min", [20, 45, 90])
async def test_nothing_is_offered_before_it_is_due(
    works: Works, solver: SolverPool, clock: ManualClock, opens_min: int
) -> None:
    """Whenever somebody looks, however often: the offer goes out three answers before the driver must leave."""
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work, place=home_place(3))
        await world.delivery(
            work,
            **window(work, opens_min=opens_min, closes_min=opens_min + 60, end="pickup")
            | window(work, opens_min=0, closes_min=opens_min + 120),
        )
        posted_at = work.now
        ready_at = posted_at + timedelta(minutes=opens_min)
        cells = await StraightLineRouter().matrix([home_place(3)], [HUB_PLACE], depart_at=posted_at)
        due_at = ready_at - timedelta(seconds=int(cells.durations_s[0, 0]) + 3 * world.market.offer_ttl_s)

    while clock.now < due_at - timedelta(seconds=1):
        assert list((await look(works, world, solver)).route_ids) == []
        step = min(timedelta(minutes=7), due_at - timedelta(seconds=1) - clock.now)
        clock.advance(seconds=step.total_seconds())
    assert list((await look(works, world, solver)).route_ids) == []
    clock.advance(seconds=1)

    assert len((await look(works, world, solver)).route_ids) == 1


async def test_a_market_on_demand_pairs_single_trips_for_the_least_delay(works: Works, solver: SolverPool) -> None:
    """Two kitchens and two drivers: bundled over both, one driver would be cheaper."""
    async with works.open() as work:
        world = await make_world(
            work, matching_objective="delivery_delay", one_origin_per_route=True, route_fixed_cost_minor=100_000
        )
        kitchen = home_place(1)
        for place in (HUB_PLACE, kitchen):
            await world.driver(work, place=place)
        await world.delivery(work, 2)
        await world.delivery(work, 2, pickup_lat=kitchen.lat, pickup_lon=kitchen.lon)

    plan = await look(works, world, solver)

    async with works.open() as work:
        stops = await work.fetch("SELECT route_id, count(*) FROM stop GROUP BY route_id")
    assert sorted(row["route_id"] for row in stops) == sorted(plan.route_ids)
    assert [row["count"] for row in stops] == [2, 2]


async def test_what_waits_is_weighed_once_while_everybody_is_busy_and_again_when_somebody_is_free(
    works: Works, solver: SolverPool, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work)
        _, route_id = await busy_driver(work, world)
        waits = await world.delivery(work, 2)
    errand = MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id)
    assert (await weighed(works, errand)) == {str(waits.id)}
    clock.advance(seconds=60)
    async with works.open() as work:
        new = await world.delivery(work, 3)

    assert (await weighed(works, errand)) == {str(new.id)}
    assert (await weighed(works, errand)) == set()

    async with works.open() as work:
        rows = [await delivery_row(work, one.id) for one in (waits, new)]
        assert [row["unassigned_reason"] for row in rows] == ["HELD", "HELD"]
        # Both rest until one and the same moment.
        assert [row["plan_after"] for row in rows] == [work.now + timedelta(seconds=world.market.replan_after_s)] * 2
        await finish(work, route_id)
    assert (await weighed(works, errand)) == {str(waits.id), str(new.id)}


async def weighed(works: Works, errand: MatchMarket) -> set[str]:
    """The deliveries of which a look makes a plan, or says why not."""
    async with works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)
    async with works.open() as work:
        await errand.record(work, found, answer)
    plan = answer.plan
    return {step.delivery_id for route in plan.routes for step in route.steps} | {
        one.delivery_id for one in plan.unassigned
    }


async def test_deliveries_of_a_rural_zone_posted_on_different_days_wait_for_one_route(
    works: Works, clock: ManualClock, solver: SolverPool
) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await make_zone(work, world.market.id)
    look = MatchMarket(router=StraightLineRouter(), solver=solver, market_id=world.market.id)

    # What lies at the hub since Monday is not planned before the others, either.
    thursday = LocalWindow(opens=datetime(2026, 3, 5, 9), closes=datetime(2026, 3, 5, 18))
    planned = []
    for day, windows in (("monday", (TODAY, thursday)), ("tuesday", (None, None)), ("wednesday", (None, None))):
        row = order(day, hub_id=world.hub.id, pickup_window=windows[0], dropoff_window=windows[1])
        errand = PostBatch(
            router=StraightLineRouter(),
            gate=check_credit,
            shipper_id=world.shipper.id,
            market_id=world.market.id,
            requests=[row],
        )
        await run_errand(works, errand)
        planned.append(await run_errand(works, look))
        clock.advance(seconds=86_400)
    clock.now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    async with works.open() as work:
        for _ in range(2):
            await world.driver(work)
    plan = await run_errand(works, look)

    assert planned == [None, None, None]
    assert plan is not None
    assert len(plan.route_ids) == 1
    async with works.open() as work:
        rows = await work.fetch("SELECT external_id, state, dropoff_opens_at FROM delivery ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (day, "OFFERING", datetime(2026, 3, 5, 12, tzinfo=UTC)) for day in ("monday", "tuesday", "wednesday")
    ]
