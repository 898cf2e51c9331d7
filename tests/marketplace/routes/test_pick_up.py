"""Picking up."""

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.routes.refusals import StopEnded, StopNotNext, WrongKindOfStop
from tests.marketplace.routes.drives import after, make_drive


async def test_picking_up_takes_every_parcel_and_goes_on(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=3600)
    await drive.start(occurred_at=after(drive, 1))
    await drive.arrive(0, occurred_at=after(drive, 10))

    await drive.pick_up(0, occurred_at=after(drive, 12))

    stop = await drive.stop(0)
    assert (stop["state"], stop["arrived_at"], stop["ended_at"]) == ("COMPLETED", after(drive, 10), after(drive, 12))
    assert await drive.stops_are() == ["COMPLETED", "EN_ROUTE", "PENDING"]
    assert await drive.deliveries_are() == ["EN_ROUTE_TO_DROPOFF", "PICKED_UP"]
    assert [(await drive.delivery(number))["sequence"] for number in (0, 1)] == [4, 3]


async def test_each_step_of_a_delivery_leaves_one_event_with_the_next_number(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)

    await drive.start()
    await drive.pick_up(0)
    await drive.drop_off(1)

    async with works.open() as work:
        rows = await work.fetch(
            "SELECT name, payload->>'state' AS state, (payload->>'sequence')::int AS sequence FROM event"
            " WHERE delivery_id = $1 ORDER BY ordinal",
            drive.deliveries[0].id,
        )
    assert [tuple(row) for row in rows] == [
        ("DeliveryMoved", "EN_ROUTE_TO_PICKUP", 1),
        ("DeliveryMoved", "ARRIVED_AT_PICKUP", 2),
        ("DeliveryMoved", "PICKED_UP", 3),
        ("DeliveryMoved", "EN_ROUTE_TO_DROPOFF", 4),
        ("DeliveryMoved", "ARRIVED_AT_DROPOFF", 5),
        ("DeliveryDelivered", "DELIVERED", 6),
    ]


async def test_a_pickup_without_an_arrival_counts_as_arriving_at_the_same_moment(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    clock.advance(seconds=600)

    receipt = await drive.pick_up(0)

    stop = await drive.stop(0)
    assert (stop["arrived_at"], stop["ended_at"], receipt.flag) == (clock.now, clock.now, None)


async def test_a_delivery_that_was_called_off_is_not_picked_up(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE id = $1", drive.deliveries[0].id)

    await drive.pick_up(0)

    assert await drive.deliveries_are() == ["CANCELLED", "EN_ROUTE_TO_DROPOFF"]
    assert await drive.stops_are() == ["COMPLETED", "SKIPPED", "EN_ROUTE"]


async def test_nothing_is_picked_up_at_a_drop_off(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()
    before = await drive.everything()

    with pytest.raises(WrongKindOfStop) as refused:
        await drive.pick_up(1)

    assert refused.value.code == "WRONG_KIND_OF_STOP"
    assert await drive.everything() == before


async def test_a_pickup_is_done_once(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    before = await drive.everything()

    with pytest.raises(StopEnded):
        await drive.pick_up(0)

    assert await drive.everything() == before


async def test_a_hand_over_waits_for_its_pickup(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    before = await drive.everything()

    with pytest.raises(StopNotNext):
        await drive.drop_off(1)

    assert await drive.everything() == before
