"""A window is held, booked and given back; the delivery's promise and price follow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.batches import LocalWindow, Place, PromiseActor
from marketplace.batches.models import Delivery
from marketplace.billing import CreditExhausted, check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Work, Works
from marketplace.hubs import Opening
from marketplace.matching import MatchMarket, SolverPool
from marketplace.offers import mend_after_change
from marketplace.routes import RouteState
from marketplace.shippers import set_rate_card
from marketplace.windows import (
    BadWish,
    BookHeld,
    BookWindow,
    DifferenceChanged,
    HoldEnded,
    HoldWindow,
    NotAWindow,
    NoticeTooShort,
    PlanMoved,
    WindowCaller,
    WindowFull,
    WindowNotKeepable,
    WindowNotPaid,
    book_window,
    expire_holds,
    next_hold_end,
    revoke_window,
)
from tests.builders import HOME_PLACE, make_delivery, make_driver, make_route, make_shipper
from tests.marketplace.batches.orders import order
from tests.marketplace.hubs.stock import post
from tests.marketplace.windows.world import WindowWorld, make_world, price_of

FIVE = Window(datetime(2026, 3, 2, 17, tzinfo=UTC), datetime(2026, 3, 2, 19, tzinfo=UTC))
NOW = Window(datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC))
SEVEN = Window(datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 2, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that has time, whatever else this machine does."""
    with SolverPool(1, grace_s=60) as pool:
        yield pool


async def hold(works: Works, errand: HoldWindow) -> asyncpg.Record:
    held = await run_errand(works, errand)
    assert held is not None
    return held


async def promise_of(work: Work, world: WindowWorld) -> Window:
    row = await work.fetch_row(
        "SELECT dropoff_opens_at, dropoff_closes_at FROM delivery WHERE id = $1", world.delivery.id
    )
    assert row is not None
    return Window(*row)


async def test_a_held_window_becomes_the_promise_when_it_is_booked(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)

    row = await hold(works, world.hold(SEVEN))
    async with works.open() as work:
        assert await promise_of(work, world) != SEVEN
        booked = await book_window(work, hold_id=row["id"], caller=world.caller, gate=check_credit)

        assert (booked["state"], booked["delivery_id"]) == ("BOOKED", world.delivery.id)
        assert await promise_of(work, world) == SEVEN
        assert [event.name for event in work.events] == ["WindowChanged", "WindowBooked"]

    async with works.open() as work:
        await book_window(work, hold_id=row["id"], caller=world.caller, gate=check_credit)
        assert work.events == []


