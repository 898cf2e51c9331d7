"""A market is one zone until it is too large; then each zone is cut, joined and looked at without the others."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.matching import MatchMarket, MatchZone, SolverPool, wake_due, wake_near_driver, zones_of
from marketplace.matching.commit import CommittedPlan
from marketplace.matching.events import PlanningDue
from marketplace.matching.queries import INSIDE_ZONE
from marketplace.matching.zoning import FEWEST, Zone
from tests.marketplace.matching.cities import CENTRE, City, make_city, near

LIMIT = 20
TWO_ZONES = 36
"""So many deliveries take two zones, whichever shops they come from."""
OPEN_IN_ZONES = f"""
SELECT d.id, array_agg(z.id) AS zone_ids FROM delivery d JOIN matching_zone z ON {INSIDE_ZONE}
WHERE d.market_id = $1 AND d.state = 'SCHEDULED' GROUP BY d.id
"""
DELIVERIES = "SELECT * FROM delivery ORDER BY id"


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that has time, whatever else this machine does."""
    with SolverPool(1, grace_s=60) as pool:
        yield pool


class Matcher:
    """Looks at a city with straight lines for streets."""

    def __init__(self, works: Works, solver: SolverPool) -> None:
        self.works, self.solver, self.router = works, solver, StraightLineRouter()

    async def look(self, city: City) -> CommittedPlan | None:
        """One look at the market."""
        look = MatchMarket(router=self.router, solver=self.solver, market_id=city.market.id)
        return await run_errand(self.works, look)

    def at(self, zone: Zone, *, is_border: bool = False) -> MatchZone:
        """A look at a zone."""
        return MatchZone(router=self.router, solver=self.solver, zone_id=zone.id, is_border=is_border)

    async def look_at(self, zone: Zone, *, is_border: bool = False) -> CommittedPlan | None:
        """One look at a zone, from the snapshot to the commit."""
        return await run_errand(self.works, self.at(zone, is_border=is_border))

    async def zones(self, city: City) -> list[Zone]:
        """The zones as they are now."""
        async with self.works.open() as work:
            return await zones_of(work, market_id=city.market.id)

    async def due(self) -> list[tuple[UUID | None, int, bool]]:
        """What looks were asked for so far: zone, deliveries, whether across its borders."""
        async with self.works.open() as work:
            rows = await work.fetch(
                "SELECT (payload->>'zone_id')::uuid AS zone_id, (payload->>'delivery_count')::int AS count,"
                " (payload->>'is_border')::bool AS is_border FROM event WHERE name = 'PlanningDue' ORDER BY ordinal"
            )
        return [tuple(row) for row in rows]


@pytest.fixture
def matcher(works: Works, solver: SolverPool) -> Matcher:
    """A matcher on the works of this test."""
    return Matcher(works, solver)


async def city_of(works: Works, deliveries: int, *, drivers: int = 0, **dials: object) -> City:
    async with works.open() as work:
        city = await make_city(work, shops=30, radius_km=8, **{"zone_limit": LIMIT} | dials)
        await city.post(work, deliveries)
        if drivers:
            await city.bring_online(work, drivers)
        return city


async def sizes(work: Work, city: City) -> dict[UUID, int]:
    """How many open deliveries each zone holds; each delivery is in just one."""
    rows = await work.fetch(OPEN_IN_ZONES, city.market.id)
    assert all(len(row["zone_ids"]) == 1 for row in rows)
    assert len(rows) == await work.fetch_value("SELECT count(*) FROM delivery WHERE state = 'SCHEDULED'")
    found = [row["zone_ids"][0] for row in rows]
    return {zone_id: found.count(zone_id) for zone_id in found}


async def test_a_small_market_is_one_zone_that_nobody_set_up(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, LIMIT, drivers=10)

    plan = await matcher.look(city)

    assert plan is not None
    assert plan.route_ids
    (zone,) = await matcher.zones(city)
    assert zone.is_whole_market
    assert await matcher.due() == []


