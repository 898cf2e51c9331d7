"""Where drivers hand over becomes the point to which the next route leads."""

from typing import Any

import pytest

from marketplace.addresses import drop_point_id, learned_points, points_to_review, settle_point
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.routes import correct_pin, learn_drop_point
from marketplace.routes.learn_drop_point import NotThere, PinTooFar
from tests.builders import HOME_PLACE
from tests.marketplace.routes.drives import Drive, make_drive

ADDRESS = "Avenida Costanera 1200"
NEAR_DOOR = Point(lat=HOME_PLACE.lat + 0.0006, lon=HOME_PLACE.lon)
"""Some 67 metres from the pin."""
FAR_DOOR = Point(lat=HOME_PLACE.lat + 0.004, lon=HOME_PLACE.lon)
"""Some 445 metres from the pin."""


async def known_point(drive: Drive) -> Point | None:
    key = drop_point_id(drive.market.id, ADDRESS, HOME_PLACE)
    async with drive.works.open() as work:
        return (await learned_points(work, market_id=drive.market.id, ids=[key])).get(key)


async def test_a_hand_over_teaches_once_however_often_it_is_looked_at(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    await drive.drop_off(1, place=NEAR_DOOR)

    async with works.open() as work:
        assert await learn_drop_point(work, delivery_id=drive.deliveries[0].id) is None
        assert await learn_drop_point(work, delivery_id=drive.deliveries[0].id) is None
        assert await work.fetch_value("SELECT count(*) FROM drop_visit") == 1
    assert await known_point(drive) is None


async def test_a_flagged_hand_over_teaches_nothing(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    await drive.drop_off(1, place=FAR_DOOR)

    async with works.open() as work:
        await learn_drop_point(work, delivery_id=drive.deliveries[0].id)
        assert await work.fetch_value("SELECT count(*) FROM drop_visit") == 0


async def test_a_corrected_pin_is_where_the_next_route_leads(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()

    async with works.open() as work:
        assert await correct_pin(work, driver_id=drive.driver.id, stop_id=drive.stops[1].id, place=NEAR_DOOR)

    assert await known_point(drive) == NEAR_DOOR


async def test_a_pin_beyond_the_bound_is_for_operations(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()

    async with works.open() as work:
        assert not await correct_pin(work, driver_id=drive.driver.id, stop_id=drive.stops[1].id, place=FAR_DOOR)
        [doubted] = await points_to_review(work, market_id=drive.market.id, limit=10)
        assert (doubted.learned, doubted.given, doubted.moved_m) == (FAR_DOOR, HOME_PLACE, 444)
    assert await known_point(drive) is None

    async with works.open() as work:
        await settle_point(work, market_id=drive.market.id, drop_point_id=doubted.id, place=FAR_DOOR)
        assert await points_to_review(work, market_id=drive.market.id, limit=10) == []
    assert await known_point(drive) == FAR_DOOR


async def test_pins_are_corrected_at_the_door_by_its_driver_and_nearby(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2)
    await drive.drive_to_first_door()
    about: dict[str, Any] = {"driver_id": drive.driver.id, "stop_id": drive.stops[1].id, "place": NEAR_DOOR}
    refused = [
        (NotThere, about | {"stop_id": drive.stops[2].id}),
        (NotThere, about | {"stop_id": drive.stops[0].id}),
        (NotFound, about | {"driver_id": drive.shipper.id}),
        (PinTooFar, about | {"place": Point(lat=HOME_PLACE.lat + 0.02, lon=HOME_PLACE.lon)}),
    ]

    for refusal, changed in refused:
        with pytest.raises(refusal):
            async with works.open() as work:
                await correct_pin(work, **changed)
