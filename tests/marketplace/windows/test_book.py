"""A window is held, booked and given back; the delivery's promise and price follow."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from marketplace.batches import PromiseActor
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.window import Window
from marketplace.core.work import Work, Works
from marketplace.hubs import Opening
from marketplace.routes import RouteState
from marketplace.shippers import set_rate_card
from marketplace.windows import (
    BadWish,
    BookWindow,
    DifferenceChanged,
    HeldWindow,
    HoldEnded,
    HoldWindow,
    NotAWindow,
    NoticeTooShort,
    WindowCaller,
    WindowFull,
    book_window,
    expire_holds,
    next_hold_end,
    revoke_window,
)
from tests.builders import HOME_PLACE, make_delivery, make_driver, make_route, make_shipper
from tests.marketplace.windows.world import WindowWorld, make_world, price_of

FIVE = Window(datetime(2026, 3, 2, 17, tzinfo=UTC), datetime(2026, 3, 2, 19, tzinfo=UTC))
SEVEN = Window(datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 2, 21, tzinfo=UTC))


async def hold(works: Works, errand: HoldWindow) -> asyncpg.Record:
    held = await run_errand(works, errand)
    assert isinstance(held, HeldWindow)
    return held.row


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
        booked = await book_window(work, hold_id=row["id"], caller=world.caller)

        assert (booked["state"], booked["delivery_id"]) == ("BOOKED", world.delivery.id)
        assert await promise_of(work, world) == SEVEN
        assert [event.name for event in work.events] == ["WindowChanged", "WindowBooked"]

    async with works.open() as work:
        await book_window(work, hold_id=row["id"], caller=world.caller)
        assert work.events == []


async def test_the_recipient_books_at_once_and_a_second_booking_replaces_the_first(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    caller = WindowCaller(actor=PromiseActor.RECIPIENT, delivery_id=world.delivery.id)

    for window in (FIVE, SEVEN):
        booked = await run_errand(works, BookWindow(hold=world.hold(window, shipper_id=None), caller=caller))
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
        booked = await run_errand(works, BookWindow(hold=world.hold(window), caller=world.caller))
    assert booked is not None

    for _ in range(2):
        async with works.open() as work:
            await revoke_window(work, hold_id=booked["id"], caller=world.caller)

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
            await book_window(work, hold_id=row["id"], caller=world.caller)
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
    await run_errand(works, BookWindow(hold=world.hold(hour), caller=world.caller))

    with pytest.raises(WindowFull):
        await hold(works, world.hold(hour, delivery_id=others[0].id))
    await run_errand(works, BookWindow(hold=world.hold(later, delivery_id=others[0].id), caller=world.caller))
    with pytest.raises(WindowFull):
        await hold(
            works, world.hold(Window(FIVE.opens_at, FIVE.opens_at + timedelta(hours=1)), delivery_id=others[1].id)
        )

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM window_hold") == 2


async def test_a_booking_that_joins_a_route_on_offer_names_it_so_that_it_is_planned_anew(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0)
        driver = await make_driver(work, world.market)
        neighbour = await make_delivery(
            work, world.market, world.shipper, world.hub, world.batch,
            dropoff_opens_at=SEVEN.opens_at, dropoff_closes_at=SEVEN.closes_at, pickup_closes_at=SEVEN.closes_at,
        )  # fmt: skip
        route, _ = await make_route(work, world.market, [neighbour], driver=driver, state=RouteState.OFFERING)

    booked = await run_errand(works, BookWindow(hold=world.hold(SEVEN), caller=world.caller))

    assert booked is not None
    assert booked["reason"] == "ON_THE_WAY"
    async with works.open() as work:
        told = await work.fetch_value("SELECT payload ->> 'route_id' FROM event WHERE name = 'WindowBooked'")
        assert told == str(route.id)


async def test_a_window_held_before_the_posting_is_booked_for_what_was_posted(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    place = {"delivery_id": None, "hub_id": world.hub.id, "place": HOME_PLACE}
    row = await hold(works, world.hold(SEVEN, **place))

    with pytest.raises(BadWish):
        async with works.open() as work:
            await book_window(work, hold_id=row["id"], caller=world.caller)
    async with works.open() as work:
        await book_window(work, hold_id=row["id"], caller=world.caller, delivery_id=world.delivery.id)

    async with works.open() as work:
        assert await promise_of(work, world) == SEVEN


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
                    await verb(work, hold_id=row["id"], caller=caller)

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
        # Others go to the same door at seven, so that this window is cheaper than the rest of the day.
        await make_delivery(
            work, world.market, world.shipper, world.hub, world.batch,
            dropoff_opens_at=SEVEN.opens_at, dropoff_closes_at=SEVEN.closes_at, pickup_closes_at=SEVEN.closes_at,
        )  # fmt: skip

    booked = await run_errand(works, BookWindow(hold=world.hold(SEVEN), caller=world.caller))

    assert booked is not None
    assert (booked["reason"], booked["is_charged"], booked["difference_minor"]) == ("ON_THE_WAY", True, -420)
    async with works.open() as work:
        assert await price_of(work, world.delivery.id) == 4200 - 420
        await revoke_window(work, hold_id=booked["id"], caller=world.caller)
        assert await price_of(work, world.delivery.id) == 4200

    with pytest.raises(DifferenceChanged):
        errand = world.hold(FIVE)
        await hold(
            works,
            HoldWindow(router=errand.router, question=errand.question, window=FIVE, difference_at_most_minor=-1),
        )