async def test_a_market_that_is_too_large_is_cut_and_each_zone_is_looked_at(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, 100)

    assert await matcher.look(city) is None

    zones = await matcher.zones(city)
    async with works.open() as work:
        held = await sizes(work, city)
    assert held.keys() == {zone.id for zone in zones}
    assert all(FEWEST * LIMIT <= count <= LIMIT for count in held.values())
    assert await matcher.due() == [(zone.id, held[zone.id], False) for zone in zones]


async def test_a_zone_that_is_too_full_is_cut_and_the_others_keep_their_rows(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, 60)
    await matcher.look(city)
    full, *others = await matcher.zones(city)
    async with works.open() as work:
        await work.execute(
            f"INSERT INTO delivery SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(),"
            f" 'external_id', gen_random_uuid(), 'dropoff_lat', d.dropoff_lat + 1e-7))).* FROM delivery d"
            f" JOIN matching_zone z ON {INSIDE_ZONE} WHERE z.id = $1",
            full.id,
        )

    assert await matcher.look_at(full) is None

    now = await matcher.zones(city)
    assert [zone for zone in now if zone in others] == others
    assert full not in now
    assert {zone.area.path[: len(full.area.path)] for zone in now if zone not in others} == {full.area.path}
    async with works.open() as work:
        assert max((await sizes(work, city)).values()) <= LIMIT


async def test_a_zone_that_holds_little_is_joined_with_its_neighbour(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, TWO_ZONES)
    await matcher.look(city)
    small, neighbour = await matcher.zones(city)
    async with works.open() as work:
        await work.execute(
            f"DELETE FROM delivery WHERE id IN (SELECT d.id FROM delivery d JOIN matching_zone z ON {INSIDE_ZONE}"
            " WHERE z.id = $1 ORDER BY d.id OFFSET 3)",
            small.id,
        )
        held = await sizes(work, city)
    assert held[small.id] == 3

    assert await matcher.look_at(small) is None

    assert 3 + held[neighbour.id] > LIMIT
    zones = await matcher.zones(city)
    async with works.open() as work:
        now = await sizes(work, city)
    assert (len(zones), sum(now.values())) == (2, 3 + held[neighbour.id])
    assert min(now.values()) >= LIMIT // 2
    assert (await matcher.due())[-2:] == [(zone.id, now[zone.id], False) for zone in zones]


async def test_zones_that_hold_little_become_one_again(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, TWO_ZONES)
    await matcher.look(city)
    one, _ = await matcher.zones(city)
    async with works.open() as work:
        await work.execute("DELETE FROM delivery WHERE id IN (SELECT id FROM delivery ORDER BY id OFFSET 4)")

    await matcher.look_at(one)

    (zone,) = await matcher.zones(city)
    assert zone.is_whole_market
    assert (await matcher.due())[-1] == (None, 4, False)


async def test_a_city_whose_day_is_over_is_one_zone_after_one_look(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, 200)
    await matcher.look(city)
    assert len(await matcher.zones(city)) > 8
    async with works.open() as work:
        await work.execute("DELETE FROM delivery WHERE id IN (SELECT id FROM delivery ORDER BY id OFFSET 3)")
        (first, *_) = await sizes(work, city)
    (zone,) = [zone for zone in await matcher.zones(city) if zone.id == first]

    await matcher.look_at(zone)

    (whole,) = await matcher.zones(city)
    assert whole.is_whole_market
    assert (await matcher.due())[-1] == (None, 3, False)


async def test_a_delivery_more_or_less_neither_cuts_nor_joins(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, LIMIT + 1, drivers=1)
    await matcher.look(city)
    zones = await matcher.zones(city)
    assert len(zones) == 2

    for _ in range(3):
        async with works.open() as work:
            await work.execute("DELETE FROM delivery WHERE id IN (SELECT id FROM delivery ORDER BY id LIMIT 1)")
        for zone in zones:
            await matcher.look_at(zone)

    assert await matcher.zones(city) == zones


