"""A route is timed when something happens on it and every so often: what is new is kept and told, each thing once."""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.arrivals import Arrival, arrivals_of, retime_due, retime_route
from marketplace.arrivals.foresee import foresee
from marketplace.arrivals.keeping import keep_outlooks
from marketplace.arrivals.legs import ask_for
from marketplace.arrivals.reading import claim_route
from marketplace.batches.queries import find_delivery
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.routes.states import RouteState
from marketplace.tracking import live_routes
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.routes.drives import Drive, make_drive


async def timed(drive: Drive, router: ScriptedRouter | None = None) -> int:
    return await retime_route(drive.works, router=router or ScriptedRouter(), route_id=drive.route.id)


async def expected(drive: Drive) -> list[Arrival]:
    async with drive.works.open() as work:
        found = await arrivals_of(work, [DeliveryId(one.id) for one in drive.deliveries])
    return [found[DeliveryId(one.id)] for one in drive.deliveries if one.id in found]


async def told(drive: Drive, name: str) -> list[UUID]:
    """The deliveries of which an event of that name tells, in order."""
    async with drive.works.open() as work:
        rows = await work.fetch(
            "SELECT delivery_id FROM event WHERE market_id = $1 AND name = $2 ORDER BY ordinal", drive.market.id, name
        )
    return [row["delivery_id"] for row in rows]


async def noted(drive: Drive, number: int) -> list[str]:
    """The moments at which predictions of a delivery were kept."""
    async with drive.works.open() as work:
        rows = await work.fetch(
            "SELECT moment FROM arrival_prediction WHERE delivery_id = $1 ORDER BY id", drive.deliveries[number].id
        )
    return sorted(row["moment"] for row in rows)


async def put_driver(drive: Drive, at: datetime, *, lat: float, lon: float) -> None:
    async with drive.works.open() as work:
        await work.execute(
            "UPDATE presence SET lat = $2, lon = $3, position_at = $4 WHERE driver_id = $1",
            drive.driver.id,
            lat,
            lon,
            at,
        )


async def promise_until(drive: Drive, closes_at: datetime) -> None:
    async with drive.works.open() as work:
        await work.execute("UPDATE delivery SET dropoff_closes_at = $2 WHERE route_id = $1", drive.route.id, closes_at)


async def test_every_open_delivery_is_expected_in_the_order_of_the_stops(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)

    assert await timed(drive) == 2

    first, second = await expected(drive)
    assert clock.now < first.arrives.p10 < first.arrives.p50 < first.arrives.p90
    assert first.arrives.p50 < second.arrives.p50
    assert first.picked_up is not None
    assert first.picked_up == second.picked_up
    assert first.picked_up.p50 < first.arrives.p50
    assert first.shown.opens_at <= first.arrives.p10 < first.arrives.p90 <= first.shown.closes_at
    assert (first.route_id, first.stop_id, first.pickup_stop_id) == (
        drive.route.id,
        drive.stops[1].id,
        drive.stops[0].id,
    )
    assert first.late_probability == 0.0
    assert await told(drive, "ArrivalChanged") == [one.id for one in drive.deliveries]


async def test_what_is_known_already_is_neither_written_nor_told_again(works: Works, clock: ManualClock) -> None:
    drive, router = await make_drive(works, clock), ScriptedRouter()
    await timed(drive, router)
    await timed(drive, router)  # the answers have moved the last leg into another quarter of an hour
    before = await expected(drive)
    asked = len(router.asked)

    assert await timed(drive, router) == 0

    assert await expected(drive) == before
    assert len(router.asked) == asked
    assert len(await told(drive, "ArrivalChanged")) == 2


