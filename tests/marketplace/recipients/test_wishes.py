"""A recipient's wishes reach the driver while there is time, and say nothing in events."""

import pytest

from marketplace.batches import DeliveryState
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.recipients import (
    BadInstructions,
    HandOverInPerson,
    SafePlace,
    TooLateForWishes,
    choose_safe_place,
    leave_instructions,
)
from marketplace.recipients.states import WISHES_HEARD
from tests.marketplace.routes.drives import Drive, make_drive


async def say(drive: Drive, text: str) -> None:
    async with drive.works.open() as work:
        await leave_instructions(work, delivery_id=DeliveryId(drive.deliveries[0].id), text=text)


async def choose(drive: Drive, place: SafePlace | None) -> None:
    async with drive.works.open() as work:
        await choose_safe_place(work, delivery_id=DeliveryId(drive.deliveries[0].id), place=place)


async def test_the_last_words_count_and_an_empty_text_takes_them_back(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    sequence = (await drive.delivery(0))["sequence"]

    await say(drive, "ring twice")
    await say(drive, "  call me  ")
    assert (await drive.delivery(0))["recipient_instructions"] == "call me"
    await say(drive, " ")

    delivery = await drive.delivery(0)
    assert (delivery["recipient_instructions"], delivery["sequence"]) == (None, sequence + 3)
    assert await drive.events() == ["InstructionsLeft"] * 3


async def test_the_driver_and_the_shipper_hear_that_there_is_word_and_not_what_it_says(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)

    await say(drive, "ring twice")
    await choose(drive, SafePlace.PORCH)

    async with works.open() as work:
        rows = await work.fetch("SELECT name, driver_id, shipper_id, payload::text FROM event ORDER BY ordinal")
    assert [row["name"] for row in rows] == ["InstructionsLeft", "SafePlaceChosen"]
    assert {(row["driver_id"], row["shipper_id"]) for row in rows} == {(drive.driver.id, drive.shipper.id)}
    assert not any("twice" in row["payload"] or "PORCH" in row["payload"] for row in rows)


async def test_a_safe_place_is_chosen_and_taken_back(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)

    await choose(drive, SafePlace.GARAGE)
    assert (await drive.delivery(0))["safe_place"] == "GARAGE"
    await choose(drive, None)

    assert (await drive.delivery(0))["safe_place"] is None


@pytest.mark.parametrize("requirement", ["PIN_AT_DROPOFF", "SIGNATURE_AT_DROPOFF", "AGE_CHECK"])
async def test_what_is_handed_over_in_person_is_left_nowhere(
    works: Works, clock: ManualClock, requirement: str
) -> None:
    drive = await make_drive(works, clock, count=1, requirements=[requirement])
    before = await drive.everything()

    with pytest.raises(HandOverInPerson):
        await choose(drive, SafePlace.PORCH)

    assert await drive.everything() == before


@pytest.mark.parametrize("text", ["x" * 301, "a\0b"])
async def test_instructions_have_a_limit(works: Works, clock: ManualClock, text: str) -> None:
    drive = await make_drive(works, clock, count=1)
    before = await drive.everything()

    with pytest.raises(BadInstructions):
        await say(drive, text)

    assert await drive.everything() == before


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - WISHES_HEARD))
async def test_nobody_is_asked_for_what_can_no_longer_be_done(
    works: Works, clock: ManualClock, state: DeliveryState
) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = $1", state.value)
    before = await drive.everything()

    for wish in (say(drive, "ring twice"), choose(drive, SafePlace.PORCH)):
        with pytest.raises(TooLateForWishes):
            await wish

    assert await drive.everything() == before