async def test_a_plan_that_a_later_look_has_overtaken_is_dropped(matcher: Matcher, works: Works) -> None:
    """As when a process is stopped for longer than its lease: another takes its job, and then it goes on."""
    city = await city_of(works, LIMIT, drivers=10)
    look = MatchMarket(router=matcher.router, solver=matcher.solver, market_id=city.market.id)
    async with works.open() as work:
        old = await look.read(work)
    assert old is not None
    answer = await look.call(old)
    async with works.open() as work:
        assert await look.read(work) is not None
        before = await work.fetch(DELIVERIES)

    async with works.open() as work:
        plan = await look.record(work, old, answer)

        assert (plan.route_ids, plan.waiting, plan.is_overtaken) == ([], 0, True)
        assert await work.fetch(DELIVERIES) == before
        assert work.events == []


async def test_a_plan_of_a_zone_that_was_cut_meanwhile_is_dropped(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, LIMIT, drivers=10)
    look = MatchMarket(router=matcher.router, solver=matcher.solver, market_id=city.market.id)
    async with works.open() as work:
        old = await look.read(work)
    assert old is not None
    answer = await look.call(old)
    async with works.open() as work:
        await city.post(work, LIMIT)
    assert await matcher.look(city) is None
    assert len(await matcher.zones(city)) == 2

    async with works.open() as work:
        plan = await look.record(work, old, answer)

        assert (plan.route_ids, plan.is_overtaken) == ([], True)


async def test_a_zone_that_is_gone_is_not_looked_at(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, 2 * LIMIT, drivers=10)
    await matcher.look(city)
    zone, *_ = await matcher.zones(city)
    async with works.open() as work:
        await work.execute("DELETE FROM matching_zone WHERE id = $1", zone.id)

    assert await matcher.look_at(zone) is None


async def test_a_new_order_is_looked_at_in_its_zone_and_every_other_zone_stays_as_it_is(
    matcher: Matcher, works: Works, clock: ManualClock
) -> None:
    """All deliveries are held, as their shops open later: what is planned so far stands in their rows."""
    city = await city_of(works, 100, drivers=40, replan_after_s=86_400, zone_limit=30)
    async with works.open() as work:
        await work.execute(
            "UPDATE delivery SET pickup_opens_at = $1, pickup_closes_at = $2, dropoff_closes_at = $2",
            work.now + timedelta(hours=2),
            work.now + timedelta(hours=6),
        )
    await matcher.look(city)
    zones = await matcher.zones(city)
    for zone in zones:
        await matcher.look_at(zone)
    asked = await matcher.due()
    clock.advance(seconds=30)
    async with works.open() as work:
        before = {row["id"]: row for row in await work.fetch(DELIVERIES)}
        assert {row["unassigned_reason"] for row in before.values()} == {"HELD"}
        (new,) = await city.post(work, 1)
        await work.execute(
            "UPDATE delivery SET dropoff_closes_at = $2 WHERE id = $1", new, work.now + timedelta(hours=1)
        )

    await matcher.look(city)

    ((zone_id, count, is_border),) = (await matcher.due())[len(asked) :]
    assert (count, is_border) == (1, False)
    (touched,) = [zone for zone in zones if zone.id == zone_id]
    plan = await matcher.look_at(touched)
    assert plan is not None
    async with works.open() as work:
        after = {row["id"]: row for row in await work.fetch(DELIVERIES)}
        inside = {row["id"] for row in await work.fetch(OPEN_IN_ZONES, city.market.id) if row["zone_ids"] == [zone_id]}
        routed = await work.fetch_value("SELECT state FROM delivery WHERE id = $1", new)
    assert routed == "OFFERING"
    assert {key for key, row in before.items() if after[key] != row} <= inside
    assert await matcher.zones(city) == zones


async def test_what_is_due_asks_for_its_own_zone(matcher: Matcher, works: Works, clock: ManualClock) -> None:
    city = await city_of(works, 60)
    await matcher.look(city)
    async with works.open() as work:
        held = await sizes(work, city)
        work.events.clear()

        assert await wake_due(work) == 60

        woken = {event.zone_id: event.delivery_count for event in work.events if isinstance(event, PlanningDue)}
        assert woken == held


