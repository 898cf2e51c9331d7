"""Stops at which nothing could be done."""

from datetime import timedelta

import pytest

from marketplace.batches.states import AttemptFailure
from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.routes.refusals import ClientEventReused, ReasonDoesNotFit, StopEnded, StopNotNext
from tests.marketplace.routes.drives import after, make_drive


async def test_a_failed_hand_over_is_an_attempt_and_the_route_goes_on(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=3600)
    await drive.start(occurred_at=after(drive, 1))
    await drive.pick_up(0, occurred_at=after(drive, 5))
    await drive.arrive(1, occurred_at=after(drive, 15))

    await drive.fail(1, AttemptFailure.RECIPIENT_UNAVAILABLE, occurred_at=after(drive, 25))

    stop = await drive.stop(1)
    assert (stop["state"], stop["failure_reason"]) == ("FAILED", "RECIPIENT_UNAVAILABLE")
    assert (stop["arrived_at"], stop["ended_at"]) == (after(drive, 15), after(drive, 25))
    assert await drive.deliveries_are() == ["ATTEMPTED", "EN_ROUTE_TO_DROPOFF"]
    assert (await drive.delivery(0))["failure_reason"] == "RECIPIENT_UNAVAILABLE"
    assert await drive.stops_are() == ["COMPLETED", "FAILED", "EN_ROUTE"]
    assert (await drive.events())[-4:] == ["DeliveryAttempted", "StopChanged", "StopChanged", "DeliveryMoved"]


async def test_a_route_with_an_attempted_parcel_in_the_vehicle_is_not_over(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)

    await drive.fail(1, AttemptFailure.RECIPIENT_REFUSED)

    assert (await drive.the_route())["state"] == "STARTED"
    assert (await drive.presence())["state"] == "ENGAGED"
    assert "RouteCompleted" not in await drive.events()


async def test_a_failure_without_an_arrival_counts_as_arriving_at_the_same_moment(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    clock.advance(seconds=600)

    await drive.fail(1, AttemptFailure.ACCESS_BLOCKED)

    stop = await drive.stop(1)
    assert (stop["arrived_at"], stop["ended_at"]) == (clock.now, clock.now)


@pytest.mark.parametrize("reason", [AttemptFailure.PICKUP_CLOSED, AttemptFailure.PACKAGE_NOT_READY])
async def test_a_pickup_that_may_work_later_is_planned_again(
    works: Works, clock: ManualClock, reason: AttemptFailure
) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    clock.advance(seconds=900)

    await drive.fail(0, reason)

    for number in (0, 1):
        delivery = await drive.delivery(number)
        assert (delivery["state"], delivery["route_id"], delivery["failure_reason"]) == ("SCHEDULED", None, None)
        assert delivery["plan_after"] == clock.now + timedelta(seconds=drive.market.replan_after_s)
        assert delivery["sequence"] == 3
    assert await drive.stops_are() == ["FAILED", "SKIPPED", "SKIPPED"]
    assert (await drive.the_route())["state"] == "COMPLETED"
    assert (await drive.presence())["state"] == "AVAILABLE"
    assert (await drive.events())[-6:] == [
        "DeliveryUnplanned", "DeliveryUnplanned", "StopChanged", "StopChanged", "StopChanged", "RouteCompleted",
    ]  # fmt: skip


async def test_a_pickup_that_can_never_work_fails_its_deliveries(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()

    await drive.fail(0, AttemptFailure.UNSAFE_LOCATION)

    assert await drive.deliveries_are() == ["FAILED", "FAILED"]
    assert (await drive.delivery(0))["failure_reason"] == "UNSAFE_LOCATION"
    assert (await drive.events()).count("DeliveryFailed") == 2
    assert await drive.stops_are() == ["FAILED", "SKIPPED", "SKIPPED"]


@pytest.mark.parametrize("reason", [AttemptFailure.PICKUP_CLOSED, AttemptFailure.PACKAGE_NOT_READY])
async def test_reasons_of_a_pickup_fit_no_drop_off(works: Works, clock: ManualClock, reason: AttemptFailure) -> None:
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()
    before = await drive.everything()

    with pytest.raises(ReasonDoesNotFit) as refused:
        await drive.fail(1, reason)

    assert (refused.value.code, refused.value.field) == ("REASON_DOES_NOT_FIT", "reason")
    assert await drive.everything() == before


async def test_a_stop_fails_in_its_turn_and_once(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()
    with pytest.raises(StopNotNext):
        await drive.fail(2, AttemptFailure.OTHER)
    await drive.fail(1, AttemptFailure.OTHER)
    before = await drive.everything()

    with pytest.raises(StopEnded):
        await drive.fail(1, AttemptFailure.OTHER)

    assert await drive.everything() == before


async def test_the_reason_is_part_of_the_report(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()
    said = {"client_event_id": "door", "occurred_at": clock.now}
    first = await drive.fail(1, AttemptFailure.OTHER, **said)

    assert await drive.fail(1, AttemptFailure.OTHER, **said) == first
    with pytest.raises(ClientEventReused):
        await drive.fail(1, AttemptFailure.ACCESS_BLOCKED, **said)