async def test_a_window_narrows_as_the_driver_comes_nearer(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await timed(drive)
    [far] = await expected(drive)
    await drive.start()
    await drive.arrive(0)
    await drive.pick_up(0)
    home = drive.deliveries[0]
    assert home.dropoff_lat is not None
    assert home.dropoff_lon is not None
    await put_driver(drive, clock.now + timedelta(seconds=1), lat=home.dropoff_lat, lon=home.dropoff_lon)
    clock.advance(seconds=2)

    await timed(drive)

    [near] = await expected(drive)
    assert near.arrives.p90 - near.arrives.p10 < far.arrives.p90 - far.arrives.p10
    assert near.shown.closes_at - near.shown.opens_at == timedelta(minutes=10)
    assert near.picked_up is None
    assert await noted(drive, 0) == ["DISPATCH", "HALF_HOUR", "NEXT", "PICKUP", "TEN_MINUTES"]


async def test_an_arrival_that_has_come_has_no_spread_and_an_ended_one_is_forgotten(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)
    await timed(drive)
    await drive.drive_to_first_door()
    await timed(drive)
    [here] = await expected(drive)
    await drive.drop_off(1)

    await timed(drive)

    assert here.arrives.p10 == here.arrives.p90 == clock.now
    assert await expected(drive) == []
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM route_timing WHERE route_id = $1", drive.route.id) == 0


async def test_a_promise_in_danger_is_told_once_and_another_promise_again(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await promise_until(drive, clock.now + timedelta(seconds=60))
    await timed(drive)
    await timed(drive)
    async with works.open() as work:
        await work.execute("DELETE FROM arrival WHERE route_id = $1", drive.route.id)
    await timed(drive)
    once = await told(drive, "LateRiskRaised")
    [risky] = await expected(drive)

    await promise_until(drive, clock.now + timedelta(seconds=90))
    await timed(drive)

    assert risky.late_probability > 0.9
    assert once == [drive.deliveries[0].id]
    assert await told(drive, "LateRiskRaised") == [drive.deliveries[0].id] * 2


async def test_a_market_that_bears_more_risk_hears_of_less(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await timed(drive)
    [one] = await expected(drive)
    async with works.open() as work:
        await work.execute("UPDATE market SET late_risk_percent = 90 WHERE id = $1", drive.market.id)

    await promise_until(drive, one.arrives.p50 + timedelta(seconds=120))
    await timed(drive)

    [risky] = await expected(drive)
    assert 0.4 < risky.late_probability < 0.6
    assert await told(drive, "LateRiskRaised") == []


async def test_who_read_a_route_first_writes_nothing_after_somebody_else_has(works: Works, clock: ManualClock) -> None:
    drive, router = await make_drive(works, clock, count=1), ScriptedRouter()
    async with works.open() as work:
        older = await claim_route(work, route_id=drive.route.id)
    assert older is not None
    await ask_for(router, [], now=clock.now)
    await timed(drive)
    [newer] = await expected(drive)
    async with works.open() as work:
        await work.execute("UPDATE arrival SET p50 = p10 WHERE route_id = $1", drive.route.id)

    async with works.open() as work:
        assert await keep_outlooks(work, older, foresee(older), has_new_legs=False) == 0

    [kept] = await expected(drive)
    assert kept.arrives.p50 == newer.arrives.p10


async def test_routes_are_timed_again_when_they_are_due_and_in_their_own_market(
    works: Works, clock: ManualClock
) -> None:
    drives = [await make_drive(works, clock, count=1), await make_drive(works, clock, count=1)]
    router = ScriptedRouter()
    for drive in drives:
        await drive.start()
        await timed(drive, router)
    [own, _] = drives

    assert await retime_due(works, router=router, market_id=own.market.id) == 0
    clock.advance(seconds=16)
    assert await retime_due(works, router=router, market_id=own.market.id) == 1
    assert await retime_due(works, router=router, market_id=own.market.id) == 0


async def test_many_drivers_are_one_question_to_the_router(works: Works, clock: ManualClock) -> None:
    first = await make_drive(works, clock, count=1)
    second = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute("UPDATE route SET market_id = $2 WHERE id = $1", second.route.id, first.market.id)
    for drive in (first, second):
        await drive.drive_to_first_door()
        await timed(drive)
    async with works.open() as work:
        await work.execute("UPDATE stop SET state = 'EN_ROUTE', arrived_at = NULL WHERE state = 'ARRIVED'")
        await work.execute("UPDATE route_timing SET market_id = $1, due_at = $2", first.market.id, work.now)
    for drive, lat in ((first, -29.95), (second, -29.96)):
        await put_driver(drive, clock.now + timedelta(seconds=5), lat=lat, lon=-71.25)
    clock.advance(seconds=20)
    router = ScriptedRouter()

    assert await retime_due(works, router=router, market_id=first.market.id) == 2

    assert router.asked == [(2, 1)]


async def test_a_route_that_nobody_has_yet_is_expected_too(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, state=RouteState.OFFERING)

    await timed(drive)

    [one] = await expected(drive)
    assert one.picked_up is not None
    assert one.picked_up.p10 < drive.stops[0].planned_arrival < one.picked_up.p90
    assert await noted(drive, 0) == ["PLANNED"]


async def test_a_route_that_starts_tomorrow_is_known_as_well_as_one_that_starts_now(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)
    await timed(drive)
    [now] = await expected(drive)
    async with works.open() as work:
        await work.execute(
            "UPDATE route SET starts_at = $2 WHERE id = $1", drive.route.id, work.now + timedelta(hours=24)
        )

    await timed(drive)

    [tomorrow] = await expected(drive)
    off = tomorrow.arrives.p90 - now.arrives.p90 - timedelta(hours=24)
    assert abs(off) < timedelta(seconds=5)


async def test_a_route_that_is_given_up_leaves_nothing_behind(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, state=RouteState.OFFERING)
    await timed(drive)
    async with works.open() as work:
        await work.execute("UPDATE route SET state = 'DISSOLVED' WHERE id = $1", drive.route.id)

    await timed(drive)

    assert await expected(drive) == []


async def test_a_leg_without_a_street_takes_what_was_planned(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, dropoff_lon=120.0)

    await timed(drive)

    [one] = await expected(drive)
    assert one.arrives.p50 > clock.now


async def test_the_shipper_and_operations_see_what_is_expected(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.read() as connection:
        before = await find_delivery(connection, delivery_id=drive.deliveries[0].id, shipper_id=drive.shipper.id)
    await timed(drive)
    [one] = await expected(drive)

    async with works.read() as connection:
        delivery = await find_delivery(connection, delivery_id=drive.deliveries[0].id, shipper_id=drive.shipper.id)
        [route] = await live_routes(connection, market_id=drive.market.id)

    assert before is not None
    assert before["planned_window"] is None
    assert delivery is not None
    assert delivery["promised_window"] == delivery["dropoff_window"]
    opens_at, closes_at = (datetime.fromisoformat(delivery["planned_window"][end]) for end in ("opens_at", "closes_at"))
    assert (opens_at, closes_at) == (one.shown.opens_at, one.shown.closes_at)
    pickup, dropoff = route["stops"]
    assert one.picked_up is not None
    assert datetime.fromisoformat(pickup["expected_at"]) == one.picked_up.p50
    assert datetime.fromisoformat(dropoff["expected_at"]) == one.arrives.p50
    assert dropoff["late_probability"] == one.late_probability
