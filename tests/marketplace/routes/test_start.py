"""Starting a route."""

from datetime import timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.routes.refusals import RouteAlreadyStarted, RouteEnded
from marketplace.routes.states import ReportVerb, RouteState
from tests.builders import make_driver
from tests.marketplace.routes.drives import make_drive


async def test_starting_sends_the_driver_to_the_first_stop(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=30)

    receipt = await drive.start()

    route = await drive.the_route()
    assert (route["state"], route["started_at"], route["is_flagged"]) == ("STARTED", clock.now, False)
    assert await drive.stops_are() == ["EN_ROUTE", "PENDING", "PENDING"]
    assert await drive.deliveries_are() == ["EN_ROUTE_TO_PICKUP", "EN_ROUTE_TO_PICKUP"]
    assert [(await drive.delivery(number))["sequence"] for number in (0, 1)] == [1, 1]
    assert await drive.events() == ["RouteStarted", "DeliveryMoved", "DeliveryMoved", "StopChanged"]
    assert (receipt.verb, receipt.effective_at, receipt.flag) == (ReportVerb.START, clock.now, None)


async def test_a_route_is_started_once(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    before = await drive.everything()

    with pytest.raises(RouteAlreadyStarted) as refused:
        await drive.start()

    assert refused.value.code == "ROUTE_ALREADY_STARTED"
    assert await drive.everything() == before


async def test_the_route_of_another_driver_looks_like_none(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        stranger = await make_driver(work, drive.market)
    before = await drive.everything()

    with pytest.raises(NotFound) as refused:
        await drive.start(driver_id=stranger.id)

    assert refused.value.code == "NOT_FOUND"
    assert await drive.everything() == before


@pytest.mark.parametrize("state", ["CANCELLED", "DISSOLVED", "COMPLETED"])
async def test_a_route_that_is_over_cannot_be_started(works: Works, clock: ManualClock, state: str) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        await work.execute("UPDATE route SET state = $2 WHERE id = $1", drive.route.id, state)
    before = await drive.everything()

    with pytest.raises(RouteEnded):
        await drive.start()

    assert await drive.everything() == before


async def test_a_route_handed_over_with_parcels_in_the_vehicle_goes_on_to_the_drop_off(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'PICKED_UP' WHERE route_id = $1", drive.route.id)

    await drive.start()

    assert await drive.deliveries_are() == ["EN_ROUTE_TO_DROPOFF", "EN_ROUTE_TO_DROPOFF"]
    assert await drive.stops_are() == ["SKIPPED", "EN_ROUTE", "PENDING"]


async def test_a_route_whose_deliveries_are_all_called_off_is_completed_at_its_start(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE route_id = $1", drive.route.id)

    await drive.start()

    assert (await drive.the_route())["state"] == RouteState.COMPLETED
    assert await drive.stops_are() == ["SKIPPED", "SKIPPED", "SKIPPED"]
    assert (await drive.presence())["state"] == "AVAILABLE"


async def test_a_start_before_the_acceptance_counts_from_the_acceptance(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    accepted_at = clock.now

    receipt = await drive.start(occurred_at=accepted_at - timedelta(seconds=1))

    assert (receipt.effective_at, receipt.flag) == (accepted_at, "TOO_EARLY")
    route = await drive.the_route()
    assert (route["started_at"], route["is_flagged"]) == (accepted_at, True)
