"""Routes whose deliveries are called off under way."""

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.routes import mend_route
from tests.marketplace.routes.drives import Drive, after, make_drive


async def call_off(drive: Drive, *numbers: int) -> bool:
    async with drive.works.open() as work:
        keys = [drive.deliveries[number].id for number in numbers]
        await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE id = ANY($1)", keys)
    async with drive.works.open() as work:
        return await mend_route(work, delivery_id=drive.deliveries[0].id)


async def test_a_driver_whose_only_delivery_is_called_off_is_free_at_once(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    clock.advance(seconds=60)

    assert await call_off(drive, 0) is True

    assert await drive.stops_are() == ["SKIPPED", "SKIPPED"]
    route = await drive.the_route()
    assert (route["state"], route["ended_at"]) == ("COMPLETED", clock.now)
    assert (await drive.presence())["state"] == "AVAILABLE"


async def test_what_was_accepted_and_then_called_off_counts_as_done(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=60)

    assert await call_off(drive, 0, 1) is True

    route = await drive.the_route()
    assert (route["state"], route["started_at"], route["ended_at"]) == ("COMPLETED", clock.now, clock.now)
    assert (await drive.events())[0] == "RouteStarted"
    assert (await drive.events())[-1] == "RouteCompleted"


async def test_the_rest_of_a_route_goes_on(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()

    assert await call_off(drive, 0) is True

    assert await drive.stops_are() == ["EN_ROUTE", "SKIPPED", "PENDING"]
    assert (await drive.the_route())["state"] == "STARTED"


async def test_a_route_before_its_start_that_keeps_a_delivery_is_left_alone(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)

    assert await call_off(drive, 0) is False

    assert await drive.stops_are() == ["PENDING", "PENDING", "PENDING"]
    assert await drive.events() == []


async def test_mending_twice_changes_nothing_more(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await call_off(drive, 0)
    before = await drive.everything()

    assert await call_off(drive) is False

    assert await drive.everything() == before


async def test_what_others_skip_does_not_make_an_offline_driver_late(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    clock.advance(seconds=3600)
    await call_off(drive, 0)

    receipt = await drive.pick_up(0, occurred_at=after(drive, 10))

    assert (receipt.effective_at, receipt.flag) == (after(drive, 10), None)


async def test_a_delivery_that_is_on_no_route_mends_nothing(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    async with works.open() as work:
        await work.execute(
            "UPDATE delivery SET state = 'CANCELLED', route_id = NULL WHERE route_id = $1", drive.route.id
        )

    async with works.open() as work:
        assert await mend_route(work, delivery_id=drive.deliveries[0].id) is False

    assert (await drive.the_route())["state"] == "STARTED"
