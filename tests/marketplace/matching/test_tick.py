"""One look at a market: what waits becomes routes for those who are free, or keeps the reason why not."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import cancel_delivery
from marketplace.batches.models import Delivery
from marketplace.batches.states import CancelReason
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind
from marketplace.matching import MatchMarket, SolverFailed, SolverPool
from marketplace.matching.commit import CommittedPlan
from marketplace.offers import explain_delivery
from marketplace.routes.states import RouteState
from marketplace.routing import NO_WAY, Matrix
from tests.builders import HUB_PLACE, make_hub, make_route
from tests.marketplace.matching.worlds import World, delivery_row, home_place, make_world, window
from tests.races.together import at_once
from tests.waiting import until

STOPS = "SELECT place, kind, lat, lon, leg_m, leg_s, state FROM stop WHERE route_id = $1 ORDER BY place"
TASKS = """
SELECT s.place, t.delivery_id FROM task t JOIN stop s ON s.id = t.stop_id WHERE s.route_id = $1
ORDER BY s.place, t.delivery_id
"""
TTL_S, REPLAN_S = 60, 120
PICKUP_SERVICE_S, DROPOFF_SERVICE_S = 60, 120


class River(StraightLineRouter):
    """Straight lines, but no way leads to the north of the river."""

    async def matrix(self, sources: Any, targets: Any = None, *, depart_at: datetime) -> Matrix:
        """The same, with what is cut off marked as such."""
        cells = await super().matrix(sources, targets, depart_at=depart_at)
        is_north = np.array([point.lat > HUB_PLACE.lat for point in sources])
        is_cut = is_north[:, None] != is_north[None, :]
        cells.durations_s[is_cut] = cells.distances_m[is_cut] = NO_WAY
        cells.is_reachable[is_cut] = False
        return cells


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that has time, whatever else this machine does."""
    with SolverPool(1, grace_s=60) as pool:
        yield pool


class Matcher:
    """Looks at markets with straight lines for streets."""

    def __init__(self, works: Works, solver: SolverPool, router: StraightLineRouter | None = None) -> None:
        self.works = works
        self.solver = solver
        self.router = router or StraightLineRouter()

    def errand(self, world: World) -> MatchMarket:
        return MatchMarket(router=self.router, solver=self.solver, market_id=world.market.id)

    async def look(self, world: World) -> CommittedPlan | None:
        return await run_errand(self.works, self.errand(world))

    async def only_route(self, world: World) -> UUID:
        """The one route that a look makes of everything that waits."""
        plan = await self.look(world)
        assert plan is not None
        assert plan.waiting == 0
        (route_id,) = plan.route_ids
        return route_id

    async def why(self, world: World, delivery: Delivery) -> tuple[str | None, datetime]:
        """Looks, writes no route, and returns the reason and the next look of a delivery."""
        plan = await self.look(world)
        assert plan is not None
        assert plan.route_ids == []
        async with self.works.open() as work:
            row = await delivery_row(work, delivery.id)
            assert (row["state"], row["route_id"], row["sequence"]) == ("SCHEDULED", None, delivery.sequence)
            return row["unassigned_reason"], row["plan_after"]


@pytest.fixture
def matcher(works: Works, solver: SolverPool) -> Matcher:
    """A matcher on the works of this test."""
    return Matcher(works, solver)


async def test_a_market_in_which_nothing_waits_needs_nobody(matcher: Matcher, works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)

    assert await matcher.look(world) is None