async def test_the_recipient_books_at_once_and_a_second_booking_replaces_the_first(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    caller = WindowCaller(actor=PromiseActor.RECIPIENT, delivery_id=world.delivery.id)

    for window in (FIVE, SEVEN):
        booked = await run_errand(
            works, BookWindow(hold=world.hold(window, shipper_id=None), caller=caller, gate=check_credit)
        )
        assert booked is not None
        assert booked["actor"] == "RECIPIENT"

    async with works.open() as work:
        assert await promise_of(work, world) == SEVEN
        states = [row["state"] for row in await work.fetch("SELECT state FROM window_hold ORDER BY opens_at")]
        assert states == ["REPLACED", "BOOKED"]


async def test_revoking_a_booking_brings_back_the_first_promise(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    before = Window(world.delivery.dropoff_opens_at, world.delivery.dropoff_closes_at)
    for window in (FIVE, SEVEN):
        booked = await run_errand(works, BookWindow(hold=world.hold(window), caller=world.caller, gate=check_credit))
    assert booked is not None

    for _ in range(2):
        async with works.open() as work:
            await revoke_window(work, hold_id=booked["id"], caller=world.caller, gate=check_credit)

    async with works.open() as work:
        assert await promise_of(work, world) == before
        assert await work.fetch_value("SELECT state FROM window_hold WHERE id = $1", booked["id"]) == "REVOKED"
        assert await work.fetch_value("SELECT count(*) FROM event WHERE name = 'WindowRevoked'") == 1


async def test_a_hold_ends_by_itself_and_cannot_be_booked_then(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, opening=Opening(places_per_day=2))
    row = await hold(works, world.hold(SEVEN))
    async with works.read() as connection:
        assert await next_hold_end(connection) == row["expires_at"]

    clock.advance(seconds=600)
    with pytest.raises(HoldEnded):
        async with works.open() as work:
            await book_window(work, hold_id=row["id"], caller=world.caller, gate=check_credit)
    async with works.open() as work:
        assert await expire_holds(work) == 1

    async with works.open() as work:
        assert await promise_of(work, world) != SEVEN
        assert await work.fetch_value("SELECT state FROM window_hold") == "EXPIRED"


async def test_places_are_counted_by_hour_and_by_day(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, opening=Opening(window_s=3600, places_per_hour=1, places_per_day=2))
        others = [
            await make_delivery(
                work, world.market, world.shipper, world.hub, world.batch,
                dropoff_opens_at=world.delivery.dropoff_opens_at + timedelta(days=1),
                dropoff_closes_at=world.delivery.dropoff_closes_at + timedelta(days=1),
            )
            for _ in range(2)
        ]  # fmt: skip
    hour = Window(SEVEN.opens_at, SEVEN.opens_at + timedelta(hours=1))
    later = Window(hour.closes_at, hour.closes_at + timedelta(hours=1))
    await run_errand(works, BookWindow(hold=world.hold(hour), caller=world.caller, gate=check_credit))

    with pytest.raises(WindowFull):
        await hold(works, world.hold(hour, delivery_id=others[0].id))
    await run_errand(
        works, BookWindow(hold=world.hold(later, delivery_id=others[0].id), caller=world.caller, gate=check_credit)
    )
    with pytest.raises(WindowFull):
        await hold(
            works, world.hold(Window(FIVE.opens_at, FIVE.opens_at + timedelta(hours=1)), delivery_id=others[1].id)
        )

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM window_hold") == 2


async def test_a_booking_that_joins_a_route_on_offer_names_it_so_that_it_is_planned_anew(works: Works) -> None:
    async with works.open() as work:
        world, _, route_id = await _world_with_a_route(work)

    booked = await run_errand(works, BookWindow(hold=world.hold(SEVEN), caller=world.caller, gate=check_credit))

    assert booked is not None
    assert booked["reason"] == "ON_THE_WAY"
    async with works.open() as work:
        # At once, although by itself it would not be planned four hours ahead.
        assert await work.fetch_value("SELECT plan_after FROM delivery WHERE id = $1", world.delivery.id) == work.now
    async with works.open() as work:
        told = await work.fetch_value("SELECT payload ->> 'route_id' FROM event WHERE name = 'WindowBooked'")
        assert told == str(route_id)


async def test_a_window_held_before_the_posting_is_booked_for_what_was_posted(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    place = {"delivery_id": None, "hub_id": world.hub.id, "place": HOME_PLACE}
    row = await hold(works, world.hold(SEVEN, **place))

    with pytest.raises(BadWish):
        async with works.open() as work:
            await book_window(work, hold_id=row["id"], caller=world.caller, gate=check_credit)
    async with works.open() as work:
        await book_window(
            work, hold_id=row["id"], caller=world.caller, gate=check_credit, delivery_id=world.delivery.id
        )

    async with works.open() as work:
        assert await promise_of(work, world) == SEVEN


async def test_the_last_place_of_a_day_is_kept_for_what_its_holder_posts_for_that_door(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, opening=Opening(places_per_day=2))
    await hold(works, world.hold(SEVEN, delivery_id=None, hub_id=world.hub.id, place=HOME_PLACE))
    evening = LocalWindow(opens=datetime(2026, 3, 2, 16), closes=datetime(2026, 3, 2, 18))
    elsewhere = Place(point=Point(lat=-29.91, lon=-71.25), address="Calle Prat 1")
    doors = {"a": {"dropoff": elsewhere}, "b": {}, "c": {}}
    rows = [order(name, hub_id=world.hub.id, dropoff_window=evening, **door) for name, door in doors.items()]

    posted = await post(works, world.market, world.shipper, *rows)

    assert [row.problem.code if row.problem else None for row in posted.rows] == ["HUB_FULL", None, "HUB_FULL"]


async def test_a_hold_of_somebody_else_does_not_exist(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        stranger = await make_shipper(work, world.market)
        other = await make_delivery(work, world.market, world.shipper, world.hub, world.batch)
    row = await hold(works, world.hold(SEVEN))

    for caller in (
        WindowCaller(actor=PromiseActor.SHIPPER, shipper_id=stranger.id),
        WindowCaller(actor=PromiseActor.RECIPIENT, delivery_id=other.id),
    ):
        for verb in (book_window, revoke_window):
            with pytest.raises(NotFound):
                async with works.open() as work:
                    await verb(work, hold_id=row["id"], caller=caller, gate=check_credit)

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM window_hold") == "HELD"


async def test_times_that_are_no_window_or_too_soon_are_refused(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)

    hour = timedelta(hours=1)
    with pytest.raises(NotAWindow):
        await hold(works, world.hold(Window(SEVEN.opens_at, SEVEN.closes_at + hour)))
    with pytest.raises(NoticeTooShort):
        await hold(works, world.hold(Window(FIVE.opens_at - 2 * hour, FIVE.opens_at)))

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM window_hold") == 0


async def test_a_difference_is_charged_only_where_the_rate_card_says_so_and_goes_with_the_booking(
    works: Works,
) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await _charge_differences(work, world)
        # Others go to the same door at seven, so that this window is cheaper than the rest of the day.
        await make_delivery(
            work, world.market, world.shipper, world.hub, world.batch,
            dropoff_opens_at=SEVEN.opens_at, dropoff_closes_at=SEVEN.closes_at, pickup_closes_at=SEVEN.closes_at,
        )  # fmt: skip

    booked = await run_errand(works, BookWindow(hold=world.hold(SEVEN), caller=world.caller, gate=check_credit))

    assert booked is not None
    assert (booked["reason"], booked["is_charged"], booked["difference_minor"]) == ("ON_THE_WAY", True, -420)
    async with works.open() as work:
        assert await price_of(work, world.delivery.id) == 4200 - 420
        await revoke_window(work, hold_id=booked["id"], caller=world.caller, gate=check_credit)
        assert await price_of(work, world.delivery.id) == 4200

    with pytest.raises(DifferenceChanged):
        errand = world.hold(FIVE)
        await hold(
            works,
            HoldWindow(router=errand.router, question=errand.question, window=FIVE, difference_at_most_minor=-1),
        )


async def test_what_was_held_first_joins_its_route_when_it_is_booked_later(works: Works, solver: SolverPool) -> None:
    async with works.open() as work:
        world, neighbour, route_id = await _world_with_a_route(work, NOW)
    row = await hold(works, world.hold(NOW))

    booking = BookHeld(router=world.router, hold_id=row["id"], caller=world.caller, gate=check_credit)
    booked = await run_errand(works, booking)

    assert booked is not None
    assert (row["route_id"], booked["route_id"]) == (route_id, route_id)
    async with works.open() as work:
        # Nobody accepts the route as it was: it has another version, and its deliveries go into a new one.
        assert await work.fetch_value("SELECT version FROM route WHERE id = $1", route_id) == 2
        told = await work.fetch_value("SELECT payload ->> 'route_id' FROM event WHERE name = 'WindowBooked'")
        assert told == str(route_id)
        assert await mend_after_change(work, route_id=route_id)
    plan = await run_errand(works, MatchMarket(router=world.router, solver=solver, market_id=world.market.id))

    assert plan is not None
    async with works.open() as work:
        rows = await work.fetch(
            "SELECT route_id, state FROM delivery WHERE id = ANY($1)", [world.delivery.id, neighbour.id]
        )
        assert {row["state"] for row in rows} == {"OFFERING"}
        assert {row["route_id"] for row in rows} == set(plan.route_ids)
        assert len(plan.route_ids) == 1


async def test_a_place_on_a_route_that_a_driver_took_meanwhile_is_kept_by_another_driver_or_not_promised(
    works: Works,
) -> None:
    async with works.open() as work:
        world, _, route_id = await _world_with_a_route(work)
    row = await hold(works, world.hold(SEVEN))
    booking = BookHeld(router=world.router, hold_id=row["id"], caller=world.caller, gate=check_credit)
    async with works.open() as work:
        await _accept(work, route_id)

        # Whoever does not look again is told to.
        with pytest.raises(PlanMoved):
            await book_window(work, hold_id=row["id"], caller=world.caller, gate=check_credit)
        await work.execute("UPDATE presence SET online_until = $1", SEVEN.opens_at)
    with pytest.raises(WindowNotKeepable):
        await run_errand(works, booking)
    async with works.open() as work:
        assert await promise_of(work, world) != SEVEN
        assert await work.fetch_value("SELECT state FROM window_hold") == "HELD"
        for _ in range(2):
            await make_driver(work, world.market)

    booked = await run_errand(works, booking)

    assert booked is not None
    assert (booked["state"], booked["route_id"]) == ("BOOKED", None)
    async with works.open() as work:
        assert await promise_of(work, world) == SEVEN
        assert await work.fetch_value("SELECT version FROM route WHERE id = $1", route_id) == 1


async def test_a_dearer_window_must_pass_the_shippers_credit_and_a_cheaper_one_need_not(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await _charge_differences(work, world)
    dear, cheap = [await hold(works, world.hold(window)) for window in (FIVE, SEVEN)]
    async with works.open() as work:
        # As if five o'clock cost 300 more and seven 300 less, for a shipper who can owe nothing more.
        await work.execute("UPDATE window_hold SET state = 'HELD', ended_at = NULL, delivery_id = NULL")
        for one, minor in ((dear, 300), (cheap, -300)):
            await work.execute("UPDATE window_hold SET difference_minor = $2 WHERE id = $1", one["id"], minor)
        await work.execute("UPDATE billing_profile SET credit_limit_minor = 4200")

    def booking(row: asyncpg.Record, actor: PromiseActor) -> dict[str, Any]:
        caller = WindowCaller(actor=actor, shipper_id=world.shipper.id)
        return {"hold_id": row["id"], "caller": caller, "gate": check_credit, "delivery_id": world.delivery.id}

    for actor, refusal in ((PromiseActor.SHIPPER, CreditExhausted), (PromiseActor.RECIPIENT, WindowNotPaid)):
        with pytest.raises(refusal):
            async with works.open() as work:
                await book_window(work, **booking(dear, actor))
    async with works.open() as work:
        assert await promise_of(work, world) != FIVE
        assert await price_of(work, world.delivery.id) == 4200
        assert await work.fetch_value("SELECT count(*) FROM window_hold WHERE state = 'HELD'") == 2
        assert await work.fetch_value("SELECT count(*) FROM event") == 0

    async with works.open() as work:
        await book_window(work, **booking(cheap, PromiseActor.SHIPPER))
        assert await price_of(work, world.delivery.id) == 3900
        await work.execute("UPDATE billing_profile SET credit_limit_minor = 4199")
    # What the cheaper window saved would be owed again, and is no longer there.
    with pytest.raises(CreditExhausted):
        async with works.open() as work:
            await revoke_window(work, hold_id=cheap["id"], caller=world.caller, gate=check_credit)
    with pytest.raises(CreditExhausted):
        async with works.open() as work:
            await book_window(work, **booking(dear, PromiseActor.SHIPPER))

    async with works.open() as work:
        assert await price_of(work, world.delivery.id) == 3900
        await work.execute("UPDATE billing_profile SET credit_limit_minor = 4500")
        await book_window(work, **booking(dear, PromiseActor.SHIPPER))
        assert await price_of(work, world.delivery.id) == 4500


async def _world_with_a_route(work: Work, window: Window = SEVEN) -> tuple[WindowWorld, Delivery, UUID]:
    """One driver, to whom a route is offered that brings a neighbour's parcel to the same door in this window."""
    world = await make_world(work, drivers=0, opening=Opening(notice_s=0))
    driver = await make_driver(work, world.market)
    neighbour = await make_delivery(
        work, world.market, world.shipper, world.hub, world.batch,
        dropoff_opens_at=window.opens_at, dropoff_closes_at=window.closes_at, pickup_closes_at=window.closes_at,
    )  # fmt: skip
    route, _ = await make_route(work, world.market, [neighbour], driver=driver, state=RouteState.OFFERING)
    return world, neighbour, route.id


async def _accept(work: Work, route_id: UUID) -> None:
    await work.execute(
        "UPDATE route SET state = 'ASSIGNED', driver_id = planned_driver_id, accepted_at = $2, guarantee_minor = 5000 "
        "WHERE id = $1",
        route_id,
        work.now,
    )
    await work.execute("UPDATE delivery SET state = 'ASSIGNED' WHERE route_id = $1", route_id)
    await work.execute("UPDATE presence SET state = 'ENGAGED'")


async def _charge_differences(work: Work, world: WindowWorld) -> None:
    await set_rate_card(
        work,
        shipper_id=world.shipper.id,
        market_id=world.market.id,
        service_level="STANDARD",
        currency="CLP",
        base_minor=1500,
        per_km_minor=300,
        per_stop_minor=500,
        minimum_minor=2500,
        promises={"window_swing_percent": 10},
    )
    await work.execute("UPDATE delivery SET rate_card_version = 2")
