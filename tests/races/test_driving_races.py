"""Reports that meet: real commits on many connections, one effect each."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from uuid import UUID

from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import cancel_delivery
from marketplace.batches.states import AttemptFailure, CancelReason, Requirement
from marketplace.core.clock import ManualClock
from marketplace.core.errors import Refusal
from marketplace.core.work import Works
from marketplace.routes import DropOffOutcome, Receipt, mend_route, plan_return, sweep_proofs
from marketplace.routes.sweep_proofs import UNNAMED_FOR
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.test_sweep_proofs import upload

AT_ONCE = 10


async def at_once(works: Works, *calls: Awaitable[object]) -> list[object]:
    """Runs all calls at the same time, each on a connection that is open already."""

    async def hold() -> None:
        async with works.open() as work:
            await work.fetch_value("SELECT pg_sleep(0.05)")

    await asyncio.gather(*(hold() for _ in calls))
    return list(await asyncio.gather(*calls, return_exceptions=True))


def codes(answers: list[object]) -> Counter[str]:
    """How often each answer came: `done`, or the code of a refusal."""
    said = []
    for answer in answers:
        refusal = answer.refusal if isinstance(answer, DropOffOutcome) else answer
        if isinstance(refusal, BaseException) and not isinstance(refusal, Refusal):
            raise refusal
        said.append(refusal.code if isinstance(refusal, Refusal) else "done")
    return Counter(said)


async def numbers_without_gaps(drive: Drive) -> bool:
    """Whether every delivery of the market has one event for each of its numbers."""
    async with drive.works.open() as work:
        rows = await work.fetch(
            "SELECT d.sequence, ARRAY(SELECT (payload->>'sequence')::int FROM event WHERE delivery_id = d.id"
            " ORDER BY 1) AS told FROM delivery d WHERE d.market_id = $1",
            drive.market.id,
        )
    return all(row["told"] == list(range(1, row["sequence"] + 1)) for row in rows)


async def test_two_hand_overs_of_one_stop_have_one_effect(committed_works: Works, clock: ManualClock) -> None:
    drive = await make_drive(committed_works, clock)
    await drive.drive_to_first_door()

    answers = await at_once(committed_works, drive.drop_off(1), drive.drop_off(1))

    assert codes(answers) == {"done": 1, "STOP_ENDED": 1}
    assert (await drive.events()).count("DeliveryDelivered") == 1
    assert await drive.stops_are() == ["COMPLETED", "COMPLETED", "EN_ROUTE"]
    assert await numbers_without_gaps(drive)


async def test_one_report_sent_ten_times_at_once_has_one_effect_and_one_answer(
    committed_works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(committed_works, clock)
    await drive.drive_to_first_door()
    said = {"client_event_id": "door", "occurred_at": clock.now}

    answers = await at_once(committed_works, *(drive.drop_off(1, **said) for _ in range(AT_ONCE)))

    receipts = {answer.receipt for answer in answers if isinstance(answer, DropOffOutcome)}
    assert (len(receipts), len(answers)) == (1, AT_ONCE)
    assert codes(answers) == {"done": AT_ONCE}
    assert (await drive.events()).count("DeliveryDelivered") == 1
    assert await drive.reports_kept() == 4
    assert await numbers_without_gaps(drive)


async def test_one_start_sent_ten_times_at_once_starts_the_route_once(
    committed_works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(committed_works, clock)

    answers = await at_once(
        committed_works, *(drive.start(client_event_id="go", occurred_at=clock.now) for _ in range(AT_ONCE))
    )

    assert len({answer for answer in answers if isinstance(answer, Receipt)}) == 1
    assert (await drive.events()).count("RouteStarted") == 1


async def test_the_two_last_stops_at_once_end_the_route_once(committed_works: Works, clock: ManualClock) -> None:
    for _ in range(5):
        drive = await make_drive(committed_works, clock)
        await drive.drive_to_first_door()

        answers = await at_once(committed_works, drive.drop_off(1), drive.drop_off(2))
        if codes(answers)["STOP_NOT_NEXT"]:
            await drive.drop_off(2)

        assert await drive.deliveries_are() == ["DELIVERED", "DELIVERED"]
        assert (await drive.the_route())["state"] == "COMPLETED"
        assert (await drive.events()).count("RouteCompleted") == 1
        assert (await drive.presence())["state"] == "AVAILABLE"
        assert await numbers_without_gaps(drive)


async def test_twenty_guesses_at_a_pin_at_once_are_five_tries(committed_works: Works, clock: ManualClock) -> None:
    drive = await make_drive(committed_works, clock, requirements=[Requirement.PIN_AT_DROPOFF.value], pin="4711")
    await drive.drive_to_first_door()

    answers = await at_once(committed_works, *(drive.drop_off(1, pin=f"00{number:02}") for number in range(20)))

    assert codes(answers) == {"PIN_WRONG": 5, "PIN_LOCKED": 15}
    assert (await drive.delivery(0))["pin_attempts"] == 5
    assert (await drive.delivery(0))["state"] == "ARRIVED_AT_DROPOFF"


async def test_a_parcel_is_called_off_or_picked_up_and_never_both(committed_works: Works, clock: ManualClock) -> None:
    async def call_off(drive: Drive) -> None:
        async with committed_works.open() as work:
            await cancel_delivery(
                work,
                shipper_id=drive.shipper.id,
                delivery_id=drive.deliveries[0].id,
                reason=CancelReason.SHIPPER_REQUESTED,
            )
        async with committed_works.open() as work:
            await mend_route(work, delivery_id=drive.deliveries[0].id)

    for _ in range(6):
        drive = await make_drive(committed_works, clock)
        await drive.start()

        answers = await at_once(committed_works, drive.pick_up(0), call_off(drive))

        outcome = codes(answers)
        first = (await drive.delivery(0))["state"]
        assert (outcome, first) in [
            (Counter({"done": 2}), "CANCELLED"),
            (Counter({"done": 1, "TOO_LATE_TO_CANCEL": 1}), "EN_ROUTE_TO_DROPOFF"),
        ]
        assert (await drive.stops_are())[1] == ("SKIPPED" if first == "CANCELLED" else "EN_ROUTE")
        assert await numbers_without_gaps(drive)


async def test_one_attempt_planned_back_by_many_workers_has_one_return(
    committed_works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(committed_works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await drive.fail(1, AttemptFailure.RECIPIENT_UNAVAILABLE)

    answers = await at_once(committed_works, *(_plan(drive, 0) for _ in range(6)))

    assert sorted(answer is not None for answer in answers) == [False] * 5 + [True]
    assert await drive.stops_are() == ["COMPLETED", "FAILED", "EN_ROUTE"]
    assert (await drive.events()).count("DeliveryReturning") == 1


async def test_two_returns_to_one_hub_planned_at_once_share_a_stop(committed_works: Works, clock: ManualClock) -> None:
    drive = await make_drive(committed_works, clock)
    await drive.start()
    await drive.pick_up(0)
    await drive.fail(1, AttemptFailure.RECIPIENT_UNAVAILABLE)
    await drive.fail(2, AttemptFailure.RECIPIENT_REFUSED)

    answers = await at_once(committed_works, _plan(drive, 0), _plan(drive, 1))

    assert codes(answers) == {"done": 2}
    assert len(set(answers)) == 1
    assert await drive.stops_are() == ["COMPLETED", "FAILED", "FAILED", "EN_ROUTE"]
    assert await drive.deliveries_are() == ["RETURNING", "RETURNING"]
    assert await numbers_without_gaps(drive)


async def _plan(drive: Drive, number: int) -> UUID | None:
    return await plan_return(drive.works, router=StraightLineRouter(), delivery_id=drive.deliveries[number].id)


async def test_a_picture_is_named_or_swept_and_never_both(committed_works: Works, clock: ManualClock) -> None:
    store, drives = MemoryObjectStore(), [await make_drive(committed_works, clock) for _ in range(AT_ONCE)]
    proofs = []
    for drive in drives:
        await drive.drive_to_first_door()
        proofs.append(await upload(drive, store))
    clock.now += UNNAMED_FOR

    answers = await at_once(
        committed_works,
        *(drive.drop_off(1, proof_ids=[proof]) for drive, proof in zip(drives, proofs, strict=True)),
        *(sweep_proofs(committed_works, store=store, limit=3) for _ in range(5)),
    )

    said = codes(answers[:AT_ONCE])
    assert said["done"] + said["PROOF_MISSING"] == AT_ONCE
    async with committed_works.open() as work:
        rows = await work.fetch("SELECT state, named_at IS NOT NULL AS is_named, object_key FROM proof")
    assert Counter((row["state"], row["is_named"]) for row in rows) == +Counter(
        {("UPLOADED", True): said["done"], ("SWEPT", False): said["PROOF_MISSING"]}
    )
    assert {row["object_key"] for row in rows if row["is_named"]} == {key.text for key in store.objects}


async def test_ten_wrong_pins_at_once_lock_it_once(committed_works: Works, clock: ManualClock) -> None:
    needs = [Requirement.PIN_AT_DROPOFF.value]
    drive = await make_drive(committed_works, clock, requirements=needs, pin="4711")
    await drive.drive_to_first_door()

    answers = await at_once(committed_works, *(drive.drop_off(1, pin=f"00{number:02}") for number in range(AT_ONCE)))

    assert codes(answers) == {"PIN_WRONG": 5, "PIN_LOCKED": 5}
    assert (await drive.events()).count("PinLocked") == 1
