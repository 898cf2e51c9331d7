"""A delivery that has arrived is rated once, in stars and reasons."""

from importlib import import_module

import asyncpg
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.recipients import AlreadyRated, BadRating, NotDeliveredYet, RatingReason, rate_delivery
from tests.marketplace.routes.drives import Drive, make_drive


async def rate(drive: Drive, stars: int, *reasons: RatingReason) -> None:
    async with drive.works.open() as work:
        await rate_delivery(work, delivery_id=DeliveryId(drive.deliveries[0].id), stars=stars, reasons=reasons)


async def delivered(works: Works, clock: ManualClock) -> Drive:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    await drive.drop_off(1)
    return drive


async def test_a_rating_is_kept_with_its_driver(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)

    await rate(drive, 4, RatingReason.ON_TIME, RatingReason.FRIENDLY, RatingReason.ON_TIME)

    async with works.open() as work:
        row = await work.fetch_row("SELECT delivery_id, driver_id, stars, reasons FROM rating")
    assert row is not None
    assert tuple(row) == (drive.deliveries[0].id, drive.driver.id, 4, ["FRIENDLY", "ON_TIME"])
    assert (await drive.events())[-1] == "DeliveryRated"


async def test_a_second_rating_is_refused_and_the_first_stays(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)
    await rate(drive, 4)
    before = await drive.everything()

    with pytest.raises(AlreadyRated):
        await rate(drive, 1)

    assert await drive.everything() == before
    async with works.open() as work:
        assert await work.fetch_value("SELECT stars FROM rating") == 4


@pytest.mark.parametrize("stars", [0, 6, -1])
async def test_stars_are_one_to_five(works: Works, clock: ManualClock, stars: int) -> None:
    drive = await delivered(works, clock)

    with pytest.raises(BadRating):
        await rate(drive, stars)

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM rating") == 0


async def test_what_has_not_arrived_is_not_rated(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()

    with pytest.raises(NotDeliveredYet):
        await rate(drive, 5)

    assert "DeliveryRated" not in await drive.events()


async def test_the_database_takes_no_other_stars_and_no_other_reasons(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)

    for stars, reasons in ((6, []), (5, ["because"])):
        with pytest.raises(asyncpg.CheckViolationError):
            async with works.open() as work:
                await work.execute(
                    "INSERT INTO rating (id, market_id, delivery_id, driver_id, stars, reasons, created_at)"
                    " SELECT gen_random_uuid(), market_id, id, $1, $2, $3, changed_at FROM delivery",
                    *(drive.driver.id, stars, reasons),
                )


def test_the_reasons_of_the_code_are_the_reasons_of_the_database() -> None:
    checks = import_module("migrations.0002_rules").CHECKS
    rule = next(rule for table, name, rule in checks if (table, name) == ("rating", "reasons"))

    assert set(rule.partition("[")[2].rstrip("]").replace("'", "").split(", ")) == set(RatingReason)
