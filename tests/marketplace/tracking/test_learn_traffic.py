"""A market learns from finished legs: each position counts once, time at stops does not, and routers follow."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from marketplace.adapters.routers import CachedRouter, GraphEngine, StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.markets.models import Market
from marketplace.routes.states import RouteState
from marketplace.routing import Fix, Traversal, read_traffic, released_traffic, slot_at
from marketplace.tracking import LearnTraffic, TrafficFollower
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.marketplace.adapters.small_cities import at, build_city, street

CITY = "Small City"


class Streets:
    """A street graph that matches in this process."""

    def __init__(self, folder: Path) -> None:
        self.engine = GraphEngine(build_city(folder, street("Main", (-3_000, 0), (3_000, 0))))

    async def match(self, tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:
        return self.engine.match(tracks)


class Drivers:
    """A market with a driver on a route, who drives at half the speed of an empty street."""

    def __init__(self, market: Market, driver_id: UUID, route_id: UUID, stop_ids: list[UUID]) -> None:
        self.market, self.driver_id, self.route_id, self.stop_ids = market, driver_id, route_id, stop_ids

    async def report(self, work: Work, since: datetime, *, fixes: int, step_m: float = 50.0) -> None:
        for number in range(fixes):
            place, moment = at(step_m * number, 0), since + timedelta(seconds=10 * number)
            await work.execute(
                "INSERT INTO position (market_id, driver_id, lat, lon, accuracy_m, occurred_at, received_at)"
                " VALUES ($1, $2, $3, $4, 5, $5, $5)",
                self.market.id, self.driver_id, place.lat, place.lon, moment,
            )  # fmt: skip

    async def visit(self, work: Work, number: int, arrived_at: datetime, ended_at: datetime | None) -> None:
        await work.execute(
            "UPDATE stop SET arrived_at = $2, ended_at = $3 WHERE id = $1", self.stop_ids[number], arrived_at, ended_at
        )


async def on_the_road(work: Work) -> Drivers:
    market = await make_market(work, city_pack=CITY)
    driver = await make_driver(work, market)
    shipper = await make_shipper(work, market)
    hub, batch = await make_hub(work, market), await make_batch(work, market, shipper)
    delivery = await make_delivery(work, market, shipper, hub, batch)
    route, stops = await make_route(work, market, [delivery], driver=driver, state=RouteState.STARTED)
    await work.execute("UPDATE route SET started_at = $2 WHERE id = $1", route.id, work.now)
    return Drivers(market, driver.id, route.id, [stop.id for stop in stops])


@pytest.fixture
def streets(tmp_path: Path) -> Streets:
    return Streets(tmp_path / "city")


async def learn(works: Works, drivers: Drivers, streets: Streets) -> int | None:
    return await run_errand(works, LearnTraffic(matcher=streets, market_id=drivers.market.id))


async def counted(works: Works, layer: str = "USUAL") -> tuple[float, float]:
    async with works.open() as work:
        row = await work.fetch_row(
            "SELECT coalesce(sum(free_s), 0) AS free, coalesce(sum(driven_s), 0) AS driven FROM speed_factor"
            " WHERE layer = $1",
            layer,
        )
    assert row is not None
    return row["free"], row["driven"]


async def test_a_finished_leg_is_learnt_from_once(works: Works, clock: ManualClock, streets: Streets) -> None:
    started_at = clock.now
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.report(work, started_at, fixes=11)
        await drivers.visit(work, 0, started_at + timedelta(seconds=100), started_at + timedelta(seconds=200))
    clock.advance(seconds=300)

    learnt, again = await learn(works, drivers, streets), await learn(works, drivers, streets)

    assert (learnt, again) == (11, None)
    assert await counted(works) == pytest.approx((50, 100), abs=0.5)
    async with works.open() as work:
        slots = await work.fetch("SELECT DISTINCT slot FROM speed_factor WHERE layer = 'USUAL'")
        assert [row["slot"] for row in slots] == [slot_at(started_at, drivers.market.time_zone)]
        assert await work.fetch_value("SELECT count(*) FROM position WHERE is_digested") == 11


async def test_a_leg_that_is_still_driven_is_waited_for(works: Works, clock: ManualClock, streets: Streets) -> None:
    started_at = clock.now
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.report(work, started_at, fixes=11)
    clock.advance(seconds=300)

    assert await learn(works, drivers, streets) is None

    async with works.open() as work:
        await drivers.visit(work, 0, started_at + timedelta(seconds=100), None)
    assert await learn(works, drivers, streets) == 11
    assert await counted(works) == pytest.approx((50, 100), abs=0.5)


async def test_time_at_a_stop_and_without_a_route_is_no_traffic(
    works: Works, clock: ManualClock, streets: Streets
) -> None:
    started_at = clock.now
    arrived_at, left_at = started_at + timedelta(seconds=100), started_at + timedelta(seconds=400)
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.visit(work, 0, arrived_at, left_at)
        await drivers.visit(work, 1, left_at + timedelta(seconds=100), left_at + timedelta(seconds=200))
        await work.execute(
            "UPDATE route SET state = 'COMPLETED', ended_at = $2 WHERE id = $1",
            drivers.route_id,
            left_at + timedelta(seconds=200),
        )
        await drivers.report(work, started_at - timedelta(seconds=300), fixes=20)
        await drivers.report(work, arrived_at + timedelta(seconds=10), fixes=29, step_m=1.0)
        await drivers.report(work, left_at + timedelta(seconds=210), fixes=20)
    clock.advance(seconds=3_600)

    assert await learn(works, drivers, streets) == 69
    assert await counted(works) == (0, 0)


async def test_two_who_learn_from_the_same_positions_count_them_once(
    works: Works, clock: ManualClock, streets: Streets
) -> None:
    started_at = clock.now
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.report(work, started_at, fixes=11)
        await drivers.visit(work, 0, started_at + timedelta(seconds=100), None)
    clock.advance(seconds=300)
    errand = LearnTraffic(matcher=streets, market_id=drivers.market.id)
    async with works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)

    counts = []
    for _ in range(2):
        async with works.open() as work:
            counts.append(await errand.record(work, found, answer))

    assert counts == [11, 0]
    assert await counted(works) == pytest.approx((50, 100), abs=0.5)


async def test_what_fails_half_way_is_learnt_the_next_time(works: Works, clock: ManualClock, streets: Streets) -> None:
    started_at = clock.now
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.report(work, started_at, fixes=11)
        await drivers.visit(work, 0, started_at + timedelta(seconds=100), None)
    clock.advance(seconds=300)
    errand = LearnTraffic(matcher=streets, market_id=drivers.market.id)
    async with works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)

    async def crash() -> None:
        async with works.open() as work:
            await errand.record(work, found, answer)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await crash()

    assert await counted(works) == (0, 0)
    assert await learn(works, drivers, streets) == 11


async def test_sums_fade_by_half_in_three_weeks_and_now_in_twenty_minutes(
    works: Works, clock: ManualClock, streets: Streets
) -> None:
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.report(work, work.now, fixes=11)
        await drivers.visit(work, 0, work.now + timedelta(seconds=100), work.now + timedelta(seconds=101))
    clock.advance(seconds=161)
    await learn(works, drivers, streets)
    before, live_before = await counted(works), await counted(works, "LIVE")

    clock.advance(seconds=21 * 86_400)
    async with works.open() as work:
        await drivers.report(work, work.now - timedelta(seconds=500), fixes=11)
        await drivers.visit(work, 1, work.now - timedelta(seconds=400), None)
    await learn(works, drivers, streets)

    after, live_after = await counted(works), await counted(works, "LIVE")
    # Three weeks later it is another hour of the same kind of day, in the same slot.
    assert after[1] == pytest.approx(100 + before[1] / 2, rel=0.01)
    assert live_after[1] < live_before[1]


async def test_routers_follow_what_was_learnt_and_forget_what_they_remember(
    works: Works, clock: ManualClock, streets: Streets
) -> None:
    started_at = clock.now
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.report(work, started_at, fixes=31)
        await drivers.visit(work, 0, started_at + timedelta(seconds=300), None)
    clock.advance(seconds=400)
    router = CachedRouter(StraightLineRouter())
    follower = TrafficFollower(works, router, city_pack=CITY)
    elsewhere = TrafficFollower(works, router, city_pack="another city")
    places = [at(0, 0), at(2_000, 0)]
    assert not await follower.look()
    free = await router.matrix(places, depart_at=clock.now)

    await learn(works, drivers, streets)

    assert not await elsewhere.look()
    assert await follower.look()
    assert not await follower.look()
    busy = await router.matrix(places, depart_at=clock.now)
    assert (free.traffic_version, busy.traffic_version, follower.version) == (0, 1, 1)
    assert busy.durations_s[0, 1] > 1.3 * free.durations_s[0, 1]


async def test_routers_are_bothered_every_five_minutes_at_most(
    works: Works, clock: ManualClock, streets: Streets
) -> None:
    async with works.open() as work:
        drivers = await on_the_road(work)
        await drivers.visit(work, 0, work.now + timedelta(hours=1), None)
    versions = []
    for _ in range(4):
        async with works.open() as work:
            await drivers.report(work, work.now, fixes=6)
        clock.advance(seconds=150)
        assert await learn(works, drivers, streets) == 6
        async with works.open() as work:
            versions.append((await released_traffic(work, market_ids=[drivers.market.id])).version)

    assert versions == [1, 1, 2, 2]


async def test_traffic_of_nobody_is_empty_streets(work: Work) -> None:
    market = await make_market(work)

    traffic = await read_traffic(work, market_ids=[market.id], time_zone=market.time_zone)

    assert (traffic.version, traffic.live_from, set(traffic.city.tolist())) == (0, None, {1.0})
