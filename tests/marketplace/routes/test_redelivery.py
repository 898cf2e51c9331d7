"""A parcel that nobody took is brought back, waits for another window, and is tried again or given back."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import (
    AnswerTooLate,
    AttemptFailure,
    BadNewWindow,
    ChosenBy,
    DeliveryState,
    LeftAt,
    LocalWindow,
    NotWaiting,
    find_delivery,
    reschedule_delivery,
    return_delivery,
    settle_attempt,
    settle_due,
)
from marketplace.billing import accrue_delivery
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.window import local_window
from marketplace.core.work import Works
from marketplace.routes import plan_return
from marketplace.routes.refusals import MayNotBeLeft, ProofMissing, WaitLonger
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.test_drop_off import make_proof

AWAY = AttemptFailure.RECIPIENT_UNAVAILABLE


async def make_failed(works: Works, clock: ManualClock, **changes: Any) -> Drive:
    """A driver who was at the only door, where nobody was."""
    drive = await make_drive(works, clock, count=1, **{"failure_policy": "REDELIVER"} | changes)
    await drive.start()
    await drive.pick_up(0)
    await drive.fail(1, AWAY)
    await plan_return(works, router=StraightLineRouter(), delivery_id=drive.deliveries[0].id)
    return drive


async def bring_back(drive: Drive) -> None:
    """Drives the last stop, at which the parcel is brought back."""
    async with drive.works.open() as work:
        rows = await work.fetch("SELECT id FROM stop WHERE route_id = $1 ORDER BY place", drive.route.id)
    drive.clock.advance(seconds=900)
    await drive.drop_off(1, stop_id=rows[-1]["id"])


async def settle(drive: Drive) -> DeliveryState | None:
    async with drive.works.open() as work:
        return await settle_attempt(work, delivery_id=drive.deliveries[0].id)


def window(clock: ManualClock, *, after_h: float = 2, lasts_h: float = 2) -> LocalWindow:
    """A window in the market's local time."""
    opens = (clock.now + timedelta(hours=after_h)).astimezone(ZoneInfo("America/Santiago")).replace(tzinfo=None)
    return LocalWindow(opens=opens, closes=opens + timedelta(hours=lasts_h))


async def choose(drive: Drive, **changes: Any) -> DeliveryState:
    values: dict[str, Any] = {
        "delivery_id": drive.deliveries[0].id,
        "window": window(drive.clock),
        "chosen_by": ChosenBy.RECIPIENT,
    }
    async with drive.works.open() as work:
        return await reschedule_delivery(work, **values | changes)


async def returns_of(drive: Drive) -> list[asyncpg.Record]:
    async with drive.works.open() as work:
        return await work.fetch("SELECT * FROM delivery WHERE return_of = $1", drive.deliveries[0].id)


async def test_a_parcel_that_is_tried_again_is_brought_back_without_a_return(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)

    await bring_back(drive)

    delivery = await drive.delivery(0)
    assert (delivery["state"], delivery["route_id"], delivery["attempts"]) == ("ATTEMPTED", None, 1)
    assert delivery["brought_back_at"] == clock.now
    assert await returns_of(drive) == []
    assert (await drive.the_route())["state"] == "COMPLETED"
    assert (await drive.stops_are())[-1] == "COMPLETED"
    assert (await drive.presence())["state"] == "AVAILABLE"
    assert await settle(drive) is DeliveryState.ATTEMPTED


async def test_every_attempt_is_kept_with_its_reason_and_wait(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, failure_policy="REDELIVER")
    await drive.drive_to_first_door()
    clock.advance(seconds=240)

    await drive.fail(1, AWAY)

    async with works.open() as work:
        [attempt] = await work.fetch("SELECT * FROM attempt WHERE delivery_id = $1", drive.deliveries[0].id)
    kept = (attempt["number"], attempt["reason"], attempt["next_step"], attempt["waited_s"], attempt["late_s"])
    assert kept == (1, "RECIPIENT_UNAVAILABLE", "REDELIVER", 240, 0)


async def test_a_window_chosen_on_the_way_counts_once_the_parcel_is_back(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)

    assert await choose(drive) is DeliveryState.ATTEMPTED
    chosen = await drive.delivery(0)
    await bring_back(drive)
    assert await settle(drive) is DeliveryState.SCHEDULED

    delivery = await drive.delivery(0)
    assert (delivery["dropoff_opens_at"], delivery["dropoff_closes_at"]) == (
        chosen["next_opens_at"],
        chosen["next_closes_at"],
    )
    assert (delivery["pickup_opens_at"], delivery["pickup_closes_at"]) == (clock.now, chosen["next_closes_at"])
    assert delivery["plan_after"] == chosen["next_opens_at"] - timedelta(hours=1)
    assert (delivery["next_opens_at"], delivery["answer_due_at"], delivery["brought_back_at"]) == (None, None, None)
    events = [name for name in await drive.events() if name.startswith("Delivery")]
    assert events[-3:] == ["DeliveryRescheduled", "DeliveryBroughtBack", "DeliveryRequeued"]


