"""A recipient sees status, window and driver of one delivery, and the driver's place only when near and at work."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.batches import AttemptFailure
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point, cell_centre
from marketplace.core.ids import DeliveryId, to_wire
from marketplace.core.work import Works
from marketplace.recipients import Language, RecipientAction, TrackedStatus, tracked_delivery
from marketplace.recipients.states import STATUS_AT_POINT, STATUS_OF
from marketplace.recipients.wording import HEADLINES
from tests.marketplace.routes.drives import Drive, make_drive


async def look(drive: Drive, number: int = 0, language: Language = Language.EN) -> dict[str, Any]:
    async with drive.works.open() as work:
        found = await tracked_delivery(work, delivery_id=DeliveryId(drive.deliveries[number].id), language=language)
    assert found is not None
    return found


async def report_place(drive: Drive) -> None:
    async with drive.works.open() as work:
        await work.execute(
            "UPDATE presence SET lat = -29.91, lon = -71.25, position_at = $2 WHERE driver_id = $1",
            drive.driver.id,
            work.now,
        )


async def test_status_window_and_sender_are_told_in_the_language_asked_for(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, pin="123456")

    english, spanish = await look(drive), await look(drive, language=Language.ES)

    delivery = drive.deliveries[0]
    assert (english["id"], english["status"]) == (to_wire("delivery", delivery.id), TrackedStatus.DRIVER_FOUND)
    assert english["headline"] == "A driver will collect your parcel"
    assert spanish["headline"] == "Un repartidor recogerá tu paquete"
    assert (english["shipper_name"], english["pin"]) == ("Farmacia Norte", "123456")
    assert (english["driver"], english["position"], english["stops_before"]) == (None, None, None)


async def test_the_driver_is_shown_from_as_many_stops_away_as_the_dial_says(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=4)
    await drive.start()
    await report_place(drive)

    # A pickup and up to three doors come before.
    assert [(await look(drive, number))["stops_before"] for number in range(4)] == [1, 2, None, None]
    seen = [(await look(drive, number))["position"] for number in range(4)]
    assert [place and (place["lat"], place["lon"]) for place in seen] == [(-29.91, -71.25)] * 2 + [None] * 2
    await drive.pick_up(0)

    assert [(await look(drive, number))["stops_before"] for number in range(4)] == [0, 1, 2, None]
    assert (await look(drive))["status"] is TrackedStatus.NEXT
    assert (await look(drive, 3))["driver"] == {"first_name": drive.driver.name.split()[0], "vehicle": "CAR"}


async def test_after_the_hand_over_only_the_driver_s_area_is_told_and_soon_nothing(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, pin="123456")
    await drive.drive_to_first_door()
    await report_place(drive)
    at_the_door = await look(drive)

    await drive.drop_off(1)

    delivered = await look(drive)
    assert (at_the_door["status"], at_the_door["stops_before"]) == (TrackedStatus.AT_THE_DOOR, 0)
    assert at_the_door["position"] is not None
    assert (delivered["status"], delivered["headline"]) == (TrackedStatus.DELIVERED, "Delivered")
    assert (delivered["stops_before"], delivered["pin"]) == (None, None)
    assert (at_the_door["position"]["lat"], at_the_door["position"]["is_blurred"]) == (-29.91, False)
    # The middle of the cell around the driver, wherever in it that is.
    area = cell_centre(Point(lat=-29.91, lon=-71.25).cell)
    near = delivered["position"]
    assert (near["lat"], near["lon"], near["is_blurred"]) == (area.lat, area.lon, True)
    assert (area.lat, area.lon) != (-29.91, -71.25)

    clock.advance(seconds=599)
    await report_place(drive)
    assert (await look(drive))["position"]["is_blurred"]
    clock.advance(seconds=1)
    await report_place(drive)
    assert (await look(drive))["position"] is None
    assert delivered["driver"]["vehicle"] == "CAR"
    told = [step["status"].value for step in delivered["timeline"]]
    assert told == ["DRIVER_FOUND", "ON_THE_WAY", "NEXT", "AT_THE_DOOR", "DELIVERED"]
    assert delivered["actions"] == [RecipientAction.RATE, RecipientAction.TIP, RecipientAction.CLAIM]


async def test_who_was_missed_sees_the_area_while_the_driver_still_drives(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2)
    await drive.drive_to_first_door()
    clock.advance(seconds=300)
    await drive.fail(1, AttemptFailure.RECIPIENT_UNAVAILABLE)
    await report_place(drive)

    missed, other = await look(drive), await look(drive, 1)

    assert (missed["status"], missed["position"]["is_blurred"]) == (TrackedStatus.ATTEMPTED, True)
    assert not other["position"]["is_blurred"]
    async with works.open() as work:
        await work.execute("UPDATE route SET state = 'COMPLETED', ended_at = $1", work.now)
    assert (await look(drive))["position"] is None


async def test_an_old_place_is_shown_to_nobody(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await report_place(drive)

    clock.advance(seconds=300)

    found = await look(drive)
    assert (found["position"], found["stops_before"]) == (None, 1)


async def test_a_driver_who_has_not_set_off_is_not_shown(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await report_place(drive)

    found = await look(drive)

    assert (found["driver"], found["position"], found["stops_before"]) == (None, None, None)


async def test_a_failed_attempt_says_why_in_words(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    await drive.fail(1, AttemptFailure.RECIPIENT_UNAVAILABLE)

    found = await look(drive)

    assert (found["status"], found["reason"]) == (TrackedStatus.ATTEMPTED, "Nobody answered.")
    assert (await look(drive, language=Language.ES))["reason"] == "Nadie respondió."


async def test_a_point_can_be_chosen_before_the_pickup_and_while_another_try_can_be_asked_for(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)
    wait = "UPDATE delivery SET state = 'ATTEMPTED', answer_due_at = $2 WHERE id = $1"

    offered = [await may_choose_point(drive)]
    await drive.start()
    await drive.pick_up(0)
    offered.append(await may_choose_point(drive))
    for seconds in (1, 0):
        async with works.open() as work:
            await work.execute(wait, drive.deliveries[0].id, work.now + timedelta(seconds=seconds))
        offered.append(await may_choose_point(drive))

    assert offered == [True, False, True, False]


async def test_what_cannot_lie_at_a_point_is_not_offered_one(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, requirements=["COLD"])

    assert not await may_choose_point(drive)


async def may_choose_point(drive: Drive) -> bool:
    return RecipientAction.CHOOSE_POINT in (await look(drive))["actions"]


@pytest.mark.parametrize("language", list(Language))
def test_every_state_has_a_status_and_every_status_its_words(language: Language) -> None:
    assert {*STATUS_OF.values(), *STATUS_AT_POINT.values()} == set(TrackedStatus)
    assert HEADLINES[language].keys() == set(TrackedStatus)
