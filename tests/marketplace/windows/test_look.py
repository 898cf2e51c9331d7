"""Only windows that can be kept are offered."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from marketplace.batches import TooLateToChange
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Works
from marketplace.fleet.events import DriverWentOnline
from marketplace.fleet.states import ContractKind, PresenceState
from marketplace.hubs import Opening
from marketplace.routes import RouteState
from marketplace.shippers import ServiceLevel, Tier, set_service_level
from marketplace.windows import BadWish, ClosedReason, NotAWindow, OfferedDay, WindowReason, delivery_windows
from tests.builders import HOME_PLACE, make_delivery, make_driver, make_route, make_shipper
from tests.marketplace.windows.world import TODAY, WindowWorld, make_world

ARRIVAL = """
INSERT INTO arrival (delivery_id, market_id, route_id, stop_id, p10, p50, p90, shown_opens_at, shown_closes_at,
    late_probability, computed_at)
VALUES ($1, $2, $3, $4, $5::timestamptz - interval '20 min', $5::timestamptz - interval '9 min', $5,
    $5::timestamptz - interval '20 min', $5, 0, $5::timestamptz - interval '3 h')
"""


def at(hour: int, *, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


async def look(works: Works, world: WindowWorld, **changes: object) -> OfferedDay:
    return await delivery_windows(works, router=world.router, question=world.question(**changes))


async def test_windows_follow_the_hours_of_the_hub_and_its_notice(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, opening=Opening(notice_s=3600))

    day = await look(works, world)

    # Eight to eight in Chile is 11:00 to 23:00 UTC; what opens before 16:00 comes too soon.
    assert [one.window for one in day.windows] == [
        Window(at(17), at(19)),
        Window(at(19), at(21)),
        Window(at(21), at(23)),
    ]
    assert day.closed_reason is None
    assert {one.places_left for one in day.windows} == {1_000_000}


async def test_a_day_without_windows_says_why(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, opening=Opening(holidays=frozenset({TODAY})))
        past = await make_world(work, opening=Opening(cutoffs={"STANDARD": time(11, 59)}))
        late = await make_world(work, opening=Opening(notice_s=86_400))
        full = await make_world(work, opening=Opening(places_per_day=0))
        far = await make_world(work, opening=Opening(reach_s=60))
        alone = await make_world(work, drivers=0)

    said = [(await look(works, one)).closed_reason for one in (world, past, late, full, far, alone)]

    assert said == [
        ClosedReason.CLOSED,
        ClosedReason.PAST_CUTOFF,
        ClosedReason.NOTICE_TOO_SHORT,
        ClosedReason.FULL,
        ClosedReason.OUT_OF_REACH,
        ClosedReason.NO_DRIVER,
    ]


async def test_a_tiered_delivery_is_offered_what_its_tier_gives_and_told_where_that_is_nothing(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        level = ServiceLevel(tier=Tier.SAME_DAY, opens=time(16), cutoff=time(13), window_s=10_800)
        wide = ServiceLevel(tier=Tier.SCHEDULED, cutoff=time(18), window_s=14_400)
        for one in (level, wide):
            await set_service_level(work, shipper_id=world.shipper.id, market_id=world.market.id, level=one)
        await work.execute(
            "UPDATE delivery SET tier = 'SAME_DAY', dropoff_opens_at = $1, dropoff_closes_at = $2,"
            " service_level_id = (SELECT id FROM service_level WHERE tier = 'SAME_DAY')",
            at(19),
            at(22),
        )
        usual = await work.fetch_value("SELECT driver_id FROM presence LIMIT 1")
        work.emit(DriverWentOnline(market_id=world.market.id, driver_id=usual))

    today, tomorrow = await look(works, world), await look(works, world, day=date(2026, 3, 3))
    async with works.open() as work:
        with pytest.raises(NotAWindow):
            await world.hold(Window(at(17), at(19))).read(work)
        await work.execute(
            "UPDATE delivery SET tier = 'SCHEDULED',"
            " service_level_id = (SELECT id FROM service_level WHERE tier = 'SCHEDULED')"
        )
    scheduled, too_soon = await look(works, world, day=date(2026, 3, 3)), await look(works, world)

    # From four to seven in Chile is 19:00 to 22:00; of the hub's windows of two hours one lies within.
    assert [one.window for one in today.windows] == [Window(at(19), at(21))]
    assert tomorrow.closed_reason is ClosedReason.NOT_IN_TIER
    assert [(one.window.opens_at.hour, one.window.closes_at.hour) for one in scheduled.windows] == [
        (11, 15), (15, 19), (19, 23),
    ]  # fmt: skip
    assert too_soon.closed_reason is ClosedReason.NOT_IN_TIER


async def test_a_driver_who_goes_home_keeps_no_later_window(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await work.execute("UPDATE presence SET online_until = $1", at(20))

    day = await look(works, world)

    assert [one.window.opens_at for one in day.windows] == [at(17), at(19)]


async def test_what_was_promised_to_others_is_not_promised_twice(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, opening=Opening(window_s=3600))
        # Whole vehicles, all of them wanted at 19:00 at the far end of the city: one driver makes one such trip.
        for _ in range(3):
            await make_delivery(
                work, world.market, world.shipper, world.hub, world.batch,
                load=[30, 1000, 8], dropoff_opens_at=at(19), dropoff_closes_at=at(19) + timedelta(minutes=50),
                pickup_closes_at=at(20),
            )  # fmt: skip

    day = await look(works, world)

    assert [one.window.opens_at for one in day.windows] == [at(16), at(17), at(18), at(20), at(21), at(22)]


async def test_tomorrow_as_many_are_counted_on_as_usually_come(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0)
        driver = await make_driver(work, world.market, state=PresenceState.OFFLINE)
        work.emit(DriverWentOnline(market_id=world.market.id, driver_id=driver.id))

    day = await look(works, world, day=date(2026, 3, 3))

    assert [one.window.opens_at.hour for one in day.windows] == [11, 13, 15, 17, 19, 21]
    assert (await look(works, world)).closed_reason is ClosedReason.NO_DRIVER


async def test_tomorrow_counts_shifts(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0)
        nobody = await make_world(work, drivers=0)
        driver = await make_driver(work, world.market, kind=ContractKind.DEDICATED, state=PresenceState.OFFLINE)
        await work.execute(
            "UPDATE shift SET starts_at = $2, ends_at = $3 WHERE driver_id = $1",
            driver.id,
            at(11, day=3),
            at(16, day=3),
        )

    tomorrow = date(2026, 3, 3)
    day = await look(works, world, day=tomorrow)

    assert [one.window.opens_at for one in day.windows] == [at(11, day=3), at(13, day=3), at(15, day=3)]
    assert (await look(works, nobody, day=tomorrow)).closed_reason is ClosedReason.NO_DRIVER


async def test_a_place_can_be_asked_about_before_anything_is_posted(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)

    day = await look(works, world, delivery_id=None, hub_id=world.hub.id, place=HOME_PLACE)

    assert len(day.windows) == 3
    assert {one.is_charged for one in day.windows} == {False}


async def test_bad_questions_are_refused(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        stranger = await make_shipper(work, world.market)

    for changes, refusal in (
        ({"day": date(2026, 3, 1)}, Invalid),
        ({"day": date(2026, 3, 17)}, Invalid),
        ({"hub_id": world.hub.id}, BadWish),
        ({"delivery_id": None, "place": Point(lat=0, lon=0)}, BadWish),
        ({"shipper_id": stranger.id}, NotFound),
    ):
        with pytest.raises(refusal):
            await look(works, world, **changes)


async def test_what_is_out_for_delivery_has_no_other_windows(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await work.execute("UPDATE delivery SET state = 'CANCELLED'")

    with pytest.raises(TooLateToChange):
        await look(works, world)


async def test_a_driver_on_an_accepted_route_is_free_when_nine_of_ten_would_be_and_the_route_is_not_joined(
    works: Works,
) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0, opening=Opening(window_s=3600, notice_s=0))
        driver = await make_driver(work, world.market)
        # The plan ends at 15:19; from where the driver is now it may be 18:10 before the last door is reached.
        others = [await make_delivery(work, world.market, world.shipper, world.hub, world.batch) for _ in range(2)]
        route, stops = await make_route(work, world.market, others, driver=driver, state=RouteState.ASSIGNED)
    planned = await look(works, world)
    async with works.open() as work:
        for delivery, stop in zip(others, stops[1:], strict=True):
            await work.execute(ARRIVAL, delivery.id, world.market.id, route.id, stop.id, at(18) + timedelta(minutes=10))

    foreseen = await look(works, world)

    assert [one.window.opens_at.hour for one in planned.windows] == [16, 17, 18, 19, 20, 21, 22]
    assert [one.window.opens_at.hour for one in foreseen.windows] == [19, 20, 21, 22]
    # Its pickup at the same hub still lies ahead, but what its driver accepted is not changed from under them.
    assert {(one.reason, one.route_id) for one in planned.windows} == {(WindowReason.OWN_TRIP, None)}