async def test_a_window_chosen_later_has_the_parcel_planned_at_once(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    await bring_back(drive)

    assert await choose(drive) is DeliveryState.SCHEDULED
    with pytest.raises(NotWaiting):
        await choose(drive)


async def test_a_shipper_promises_another_window_while_the_parcel_waits(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    await bring_back(drive)
    await choose(drive)
    clock.advance(seconds=3_600)

    assert await choose(drive, chosen_by=ChosenBy.SHIPPER) is DeliveryState.SCHEDULED

    delivery, chosen = await drive.delivery(0), window(clock)
    assert delivery["dropoff_opens_at"] == local_window(chosen.opens, chosen.closes, delivery["time_zone"]).opens_at
    assert (await drive.events())[-1] == "WindowChanged"


async def test_nobody_chooses_and_the_parcel_is_given_back_at_the_deadline(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    await bring_back(drive)
    clock.advance(seconds=86_400)

    async with works.open() as work:
        assert await settle_due(work) == 1
        assert await settle_due(work) == 0

    delivery, [back] = await drive.delivery(0), await returns_of(drive)
    assert (delivery["state"], back["state"]) == ("RETURNED", "DELIVERED")
    assert back["price_minor"] >= 2500
    assert (await drive.events())[-3:] == ["DeliveryReturning", "DeliveryDelivered", "DeliveryReturned"]
    with pytest.raises(NotWaiting):
        await choose(drive)


async def test_operations_end_the_waiting_and_a_later_choice_is_refused(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    about = {"delivery_id": drive.deliveries[0].id, "market_id": drive.market.id}

    async with works.open() as work:
        assert await return_delivery(work, **about) is DeliveryState.ATTEMPTED
    with pytest.raises(NotWaiting):
        await choose(drive)
    await bring_back(drive)
    assert await settle(drive) is DeliveryState.RETURNED

    async with works.open() as work:
        assert await return_delivery(work, **about) is DeliveryState.RETURNED
    assert len(await returns_of(drive)) == 1


async def test_after_the_last_try_the_parcel_goes_back_as_a_return(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock, max_attempts=1)

    [back] = await returns_of(drive)
    assert ((await drive.delivery(0))["state"], back["state"]) == ("RETURNING", "EN_ROUTE_TO_DROPOFF")
    with pytest.raises(NotWaiting):
        await choose(drive)


async def test_planning_the_way_back_twice_adds_one_stop(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    before = await drive.stops_are()

    await plan_return(works, router=StraightLineRouter(), delivery_id=drive.deliveries[0].id)

    assert await drive.stops_are() == before == ["COMPLETED", "FAILED", "EN_ROUTE"]


async def test_a_window_that_passes_on_the_way_can_be_chosen_anew(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    await choose(drive, window=window(clock, after_h=0, lasts_h=0.75))
    clock.advance(seconds=3600)
    await bring_back(drive)

    assert await settle(drive) is DeliveryState.ATTEMPTED

    delivery = await drive.delivery(0)
    assert (delivery["next_closes_at"], delivery["answer_due_at"]) == (None, clock.now + timedelta(days=1))
    assert await choose(drive) is DeliveryState.SCHEDULED


@pytest.mark.parametrize(
    ("after_h", "lasts_h", "refusal"), [(0, 0.25, BadNewWindow), (24 * 14, 2, BadNewWindow), (-5, 1, BadNewWindow)]
)
async def test_a_window_that_nobody_could_keep_is_refused(
    works: Works, clock: ManualClock, after_h: float, lasts_h: float, refusal: type[Exception]
) -> None:
    drive = await make_failed(works, clock)
    before = await drive.everything()

    with pytest.raises(refusal):
        await choose(drive, window=window(clock, after_h=after_h, lasts_h=lasts_h))

    assert await drive.everything() == before


async def test_a_choice_after_the_deadline_is_refused(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    clock.advance(seconds=86_400)

    with pytest.raises(AnswerTooLate):
        await choose(drive)


async def test_a_delivery_of_somebody_else_looks_like_none(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)

    with pytest.raises(NotFound):
        await choose(drive, shipper_id=drive.driver.id)
    with pytest.raises(NotFound):
        await choose(drive, market_id=drive.driver.id)


async def test_another_try_costs_what_the_rate_card_says(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)
    async with works.open() as work:
        await work.execute("ALTER TABLE rate_card DISABLE TRIGGER USER")
        await work.execute("UPDATE rate_card SET promises = $1::jsonb", '{"redelivery_percent": 50}')
        await work.execute("UPDATE delivery SET rate_card_version = 1")
    await bring_back(drive)
    await choose(drive)
    assert (await drive.delivery(0))["redelivery_minor"] == 2100

    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'RETURNED' WHERE id = $1", drive.deliveries[0].id)
        await accrue_delivery(work, delivery_id=DeliveryId(drive.deliveries[0].id))
        lines = await work.fetch("SELECT kind, amount_minor FROM bill_line ORDER BY kind")
    assert [tuple(line) for line in lines] == [("DELIVERY", 4200), ("REDELIVERY", 2100)]


async def test_a_discarded_parcel_is_over_and_owed(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock, failure_policy="DISCARD")

    delivery = await drive.delivery(0)
    assert (delivery["state"], delivery["failure_reason"]) == ("FAILED", "DISCARDED")
    assert (await drive.the_route())["state"] == "COMPLETED"
    async with works.open() as work:
        await accrue_delivery(work, delivery_id=DeliveryId(delivery["id"]))
        assert await work.fetch_value("SELECT amount_minor FROM bill_line") == 4200


async def test_return_to_hub_goes_to_the_nearest_hub(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock, failure_policy="RETURN_TO_HUB", hub_id=None, pickup_lat=-29.85)

    [back] = await returns_of(drive)
    assert (back["dropoff_lat"], back["dropoff_address"]) == (-29.9045, "Calle Balmaceda 300")


async def test_nobody_is_missing_before_the_driver_has_waited(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute("UPDATE market SET unavailable_after_s = 180")
    await drive.drive_to_first_door()
    before = await drive.everything()

    with pytest.raises(WaitLonger):
        await drive.fail(1, AWAY)
    assert await drive.everything() == before

    clock.advance(seconds=180)
    await drive.fail(1, AWAY)
    assert await drive.deliveries_are() == ["ATTEMPTED"]


async def test_a_parcel_is_left_with_a_photo_where_its_shipper_allows_it(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, failure_policy="NEIGHBOUR")
    await drive.drive_to_first_door()
    with pytest.raises(ProofMissing):
        await drive.drop_off(1, left_at=LeftAt.NEIGHBOUR)
    with pytest.raises(MayNotBeLeft):
        await drive.drop_off(1, left_at=LeftAt.SAFE_PLACE)
    photo = await make_proof(drive, 1)

    (await drive.drop_off(1, left_at=LeftAt.NEIGHBOUR, proof_ids=[photo])).accepted()

    delivery = await drive.delivery(0)
    assert (delivery["state"], delivery["left_at"]) == ("DELIVERED", "NEIGHBOUR")


@pytest.mark.parametrize(
    ("chosen", "left_at", "elsewhere"),
    [("PORCH", LeftAt.SAFE_PLACE, LeftAt.NEIGHBOUR), ("NEIGHBOUR", LeftAt.NEIGHBOUR, LeftAt.SAFE_PLACE)],
)
async def test_a_parcel_is_left_where_its_recipient_chose_and_the_photo_keeps_where(
    works: Works, clock: ManualClock, chosen: str, left_at: LeftAt, elsewhere: LeftAt
) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    photo = await make_proof(drive, 1)
    with pytest.raises(MayNotBeLeft, match="nobody has named a place"):
        await drive.drop_off(1, left_at=left_at, proof_ids=[photo])
    async with works.open() as work:
        await work.execute("UPDATE delivery SET safe_place = $1", chosen)
    with pytest.raises(MayNotBeLeft, match=f"with a photo it may be left at {left_at.value}: {chosen}"):
        await drive.drop_off(1, left_at=elsewhere, proof_ids=[photo])
    with pytest.raises(ProofMissing, match="needs a photo"):
        await drive.drop_off(1, left_at=left_at)

    (await drive.drop_off(1, left_at=left_at, proof_ids=[photo])).accepted()

    delivery = await drive.delivery(0)
    assert (delivery["state"], delivery["left_at"]) == ("DELIVERED", left_at.value)
    async with works.open() as work:
        assert await work.fetch_value("SELECT left_in FROM proof WHERE id = $1", photo) == chosen
    async with works.read() as connection:
        found = await find_delivery(
            connection, delivery_id=drive.deliveries[0].id, shipper_id=drive.deliveries[0].shipper_id
        )
    assert found is not None
    assert (found["left_at"], found["left_in"]) == (left_at.value, chosen)


@pytest.mark.parametrize("asked", ["PIN_AT_DROPOFF", "SIGNATURE_AT_DROPOFF", "AGE_CHECK"])
async def test_what_is_handed_over_in_person_is_left_nowhere(works: Works, clock: ManualClock, asked: str) -> None:
    drive = await make_drive(works, clock, count=1, failure_policy="SAFE_PLACE", requirements=[asked], pin="123456")
    await drive.drive_to_first_door()
    photo = await make_proof(drive, 1)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET safe_place = 'PORCH'")
    before = await drive.everything()

    with pytest.raises(MayNotBeLeft, match=f"asks for {asked} and is handed over in person"):
        await drive.drop_off(1, left_at=LeftAt.SAFE_PLACE, proof_ids=[photo], pin="123456")

    assert await drive.everything() == before
    async with works.open() as work:
        assert await work.fetch_value("SELECT named_at FROM proof") is None


async def test_the_database_knows_where_an_attempted_parcel_is(works: Works, clock: ManualClock) -> None:
    drive = await make_failed(works, clock)

    with pytest.raises(asyncpg.CheckViolationError):
        async with works.open() as work:
            await work.execute("UPDATE delivery SET route_id = NULL WHERE id = $1", drive.deliveries[0].id)