async def test_what_waits_at_one_hub_becomes_one_route(matcher: Matcher, works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        driver = await world.driver(work)
        posted = [await world.delivery(work, number) for number in (1, 2, 3)]

    route_id = await matcher.only_route(world)

    async with works.open() as work:
        stops = await work.fetch(STOPS, route_id)
        assert [(row["place"], row["kind"], row["state"]) for row in stops] == [
            (0, "PICKUP", "PENDING"),
            *((place, "DROPOFF", "PENDING") for place in (1, 2, 3)),
        ]
        assert [Point(lat=row["lat"], lon=row["lon"]) for row in stops] == [HUB_PLACE, *map(home_place, (1, 2, 3))]
        tasks = [(row["place"], row["delivery_id"]) for row in await work.fetch(TASKS, route_id)]
        assert tasks == sorted((0, one.id) for one in posted) + [(n, one.id) for n, one in enumerate(posted, start=1)]

        route = await work.fetch_row("SELECT * FROM route WHERE id = $1", route_id)
        assert route is not None
        assert (route["state"], route["version"], route["driver_id"]) == ("PLANNED", 1, None)
        assert (route["planned_driver_id"], route["market_id"]) == (driver.id, world.market.id)
        assert (route["currency"], route["policy_version"], route["is_degraded"]) == ("CLP", 1, True)
        assert route["starts_at"] == clock.now
        assert route["distance_m"] == sum(row["leg_m"] for row in stops)
        assert (stops[0]["leg_m"], stops[0]["leg_s"]) == (0, 0)
        service_s = 3 * PICKUP_SERVICE_S + 3 * DROPOFF_SERVICE_S
        assert route["duration_s"] == sum(row["leg_s"] for row in stops) + service_s
        for one in posted:
            row = await delivery_row(work, one.id)
            assert (row["state"], row["route_id"], row["unassigned_reason"]) == ("OFFERING", route_id, None)
            assert (row["sequence"], row["changed_at"]) == (one.sequence + 1, clock.now)


async def test_a_route_and_its_deliveries_are_told(matcher: Matcher, works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        posted = [await world.delivery(work, number) for number in (1, 2)]

    route_id = await matcher.only_route(world)

    async with works.open() as work:
        rows = await work.fetch("SELECT name, delivery_id, route_id, shipper_id FROM event ORDER BY name, delivery_id")
    assert [tuple(row) for row in rows] == [
        *(("DeliveryOffered", one, route_id, world.shipper.id) for one in sorted(delivery.id for delivery in posted)),
        ("RoutePlanned", None, route_id, None),
    ]


async def test_neighbours_in_one_house_are_handed_over_one_by_one(matcher: Matcher, works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        for _ in range(3):
            await world.delivery(work, 1)

    route_id = await matcher.only_route(world)

    async with works.open() as work:
        stops = await work.fetch(STOPS, route_id)
        places = [row["place"] for row in await work.fetch(TASKS, route_id)]
    assert [(row["kind"], row["leg_m"] > 0) for row in stops] == [
        ("PICKUP", False),
        ("DROPOFF", True),
        ("DROPOFF", False),
        ("DROPOFF", False),
    ]
    assert places == [0, 0, 0, 1, 2, 3]


async def test_hubs_are_stops_of_their_own(matcher: Matcher, works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        second = await make_hub(work, world.market, lat=home_place(1).lat, lon=home_place(1).lon)
        for number in (3, 4):
            await world.delivery(work, number)
            await world.delivery(work, number, pickup_lat=second.lat, pickup_lon=second.lon)

    route_id = await matcher.only_route(world)

    async with works.open() as work:
        stops = await work.fetch(STOPS, route_id)
        tasks = [row["place"] for row in await work.fetch(TASKS, route_id)]
    assert [row["kind"] for row in stops] == ["PICKUP", "PICKUP", *["DROPOFF"] * 4]
    assert tasks == [0, 0, 1, 1, 2, 3, 4, 5]


async def test_a_delivery_keeps_how_many_drivers_failed_which_rule(matcher: Matcher, works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        for changes in ({}, {}, {"skills": ["PHARMACY"], "capacity": [1, 100, 1]}):
            await world.driver(work, **changes)
        delivery = await world.delivery(work, 1, requirements=["PHARMACY"])

    assert (await matcher.why(world, delivery))[0] == "NO_CAPACITY"

    async with works.open() as work:
        kept = await work.fetch_value("SELECT unassigned_counts FROM delivery WHERE id = $1", delivery.id)
        assert orjson.loads(kept) == {"NO_SKILL": 2, "NO_CAPACITY": 1, "ABLE": 0}
        told = await explain_delivery(work, delivery_id=delivery.id, market_id=world.market.id)
        assert told["drivers_able"] == 0
        assert [(rule["code"], rule["drivers"], rule["words"]) for rule in told["failed_rules"]] == [
            ("NO_SKILL", 2, "2 drivers without a skill that it asks for."),
            ("NO_CAPACITY", 1, "1 driver without room for it."),
        ]


async def test_with_nobody_online_everything_waits_for_a_driver(
    matcher: Matcher, works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work)
        delivery = await world.delivery(work)

    assert await matcher.why(world, delivery) == ("NO_DRIVER", clock.now + timedelta(seconds=REPLAN_S))
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event") == 0


@pytest.mark.parametrize(
    ("reason", "of_delivery", "of_driver"),
    [
        ("NO_SKILL", {"requirements": ["PHARMACY"]}, {"skills": ["COLD"]}),
        ("NO_CAPACITY", {"load": [1, 1200, 801]}, {}),
        ("NO_CAPACITY", {}, {"capacity": [1, 1199, 800]}),
        ("OUT_OF_REACH", {}, {}),
    ],
)
async def test_what_nobody_can_carry_waits_with_its_reason(
    works: Works,
    solver: SolverPool,
    clock: ManualClock,
    reason: str,
    of_delivery: dict[str, Any],
    of_driver: dict[str, Any],
) -> None:
    matcher = Matcher(works, solver, River() if reason == "OUT_OF_REACH" else None)
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work, **of_driver)
        delivery = await world.delivery(work, **of_delivery)

    assert await matcher.why(world, delivery) == (reason, clock.now + timedelta(seconds=REPLAN_S))


async def test_what_cannot_be_handed_over_in_time_waits_with_its_window(
    matcher: Matcher, works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        delivery = await world.delivery(work, 9, **window(work, opens_min=0, closes_min=5))

    assert await matcher.why(world, delivery) == ("WINDOW", clock.now + timedelta(seconds=REPLAN_S))


async def test_a_reason_is_gone_when_there_is_a_route(matcher: Matcher, works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        delivery = await world.delivery(work, requirements=["PHARMACY"])
    assert (await matcher.why(world, delivery))[0] == "NO_SKILL"
    async with works.open() as work:
        able = await world.driver(work, skills=["PHARMACY"])

    route_id = await matcher.only_route(world)

    async with works.open() as work:
        row = await delivery_row(work, delivery.id)
        assert (row["route_id"], row["unassigned_reason"]) == (route_id, None)
        planned = await work.fetch_value("SELECT planned_driver_id FROM route WHERE id = $1", route_id)
        assert planned == able.id


async def test_a_route_is_held_until_there_is_just_time_to_ask_around(
    matcher: Matcher, works: Works, clock: ManualClock
) -> None:
    """The driver stands at the hub, which opens in two hours; asking three times takes three minutes."""
    async with works.open() as work:
        world = await make_world(work, replan_after_s=86_400)
        await world.driver(work)
        delivery = await world.delivery(
            work,
            **window(work, opens_min=120, closes_min=180, end="pickup") | window(work, opens_min=0, closes_min=300),
        )
    due_at = clock.now + timedelta(hours=2) - timedelta(seconds=3 * TTL_S)

    assert await matcher.why(world, delivery) == ("HELD", due_at)
    clock.advance(seconds=2 * 3600 - 3 * TTL_S - 1)
    assert await matcher.why(world, delivery) == ("HELD", due_at)

    clock.advance(seconds=1)
    route_id = await matcher.only_route(world)
    async with works.open() as work:
        starts_at = await work.fetch_value("SELECT starts_at FROM route WHERE id = $1", route_id)
        assert starts_at == clock.now + timedelta(seconds=3 * TTL_S)


async def test_a_held_delivery_is_looked_at_again_after_the_usual_pause(
    matcher: Matcher, works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        later = window(work, opens_min=120, closes_min=180, end="pickup") | window(work, opens_min=0, closes_min=300)
        delivery = await world.delivery(work, **later)

    assert await matcher.why(world, delivery) == ("HELD", clock.now + timedelta(seconds=REPLAN_S))


@pytest.mark.parametrize("state", [RouteState.OFFERING, RouteState.ASSIGNED, RouteState.STARTED])
async def test_what_is_offered_or_accepted_is_never_moved(matcher: Matcher, works: Works, state: RouteState) -> None:
    async with works.open() as work:
        world = await make_world(work)
        driver, other = await world.driver(work), await world.driver(work)
        route, _ = await make_route(work, world.market, [await world.delivery(work)], driver=driver, state=state)
        await world.delivery(work, 2)
        before = await written(work, route.id)

    route_id = await matcher.only_route(world)

    async with works.open() as work:
        assert await written(work, route.id) == before
        planned = await work.fetch_value("SELECT planned_driver_id FROM route WHERE id = $1", route_id)
        assert planned == other.id


async def written(work: Work, route_id: UUID) -> list[Any]:
    """Everything that is written of a route."""
    return [
        await work.fetch("SELECT * FROM route WHERE id = $1", route_id),
        await work.fetch("SELECT * FROM delivery WHERE route_id = $1", route_id),
        await work.fetch(STOPS, route_id),
        await work.fetch(TASKS, route_id),
    ]


async def test_a_delivery_that_was_called_off_meanwhile_takes_only_its_own_route_along(
    matcher: Matcher, works: Works
) -> None:
    async with works.open() as work:
        world = await make_world(work, route_max_stops=2)
        for _ in range(2):
            await world.driver(work)
        stays, goes = [await world.delivery(work, number) for number in (1, 2)]
    errand = matcher.errand(world)
    async with works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)
    assert len(answer.plan.routes) == 2
    async with works.open() as work:
        await cancel_delivery(
            work, shipper_id=world.shipper.id, delivery_id=goes.id, reason=CancelReason.SHIPPER_REQUESTED
        )

    async with works.open() as work:
        plan = await errand.record(work, found, answer)

    async with works.open() as work:
        assert [row["id"] for row in await work.fetch("SELECT id FROM route")] == plan.route_ids
        assert (await delivery_row(work, stays.id))["route_id"] == plan.route_ids[0]
        gone = await delivery_row(work, goes.id)
        assert (gone["state"], gone["route_id"]) == ("CANCELLED", None)
        assert await work.fetch_value("SELECT count(*) FROM task WHERE delivery_id = $1", goes.id) == 0


async def test_looks_at_the_same_moment_put_a_delivery_on_one_route(committed_works: Works, solver: SolverPool) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, route_max_stops=4)
        for _ in range(3):
            await world.driver(work)
        posted = {(await world.delivery(work, number)).id for number in range(1, 7)}
    errand = Matcher(committed_works, solver).errand(world)
    async with committed_works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)

    plans = await at_once(*[(committed_works, lambda work: errand.record(work, found, answer))] * 5)

    assert sorted(len(plan.route_ids) for plan in plans) == [0, 0, 0, 0, len(answer.plan.routes)]
    async with committed_works.open() as work:
        tasks = await work.fetch("SELECT delivery_id, count(*) AS count FROM task GROUP BY delivery_id")
    assert {row["delivery_id"]: row["count"] for row in tasks} == dict.fromkeys(posted, 2)


async def test_a_solver_that_dies_costs_this_look_and_nothing_more(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work, kind=ContractKind.CONTRACTED)
        delivery = await world.delivery(work)
    with SolverPool(1, grace_s=60) as solver:
        matcher = Matcher(works, solver)
        errand = matcher.errand(world)
        async with works.open() as work:
            found = await errand.read(work)
        assert found is not None
        await errand.call(found)  # now its process is up
        (process_id,) = solver.process_ids
        os.kill(process_id, signal.SIGSTOP)

        look = asyncio.create_task(matcher.look(world))
        await until(somebody_waits_for_a_solver)
        os.kill(process_id, signal.SIGKILL)
        with pytest.raises(SolverFailed, match="ask again") as failed:
            await look

        assert failed.value.retryable
        async with works.open() as work:
            row = await delivery_row(work, delivery.id)
            assert (row["state"], row["unassigned_reason"], row["plan_after"]) == ("SCHEDULED", None, clock.now)
            for table in ("route", "stop", "task", "event"):
                assert await work.fetch_value(f"SELECT count(*) FROM {table}") == 0
        await matcher.only_route(world)


def somebody_waits_for_a_solver() -> bool:
    """Whether a thread of this process has sent its question to a solver and reads the answer."""
    return any(
        frame.f_code.co_name == "_recv" and frame.f_code.co_filename.endswith("multiprocessing/connection.py")
        for frame in sys._current_frames().values()
    )
