"""Handing over, with and without proof."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from marketplace.batches.states import Requirement
from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.routes.hand_over import BadProof
from marketplace.routes.models import Proof
from marketplace.routes.refusals import PinLocked, PinWrong, ProofMissing, WrongKindOfStop
from tests.marketplace.routes.drives import Drive, after, make_drive

WITH_PIN: dict[str, Any] = {"requirements": [Requirement.PIN_AT_DROPOFF.value], "pin": "4711"}


async def make_proof(drive: Drive, place: int, kind: str = "PHOTO", state: str = "UPLOADED") -> UUID:
    async with drive.works.open() as work:
        proof = await Proof.create(
            using_db=work.db,
            id=work.new_id(),
            market_id=drive.market.id,
            stop_id=drive.stops[place].id,
            driver_id=drive.driver.id,
            kind=kind,
            state=state,
            created_at=work.now,
        )
    return proof.id


async def test_handing_over_delivers_and_goes_on(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()
    clock.advance(seconds=60)

    outcome = await drive.drop_off(1)

    assert outcome.accepted().effective_at == clock.now
    assert await drive.deliveries_are() == ["DELIVERED", "EN_ROUTE_TO_DROPOFF"]
    assert await drive.stops_are() == ["COMPLETED", "COMPLETED", "EN_ROUTE"]
    assert (await drive.the_route())["state"] == "STARTED"
    assert (await drive.presence())["state"] == "ENGAGED"


@pytest.mark.parametrize(("late_s", "is_on_time"), [(0, True), (1, False)])
async def test_on_time_is_up_to_the_end_of_the_window(
    works: Works, clock: ManualClock, late_s: int, is_on_time: bool
) -> None:
    closes_at = clock.now + timedelta(minutes=30)
    drive = await make_drive(works, clock, count=1, dropoff_closes_at=closes_at)
    clock.advance(seconds=7200)
    await drive.start(occurred_at=after(drive, 1))
    await drive.pick_up(0, occurred_at=after(drive, 2))

    await drive.drop_off(1, occurred_at=closes_at + timedelta(seconds=late_s))

    async with works.open() as work:
        payload = await work.fetch_value(
            "SELECT payload->>'is_on_time' FROM event WHERE name = 'DeliveryDelivered' AND delivery_id = $1",
            drive.deliveries[0].id,
        )
    assert payload == str(is_on_time).lower()


async def test_nothing_is_handed_over_at_a_pickup(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    before = await drive.everything()

    with pytest.raises(WrongKindOfStop):
        await drive.drop_off(0)

    assert await drive.everything() == before


async def test_the_recipients_pin_opens_the_hand_over(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()

    outcome = await drive.drop_off(1, pin="4711")

    assert outcome.refusal is None
    assert (await drive.delivery(0))["state"] == "DELIVERED"
    assert (await drive.delivery(0))["pin_attempts"] == 0


async def test_a_wrong_pin_changes_nothing_but_the_count_of_tries(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()
    events, stops = await drive.events(), await drive.stops_are()

    outcome = await drive.drop_off(1, pin="0000")

    assert outcome.receipt is None
    assert isinstance(outcome.refusal, PinWrong)
    with pytest.raises(PinWrong) as refused:
        outcome.accepted()
    assert (refused.value.code, refused.value.field) == ("PIN_WRONG", "pin")
    assert refused.value.message == "this is not the recipient's PIN; tries left: 4"
    delivery = await drive.delivery(0)
    assert (delivery["state"], delivery["pin_attempts"]) == ("ARRIVED_AT_DROPOFF", 1)
    assert (await drive.events(), await drive.stops_are()) == (events, stops)


async def test_after_five_wrong_pins_not_even_the_right_one_is_taken(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()
    for number in range(5):
        outcome = await drive.drop_off(1, pin=f"000{number}")
        assert isinstance(outcome.refusal, PinWrong)
    before = await drive.everything()

    with pytest.raises(PinLocked) as refused:
        await drive.drop_off(1, pin="4711")

    assert refused.value.code == "PIN_LOCKED"
    assert await drive.everything() == before
    assert (await drive.delivery(0))["pin_attempts"] == 5


async def test_operations_hear_once_that_a_pin_is_locked_and_nothing_personal(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()
    for number in range(4):
        await drive.drop_off(1, pin=f"000{number}")
    assert "PinLocked" not in await drive.events()
    said = {"client_event_id": "the last try", "occurred_at": clock.now}

    await drive.drop_off(1, pin="0004", **said)
    with pytest.raises(PinLocked):
        await drive.drop_off(1, pin="0005")
    await drive.drop_off(1, pin="0004", **said)

    async with works.open() as work:
        rows = await work.fetch("SELECT payload, shipper_id FROM event WHERE name = 'PinLocked'")
    assert [(orjson.loads(row["payload"]), row["shipper_id"]) for row in rows] == [
        (
            {
                "market_id": str(drive.market.id),
                "route_id": str(drive.route.id),
                "driver_id": str(drive.driver.id),
                "stop_id": str(drive.stops[1].id),
                "delivery_id": str(drive.deliveries[0].id),
            },
            None,
        )
    ]


async def test_a_wrong_pin_that_is_sent_again_counts_once(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()
    said = {"client_event_id": "door", "occurred_at": clock.now}
    for _ in range(4):
        outcome = await drive.drop_off(1, pin="0000", **said)
        assert isinstance(outcome.refusal, PinWrong)
    assert (await drive.delivery(0))["pin_attempts"] == 1

    outcome = await drive.drop_off(1, pin="4711", **said)

    assert outcome.accepted().stop_id == drive.stops[1].id
    assert (await drive.delivery(0))["state"] == "DELIVERED"


@pytest.mark.parametrize("pin", ["", "123456789", "12\x00", "１２３４", "\ud800"])
async def test_what_cannot_be_a_pin_costs_no_try(works: Works, clock: ManualClock, pin: str) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()
    before = await drive.everything()

    with pytest.raises(BadProof):
        await drive.drop_off(1, pin=pin)

    assert await drive.everything() == before


async def test_a_missing_pin_costs_no_try(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, **WITH_PIN)
    await drive.drive_to_first_door()
    before = await drive.everything()

    with pytest.raises(ProofMissing) as refused:
        await drive.drop_off(1)

    assert (refused.value.code, refused.value.field) == ("PROOF_MISSING", "pin")
    assert await drive.everything() == before


@pytest.mark.parametrize(
    ("requirement", "kind"),
    [(Requirement.PHOTO_AT_DROPOFF, "PHOTO"), (Requirement.SIGNATURE_AT_DROPOFF, "SIGNATURE")],
)
async def test_an_uploaded_picture_of_the_right_kind_proves_the_hand_over(
    works: Works, clock: ManualClock, requirement: Requirement, kind: str
) -> None:
    drive = await make_drive(works, clock, requirements=[requirement.value])
    await drive.drive_to_first_door()
    proof_id = await make_proof(drive, 1, kind)

    outcome = await drive.drop_off(1, proof_ids=[proof_id])

    assert outcome.refusal is None
    assert (await drive.delivery(0))["state"] == "DELIVERED"


@pytest.mark.parametrize("fault", ["none", "other kind", "not uploaded", "other stop", "unknown"])
async def test_without_its_own_uploaded_picture_nothing_is_handed_over(
    works: Works, clock: ManualClock, fault: str
) -> None:
    drive = await make_drive(works, clock, requirements=[Requirement.PHOTO_AT_DROPOFF.value])
    await drive.drive_to_first_door()
    proofs: Sequence[UUID] = {
        "none": [],
        "other kind": [await make_proof(drive, 1, "SIGNATURE")],
        "not uploaded": [await make_proof(drive, 1, state="EXPECTED")],
        "other stop": [await make_proof(drive, 2)],
        "unknown": [uuid4()],
    }[fault]
    before = await drive.everything()

    with pytest.raises(ProofMissing) as refused:
        await drive.drop_off(1, proof_ids=proofs)

    assert (refused.value.code, refused.value.field) == ("PROOF_MISSING", "proofIds")
    assert await drive.everything() == before


async def test_a_missing_picture_is_told_before_a_pin_is_tried(works: Works, clock: ManualClock) -> None:
    needs = [Requirement.PHOTO_AT_DROPOFF.value, Requirement.PIN_AT_DROPOFF.value]
    drive = await make_drive(works, clock, requirements=needs, pin="4711")
    await drive.drive_to_first_door()
    before = await drive.everything()

    with pytest.raises(ProofMissing):
        await drive.drop_off(1, pin="0000")

    assert await drive.everything() == before


async def test_a_hand_over_names_at_most_ten_proofs(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()

    with pytest.raises(BadProof):
        await drive.drop_off(1, proof_ids=[uuid4() for _ in range(11)])
