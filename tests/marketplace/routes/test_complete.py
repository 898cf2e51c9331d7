"""The end of a route."""

from datetime import timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from tests.marketplace.routes.drives import after, make_drive


async def test_a_route_is_over_when_its_last_parcel_is_handed_over(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=3600)
    await drive.start(occurred_at=after(drive, 1))
    await drive.pick_up(0, occurred_at=after(drive, 5))
    await drive.drop_off(1, occurred_at=after(drive, 15))
    assert (await drive.the_route())["state"] == "STARTED"

    await drive.drop_off(2, occurred_at=after(drive, 25))

    route = await drive.the_route()
    assert (route["state"], route["ended_at"]) == ("COMPLETED", after(drive, 25))
    assert (await drive.events()).count("RouteCompleted") == 1
    presence = await drive.presence()
    assert (presence["state"], presence["changed_at"]) == ("AVAILABLE", clock.now)


@pytest.mark.parametrize(("ends_in_s", "state"), [(0, "OFFLINE"), (1, "AVAILABLE"), (None, "OFFLINE")])
async def test_a_driver_whose_hours_are_over_is_not_asked_again(
    works: Works, clock: ManualClock, ends_in_s: int | None, state: str
) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute(
            "UPDATE presence SET online_until = $2 WHERE driver_id = $1",
            drive.driver.id,
            None if ends_in_s is None else clock.now + timedelta(seconds=ends_in_s),
        )
    await drive.start()
    await drive.pick_up(0)

    await drive.drop_off(1)

    assert (await drive.presence())["state"] == state
    assert ("DriverWentOffline" in await drive.events()) is (state == "OFFLINE")


async def test_a_driver_who_is_free_can_take_the_next_route(works: Works, clock: ManualClock) -> None:
    first = await make_drive(works, clock, count=1)
    await first.start()
    await first.pick_up(0)
    await first.drop_off(1)
    second = await make_drive(works, clock, count=1)

    async with works.open() as work:
        await work.execute("UPDATE route SET driver_id = $2 WHERE id = $1", second.route.id, first.driver.id)

    await second.start(driver_id=first.driver.id, client_event_id="next")
    assert (await second.the_route())["state"] == "STARTED"
