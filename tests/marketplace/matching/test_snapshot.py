"""The matcher looks at deliveries that want a route now and at drivers who are free now, and at nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.batches.states import SKILLS, DeliveryState, Requirement, UnassignedReason
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet import AccountState, ContractKind, PresenceState
from marketplace.markets import set_pay_policy
from marketplace.matching.nearby import DRIVERS_AT_ONCE
from marketplace.matching.snapshot import FULL_ZONES_AT_ONCE, Snapshot, take_snapshot
from marketplace.routes.states import RouteState
from tests.builders import HUB_PLACE, PAY_RATES, make_hub, make_route
from tests.marketplace.matching.worlds import World, home_place, make_world

RESTING = {UnassignedReason.NOBODY_ACCEPTED, UnassignedReason.PAUSED}
LOOKED_AT_AGAIN = [reason for reason in UnassignedReason if reason not in RESTING]
LATER = timedelta(hours=1)
ENDED = {RouteState.COMPLETED, RouteState.DISSOLVED, RouteState.CANCELLED}


async def look(work: Work, world: World) -> Snapshot:
    snapshot = await take_snapshot(work, market_id=world.market.id)
    assert snapshot is not None
    return snapshot


async def is_wanted(work: Work, world: World) -> bool:
    return await take_snapshot(work, market_id=world.market.id) is not None


async def is_free(work: Work, world: World) -> bool:
    """Whether the one driver of a world would be asked; something waits, so that there is a look at all."""
    await world.delivery(work)
    return bool((await look(work, world)).drivers)


async def test_a_market_in_which_nothing_waits_is_not_looked_at(work: Work) -> None:
    world = await make_world(work)
    await world.driver(work)

    assert not await is_wanted(work, world)


async def test_a_delivery_is_seen_as_it_is(work: Work) -> None:
    world = await make_world(work)
    posted = await world.delivery(work, requirements=["COLD", "PIN_AT_DROPOFF"], priority=7, sequence=3)

    (seen,) = (await look(work, world)).deliveries

    assert (seen.id, seen.sequence, seen.priority) == (posted.id, 3, 7)
    assert (seen.pickup, seen.dropoff) == (HUB_PLACE, home_place(1))
    assert (seen.pickup_opens_at, seen.pickup_closes_at) == (posted.pickup_opens_at, posted.pickup_closes_at)
    assert (seen.dropoff_opens_at, seen.dropoff_closes_at) == (posted.dropoff_opens_at, posted.dropoff_closes_at)
    assert (list(seen.load), list(seen.skills), seen.created_at) == ([1, 1200, 8, 0], ["COLD"], posted.created_at)


async def test_of_what_a_delivery_asks_for_only_skills_choose_the_driver(work: Work) -> None:
    world = await make_world(work)
    await world.delivery(work, requirements=[requirement.value for requirement in Requirement])

    (seen,) = (await look(work, world)).deliveries

    assert set(seen.skills) == {skill.value for skill in SKILLS}


async def test_a_delivery_waits_until_it_is_to_be_planned(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.delivery(work, plan_after=work.now + LATER)
        assert not await is_wanted(work, world)

    clock.advance(seconds=LATER.total_seconds())
    async with works.open() as work:
        assert await is_wanted(work, world)


@pytest.mark.parametrize("reason", LOOKED_AT_AGAIN)
async def test_one_that_could_not_be_planned_is_looked_at_each_time(work: Work, reason: UnassignedReason) -> None:
    world = await make_world(work)
    await world.delivery(work, plan_after=work.now + LATER, unassigned_reason=reason.value)

    assert await is_wanted(work, world)


async def test_one_that_nobody_accepted_rests(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.delivery(work, plan_after=work.now + LATER, unassigned_reason="NOBODY_ACCEPTED")
        assert not await is_wanted(work, world)

    clock.advance(seconds=LATER.total_seconds())
    async with works.open() as work:
        assert await is_wanted(work, world)


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.SCHEDULED])
async def test_a_delivery_that_is_on_its_way_or_over_wants_no_route(work: Work, state: DeliveryState) -> None:
    world = await make_world(work)
    route, _ = await make_route(work, world.market, [await world.delivery(work)], state=RouteState.DISSOLVED)
    await work.execute("UPDATE delivery SET state = $1, route_id = $2", state.value, route.id)

    assert not await is_wanted(work, world)


async def test_another_market_is_not_looked_at(work: Work) -> None:
    world, other = await make_world(work), await make_world(work)
    await other.delivery(work)
    await other.driver(work)
    assert not await is_wanted(work, world)

    await world.delivery(work)

    snapshot = await look(work, world)
    assert (len(snapshot.deliveries), list(snapshot.drivers)) == (1, [])


async def test_the_most_urgent_come_first(work: Work) -> None:
    world = await make_world(work)
    late = await world.delivery(work, dropoff_closes_at=work.now + 2 * LATER)
    soon = await world.delivery(work, dropoff_closes_at=work.now + LATER)
    dear = await world.delivery(work, dropoff_closes_at=work.now + 3 * LATER, priority=1)

    assert [seen.id for seen in (await look(work, world)).deliveries] == [dear.id, soon.id, late.id]


async def test_one_look_takes_in_a_bounded_number_of_deliveries(work: Work) -> None:
    world = await make_world(work)
    one = await world.delivery(work)
    columns = ", ".join(name for name in type(one)._meta.fields_map if name not in {"id", "external_id", "priority"})
    await work.execute(
        f"INSERT INTO delivery (id, external_id, priority, {columns})"
        f" SELECT gen_random_uuid(), 'copy-' || i, 1, {columns} FROM delivery, generate_series(1, $1) AS i",
        FULL_ZONES_AT_ONCE * world.market.zone_limit,
    )

    seen = {delivery.id for delivery in (await look(work, world)).deliveries}

    assert len(seen) == FULL_ZONES_AT_ONCE * world.market.zone_limit
    assert one.id not in seen


async def test_a_driver_is_seen_as_the_matcher_needs(work: Work) -> None:
    world = await make_world(work, route_max_stops=10)
    driver = await world.driver(work, kind=ContractKind.CONTRACTED, skills=["COLD"], max_stops=30)
    await world.delivery(work)

    (seen,) = (await look(work, world)).drivers

    assert (seen.id, seen.kind, seen.place) == (driver.id, ContractKind.CONTRACTED, HUB_PLACE)
    assert (list(seen.capacity), list(seen.skills)) == ([30, 200_000, 800, 0], ["COLD"])
    assert (seen.max_stops, seen.online_until) == (10, work.now + timedelta(hours=8))


async def test_a_driver_may_want_fewer_stops_than_the_market_allows(work: Work) -> None:
    world = await make_world(work, route_max_stops=10)
    await world.driver(work, max_stops=4)
    await world.delivery(work)

    assert (await look(work, world)).drivers[0].max_stops == 4


@pytest.mark.parametrize("state", list(PresenceState))
async def test_whoever_is_available_or_asked_can_be_planned_for(work: Work, state: PresenceState) -> None:
    world = await make_world(work)
    await world.driver(work, state=state)

    assert await is_free(work, world) == (state in {PresenceState.AVAILABLE, PresenceState.OFFERED})


@pytest.mark.parametrize("state", list(AccountState))
async def test_only_active_accounts_are_planned_for_and_those_of_which_a_suspension_is_only_proposed(
    work: Work, state: AccountState
) -> None:
    world = await make_world(work)
    await world.driver(work, account_state=state.value)

    assert await is_free(work, world) == (state in {AccountState.ACTIVE, AccountState.SUSPENSION_PROPOSED})


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ("lat = NULL, lon = NULL", False),
        ("online_until = NULL", False),
        ("online_until = changed_at", False),
        ("online_until = changed_at + interval '1 second'", True),
    ],
)
async def test_a_driver_is_somewhere_and_stays_for_a_while(work: Work, edit: str, expected: bool) -> None:
    world = await make_world(work)
    await world.driver(work)
    await work.execute(f"UPDATE presence SET {edit}")

    assert await is_free(work, world) is expected


@pytest.mark.parametrize("state", list(RouteState))
async def test_a_driver_with_a_route_is_taken_until_it_ends(work: Work, state: RouteState) -> None:
    world = await make_world(work)
    driver = await world.driver(work)
    await make_route(work, world.market, [await world.delivery(work)], driver=driver, state=state)
    await work.execute("UPDATE presence SET state = 'AVAILABLE'")

    assert await is_free(work, world) == (state in ENDED)


async def test_a_route_that_was_planned_for_somebody_else_takes_nobody_else(work: Work) -> None:
    world = await make_world(work)
    asked, free = await world.driver(work), await world.driver(work)
    await make_route(work, world.market, [await world.delivery(work)], driver=asked, state=RouteState.OFFERING)
    await world.delivery(work)

    assert [seen.id for seen in (await look(work, world)).drivers] == [free.id]


async def test_of_many_drivers_the_ones_close_to_any_pickup_are_looked_at(work: Work) -> None:
    world = await make_world(work)
    elsewhere = await make_hub(work, world.market, lat=-30.5, lon=-71.0)
    await world.delivery(work)
    await world.delivery(work, pickup_lat=elsewhere.lat, pickup_lon=elsewhere.lon)
    places = [Point(lat=HUB_PLACE.lat, lon=HUB_PLACE.lon), Point(lat=elsewhere.lat, lon=elsewhere.lon)]
    near = [(await world.driver(work, place=place)).id for place in places]
    await add_drivers(work, world, DRIVERS_AT_ONCE, degrees_away=0.5)

    seen = {driver.id for driver in (await look(work, world)).drivers}

    assert len(seen) <= DRIVERS_AT_ONCE
    assert seen >= set(near)


async def add_drivers(work: Work, world: World, count: int, *, degrees_away: float) -> None:
    """Many drivers who are free, far from everything."""
    await work.execute(
        "WITH made AS (INSERT INTO driver (id, market_id, name, phone, contract_kind, account_state, vehicle, capacity,"
        " skills, max_stops, created_at) SELECT gen_random_uuid(), $1, 'x', 'p' || i, 'CROWDSOURCED', 'ACTIVE', 'CAR',"
        " '{9,90000,900}', '{}', 9, $2 FROM generate_series(1, $3) AS i RETURNING id)"
        " INSERT INTO presence (driver_id, market_id, state, lat, lon, online_until, changed_at)"
        " SELECT id, $1, 'AVAILABLE', $4, $5, $2 + interval '1 hour', $2 FROM made",
        world.market.id,
        work.now,
        count,
        HUB_PLACE.lat + degrees_away,
        HUB_PLACE.lon + degrees_away,
    )


async def test_the_pay_policy_of_this_moment_is_planned_with(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.delivery(work)
        assert (await look(work, world)).policy_version == 1
    clock.advance(seconds=60)
    async with works.open() as work:
        await set_pay_policy(work, market_id=world.market.id, rates=PAY_RATES | {"base_minor": 1000})

        snapshot = await look(work, world)

    rates: dict[str, Any] = snapshot.rates
    assert (snapshot.policy_version, rates["base_minor"], snapshot.now) == (2, 1000, clock.now)
