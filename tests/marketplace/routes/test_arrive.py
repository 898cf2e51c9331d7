"""Arriving at a stop."""

from datetime import timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.routes.refusals import RouteEnded, RouteNotStarted, StopEnded, StopNotNext
from tests.builders import make_driver
from tests.marketplace.routes.drives import make_drive, point_of


async def test_arriving_at_a_pickup_is_the_moment_from_which_waiting_counts(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    clock.advance(seconds=600)

    receipt = await drive.arrive(0, occurred_at=clock.now - timedelta(seconds=10), place=point_of(drive.stops[0]))

    stop = await drive.stop(0)
    assert (stop["state"], stop["arrived_at"]) == ("ARRIVED", clock.now - timedelta(seconds=10))
    assert await drive.deliveries_are() == ["ARRIVED_AT_PICKUP", "ARRIVED_AT_PICKUP"]
    assert receipt.flag is None
    assert (await drive.the_route())["is_flagged"] is False
    assert (await drive.events())[-3:] == ["StopChanged", "DeliveryMoved", "DeliveryMoved"]


async def test_arriving_at_a_drop_off_moves_only_its_own_delivery(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)

    await drive.arrive(1)

    assert await drive.deliveries_are() == ["ARRIVED_AT_DROPOFF", "PICKED_UP"]
    assert await drive.stops_are() == ["COMPLETED", "ARRIVED", "PENDING"]


async def test_a_second_arrival_is_kept_and_changes_nothing(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.arrive(0)
    events, arrived_at = await drive.events(), (await drive.stop(0))["arrived_at"]
    clock.advance(seconds=60)

    await drive.arrive(0)

    assert await drive.events() == events
    assert (await drive.stop(0))["arrived_at"] == arrived_at
    assert await drive.reports_kept() == 3


async def test_stops_are_done_in_their_order(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    before = await drive.everything()

    with pytest.raises(StopNotNext) as refused:
        await drive.arrive(1)

    assert refused.value.code == "STOP_NOT_NEXT"
    assert await drive.everything() == before


async def test_nothing_is_reported_before_the_start(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    before = await drive.everything()

    with pytest.raises(RouteNotStarted):
        await drive.arrive(0)

    assert await drive.everything() == before


async def test_an_arrival_that_comes_after_the_pickup_is_refused_for_good(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    before = await drive.everything()

    with pytest.raises(StopEnded):
        await drive.arrive(0)

    assert await drive.everything() == before


async def test_a_completed_route_takes_no_more_reports(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await drive.drop_off(1)
    before = await drive.everything()

    with pytest.raises(RouteEnded):
        await drive.arrive(1)

    assert await drive.everything() == before


async def test_the_stop_of_another_driver_looks_like_none(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    async with works.open() as work:
        stranger = await make_driver(work, drive.market)
    before = await drive.everything()

    with pytest.raises(NotFound):
        await drive.arrive(0, driver_id=stranger.id)

    assert await drive.everything() == before


async def test_a_stop_whose_delivery_was_called_off_does_not_stand_in_the_way(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'FAILED' WHERE id = $1", drive.deliveries[0].id)

    await drive.arrive(2)
    await drive.drop_off(2)

    assert await drive.stops_are() == ["COMPLETED", "SKIPPED", "COMPLETED"]
    assert (await drive.the_route())["state"] == "COMPLETED"
