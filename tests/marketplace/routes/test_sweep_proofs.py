"""Pictures that no hand-over named are removed after a day, and no other picture ever is."""

from datetime import timedelta

import pytest

from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.core.clock import ManualClock, machine
from marketplace.core.ids import ProofId
from marketplace.core.work import Works
from marketplace.routes import ObjectKey, receive_proof
from marketplace.routes.queries import uploaded_proof_kinds
from marketplace.routes.refusals import ProofMissing
from marketplace.routes.store_proof import ProofSwept, StoreProof
from marketplace.routes.sweep_proofs import UNNAMED_FOR, sweep_proofs, unnamed_proofs
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.pictures import picture
from tests.marketplace.routes.test_store_proof import SIGNER, announce, proof


class StubbornStore(MemoryObjectStore):
    """A store that is away when something is to be removed."""

    async def delete(self, key: ObjectKey) -> None:
        """Answers nothing."""
        raise ConnectionError(key.text)


async def upload(drive: Drive, store: MemoryObjectStore, comment: str = "") -> ProofId:
    """A picture that was sent for the first door."""
    body = picture(comment=comment)
    proof_id, token = await announce(drive, body)
    await receive_proof(drive.works, store, SIGNER, token, body, "image/jpeg")
    return proof_id


async def test_a_picture_that_nothing_names_is_removed_after_a_day_and_not_before(
    works: Works, clock: ManualClock
) -> None:
    drive, store = await make_drive(works, clock), MemoryObjectStore()
    proof_id = await upload(drive, store)
    clock.now += UNNAMED_FOR - timedelta(microseconds=1)
    assert await sweep_proofs(works, store=store) == 0
    assert len(store.objects) == 1
    clock.now += timedelta(microseconds=1)

    assert await sweep_proofs(works, store=store) == 1

    assert store.objects == {}
    row = await proof(works, proof_id)
    assert (row["state"], row["object_key"]) == ("SWEPT", None)
    assert await sweep_proofs(works, store=store) == 0


async def test_a_picture_that_a_hand_over_named_stays(works: Works, clock: ManualClock) -> None:
    drive, store = await make_drive(works, clock), MemoryObjectStore()
    await drive.drive_to_first_door()
    kept, other = await upload(drive, store, "kept"), await upload(drive, store, "other")
    await drive.drop_off(1, proof_ids=[kept])
    named_at = clock.now
    clock.now += 10 * UNNAMED_FOR

    assert await sweep_proofs(works, store=store) == 1

    row = await proof(works, kept)
    assert (row["state"], row["named_at"]) == ("UPLOADED", named_at)
    assert list(store.objects) == [ObjectKey(row["object_key"])]
    assert (await proof(works, other))["state"] == "SWEPT"


async def test_a_swept_picture_proves_nothing(works: Works, clock: ManualClock) -> None:
    drive, store = await make_drive(works, clock), MemoryObjectStore()
    await drive.drive_to_first_door()
    proof_id = await upload(drive, store)
    clock.now += UNNAMED_FOR
    await sweep_proofs(works, store=store)

    with pytest.raises(ProofMissing):
        await drive.drop_off(1, proof_ids=[proof_id])

    assert (await drive.events()).count("DeliveryDelivered") == 0


async def test_a_batch_is_bounded_and_the_oldest_go_first(works: Works, clock: ManualClock) -> None:
    drive, store = await make_drive(works, clock), MemoryObjectStore()
    first = await upload(drive, store, "first")
    clock.advance(seconds=1)
    second = await upload(drive, store, "second")
    clock.now += UNNAMED_FOR

    assert await sweep_proofs(works, store=store, limit=1) == 1

    assert [(await proof(works, one))["state"] for one in (first, second)] == ["SWEPT", "UPLOADED"]


async def test_a_picture_that_could_not_be_removed_is_removed_later(works: Works, clock: ManualClock) -> None:
    drive, store = await make_drive(works, clock), StubbornStore()
    await upload(drive, store)
    clock.now += UNNAMED_FOR
    with pytest.raises(ConnectionError):
        await sweep_proofs(works, store=store)
    back = MemoryObjectStore()
    back.objects = store.objects

    assert await sweep_proofs(works, store=back) == 1

    assert back.objects == {}


async def test_what_a_crash_left_behind_is_swept(works: Works, clock: ManualClock) -> None:
    drive, store, body = await make_drive(works, clock), MemoryObjectStore(), picture()
    _, token = await announce(drive, body)
    errand = StoreProof(store=store, promise=SIGNER.read(token, now=machine()), body=body)
    async with works.open() as work:
        found = await errand.read(work)
    await errand.call(found)
    clock.now += UNNAMED_FOR

    assert await sweep_proofs(works, store=store) == 1

    assert store.objects == {}


async def test_the_same_picture_sent_again_after_a_crash_is_stored_once(works: Works, clock: ManualClock) -> None:
    drive, store, body = await make_drive(works, clock), MemoryObjectStore(), picture()
    _, token = await announce(drive, body)
    errand = StoreProof(store=store, promise=SIGNER.read(token, now=machine()), body=body)
    async with works.open() as work:
        found = await errand.read(work)
    await errand.call(found)

    await receive_proof(works, store, SIGNER, token, body, "image/jpeg")

    assert list(store.objects) == [found.key]


async def test_a_swept_proof_takes_no_picture(works: Works, clock: ManualClock) -> None:
    drive, store, body = await make_drive(works, clock), MemoryObjectStore(), picture()
    _, token = await announce(drive, body)
    await receive_proof(works, store, SIGNER, token, body, "image/jpeg")
    clock.now += UNNAMED_FOR
    await sweep_proofs(works, store=store)

    with pytest.raises(ProofSwept) as refused:
        await receive_proof(works, store, SIGNER, token, body, "image/jpeg")

    assert (refused.value.code, store.objects) == ("PROOF_SWEPT", {})


async def test_nothing_is_removed_while_a_hand_over_is_naming_it(committed_works: Works, clock: ManualClock) -> None:
    drive, store = await make_drive(committed_works, clock), MemoryObjectStore()
    await drive.drive_to_first_door()
    proof_id = await upload(drive, store)
    clock.now += UNNAMED_FOR
    sweep = unnamed_proofs(store, limit=10)

    async with committed_works.open() as work:
        assert await uploaded_proof_kinds(
            work, stop_id=drive.stops[1].id, driver_id=drive.driver.id, proof_ids=[proof_id]
        )
        assert await sweep_proofs(committed_works, store=store) == 0
    async with committed_works.open() as work:
        found = await sweep.read(work)
        assert found is not None
        assert list(found) == [proof_id]