async def test_what_nobody_in_its_zone_could_take_is_due_across_the_borders(
    matcher: Matcher, works: Works, clock: ManualClock
) -> None:
    city = await city_of(works, 60)
    await matcher.look(city)
    zone, *_ = await matcher.zones(city)
    await matcher.look_at(zone)
    asked = len(await matcher.due())
    clock.advance(seconds=60)
    await matcher.look_at(zone)  # whatever else happens there meanwhile does not put it off
    clock.advance(seconds=60)

    async with works.open() as work:
        held = await sizes(work, city)
        await wake_due(work)

    assert ((await matcher.due())[asked:]).count((zone.id, held[zone.id], True)) == 1


async def test_a_delivery_at_a_border_finds_a_route_on_the_other_side(matcher: Matcher, works: Works) -> None:
    """The only driver has one trip to make: alone each zone's deliveries cost it, together they fit in one."""
    city = await city_of(works, TWO_ZONES)
    await matcher.look(city)
    one, other = await matcher.zones(city)
    async with works.open() as work:
        border = await work.fetch_row(
            f"SELECT d.id, d.pickup_lat, d.pickup_lon FROM delivery d JOIN matching_zone z ON {INSIDE_ZONE}"
            " WHERE z.id = $1 ORDER BY d.pickup_lat DESC LIMIT 1",
            one.id,
        )
        assert border is not None
        await work.execute(
            "UPDATE delivery SET unassigned_reason = CASE id WHEN $1 THEN 'NO_CAPACITY' ELSE 'HELD' END,"
            " plan_after = $2",
            border["id"],
            work.now + timedelta(hours=1),
        )
        before = {row["id"]: row for row in await work.fetch(DELIVERIES)}
        await city.bring_online(work, 3)

    plan = await matcher.look_at(one, is_border=True)

    assert plan is not None
    async with works.open() as work:
        after = {row["id"]: row for row in await work.fetch(DELIVERIES)}
        routed = {key for key, row in after.items() if row["state"] == "OFFERING"}
        left = {key for key, row in after.items() if row["state"] == "SCHEDULED"}
        zone_of = {row["id"]: row["zone_ids"][0] for row in await work.fetch(OPEN_IN_ZONES, city.market.id)}
    assert border["id"] in routed
    assert len(routed) > 1
    assert {key for key in left if after[key] != before[key]} == set()
    assert other.id in {zone_of[key] for key in left}


async def test_a_border_without_leftovers_is_not_looked_at(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, TWO_ZONES, drivers=3)
    await matcher.look(city)
    one, _ = await matcher.zones(city)

    assert await matcher.look_at(one, is_border=True) is None


async def test_a_driver_who_is_free_again_is_news_for_the_zones_close_by(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, 200)
    await matcher.look(city)
    zones = await matcher.zones(city)
    for zone in zones:
        await matcher.look_at(zone)
    asked = len(await matcher.due())
    async with works.open() as work:
        (driver_id,) = await city.bring_online(work, 1)
        place = near(city.draw, CENTRE, 0.01)
        await work.execute("UPDATE presence SET lat = $1, lon = $2", place.lat, place.lon)

        assert await wake_near_driver(work, driver_id=driver_id) == 3

    close = {zone_id for zone_id, _, _ in (await matcher.due())[asked:]}
    assert len(close) == 3
    around = {
        zone.id
        for zone in zones
        if zone.area.low[0] <= place.lat < zone.area.high[0] and zone.area.low[1] <= place.lon < zone.area.high[1]
    }
    assert around <= close


async def test_a_driver_is_no_news_for_a_market_that_is_one_zone(matcher: Matcher, works: Works) -> None:
    city = await city_of(works, 3)
    await matcher.look(city)

    async with works.open() as work:
        (driver_id,) = await city.bring_online(work, 1)

        assert await wake_near_driver(work, driver_id=driver_id) == 0
