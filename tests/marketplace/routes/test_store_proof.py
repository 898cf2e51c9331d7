"""A picture comes in."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.batches.states import Requirement
from marketplace.core.clock import ManualClock, machine
from marketplace.core.errors import NotFound
from marketplace.core.ids import ProofId
from marketplace.core.work import Works
from marketplace.routes import ObjectKey, ProofKind, StoredProof, UploadSigner, create_proof_upload, receive_proof
from marketplace.routes.picture import BadPicture
from marketplace.routes.store_proof import ProofStored, StoreProof, UnexpectedSize
from marketplace.routes.upload_address import UPLOAD_PATH, BadUploadAddress, PromisedUpload, UploadAddressExpired
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.pictures import SECRET_PLACE, archive, jpeg_with_metadata, picture, png_that_claims

SIGNER = UploadSigner("a secret of an installation")


async def announce(drive: Drive, body: bytes, content_type: str = "image/jpeg") -> tuple[ProofId, str]:
    async with drive.works.open() as work:
        upload = await create_proof_upload(
            work,
            driver_id=drive.driver.id,
            stop_id=drive.stops[1].id,
            kind=ProofKind.PHOTO,
            content_type=content_type,
            size_bytes=len(body),
            signer=SIGNER,
        )
    return upload.proof_id, upload.url_path.removeprefix(UPLOAD_PATH)


async def proof(works: Works, proof_id: ProofId) -> asyncpg.Record:
    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM proof WHERE id = $1", proof_id)
    assert row is not None
    return row


async def test_a_picture_is_drawn_anew_stored_under_a_random_key_and_proves_the_hand_over(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, requirements=[Requirement.PHOTO_AT_DROPOFF.value])
    store, body = MemoryObjectStore(), jpeg_with_metadata()
    await drive.drive_to_first_door()
    proof_id, token = await announce(drive, body)

    stored = await receive_proof(works, store, SIGNER, token, body, "image/jpeg")

    row = await proof(works, proof_id)
    content = await store.get(ObjectKey(row["object_key"]))
    assert stored == StoredProof(proof_id=proof_id, size_bytes=len(content), width_px=64, height_px=48)
    assert (row["state"], row["bytes"], row["width_px"], row["height_px"], row["uploaded_at"]) == (
        "UPLOADED", len(content), 64, 48, clock.now,
    )  # fmt: skip
    assert content.startswith(b"\xff\xd8\xff")
    assert SECRET_PLACE.encode() not in content
    assert proof_id.hex not in row["object_key"]
    outcome = await drive.drop_off(1, proof_ids=[proof_id])
    assert outcome.refusal is None


async def test_the_same_picture_again_gets_the_same_answer(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    store, body = MemoryObjectStore(), picture()
    proof_id, token = await announce(drive, body)
    first = await receive_proof(works, store, SIGNER, token, body, "image/jpeg")
    key = (await proof(works, proof_id))["object_key"]
    clock.advance(seconds=60)

    second = await receive_proof(works, store, SIGNER, token, body, "image/jpeg; charset=binary")

    assert second == first
    assert (await proof(works, proof_id))["object_key"] == key
    assert len(store.objects) == 1


async def test_another_picture_does_not_replace_the_first(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    store, body = MemoryObjectStore(), picture()
    other = bytearray(body)
    other[-3] ^= 1
    proof_id, token = await announce(drive, body)
    await receive_proof(works, store, SIGNER, token, body, "image/jpeg")
    before = await proof(works, proof_id)

    with pytest.raises(ProofStored) as refused:
        await receive_proof(works, store, SIGNER, token, bytes(other), "image/jpeg")

    assert refused.value.code == "PROOF_STORED"
    assert await proof(works, proof_id) == before


@pytest.mark.parametrize("difference", [-1, 1])
async def test_a_body_has_the_size_that_was_announced(works: Works, clock: ManualClock, difference: int) -> None:
    drive = await make_drive(works, clock)
    store, body = MemoryObjectStore(), picture()
    proof_id, token = await announce(drive, body)
    sent = body + b"\x00" if difference > 0 else body[:-1]

    with pytest.raises(UnexpectedSize) as refused:
        await receive_proof(works, store, SIGNER, token, sent, "image/jpeg")

    assert refused.value.code == "UNEXPECTED_SIZE"
    assert ((await proof(works, proof_id))["state"], store.objects) == ("EXPECTED", {})


async def test_a_body_has_the_type_that_was_announced(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    store, body = MemoryObjectStore(), picture("PNG")
    _, token = await announce(drive, body, "image/jpeg")

    for content_type in ("image/png", "image/jpeg"):
        with pytest.raises(BadPicture):
            await receive_proof(works, store, SIGNER, token, body, content_type)

    assert store.objects == {}


@pytest.mark.parametrize(
    "body",
    [
        archive(),
        picture("GIF"),
        b"<svg onload='alert(1)'/>",
        picture() + archive(),
        picture(size=(300, 300))[:900],
        png_that_claims(60_000, 60_000),
    ],
)
async def test_what_is_not_a_sound_picture_is_not_stored(works: Works, clock: ManualClock, body: bytes) -> None:
    drive = await make_drive(works, clock)
    store = MemoryObjectStore()
    content_type = "image/png" if body.startswith(b"\x89PNG") else "image/jpeg"
    proof_id, token = await announce(drive, body, content_type)

    with pytest.raises(Exception) as refused:  # noqa: PT011 - its code is what counts
        await receive_proof(works, store, SIGNER, token, body, content_type)

    assert getattr(refused.value, "code", None) in {"BAD_PICTURE", "PICTURE_TOO_LARGE"}
    assert ((await proof(works, proof_id))["state"], store.objects) == ("EXPECTED", {})


async def test_an_address_is_good_for_ten_minutes_and_only_if_it_is_ours(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    store, body = MemoryObjectStore(), picture()
    proof_id, token = await announce(drive, body)
    promise = SIGNER.read(token, now=machine())
    late = PromisedUpload(
        proof_id=proof_id,
        content_type=promise.content_type,
        size_bytes=promise.size_bytes,
        expires_at=machine() - timedelta(seconds=1),
    )

    with pytest.raises(UploadAddressExpired):
        await receive_proof(works, store, SIGNER, SIGNER.sign(late).removeprefix(UPLOAD_PATH), body, "image/jpeg")
    with pytest.raises(BadUploadAddress):
        await receive_proof(works, store, UploadSigner("another"), token, body, "image/jpeg")

    assert ((await proof(works, proof_id))["state"], store.objects) == ("EXPECTED", {})


async def test_a_proof_that_does_not_exist_stores_nothing(works: Works) -> None:
    store, body = MemoryObjectStore(), picture()
    promise = PromisedUpload(
        proof_id=ProofId(UUID(int=5)),
        content_type="image/jpeg",
        size_bytes=len(body),
        expires_at=machine() + timedelta(minutes=1),
    )

    with pytest.raises(NotFound):
        await receive_proof(works, store, SIGNER, SIGNER.sign(promise).removeprefix(UPLOAD_PATH), body, "image/jpeg")

    assert store.objects == {}


async def test_of_two_uploads_at_once_the_first_that_is_recorded_counts(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    store, body, other = MemoryObjectStore(), picture(comment="one"), picture(comment="two")
    proof_id, token = await announce(drive, body)
    promise = SIGNER.read(token, now=machine())
    errands = [StoreProof(store=store, promise=promise, body=sent) for sent in (body, other, body)]
    async with works.open() as work:
        found = [await errand.read(work) for errand in errands]
    drawn = [await errand.call(seen) for errand, seen in zip(errands, found, strict=True)]

    async with works.open() as work:
        first = await errands[0].record(work, found[0], drawn[0])
    with pytest.raises(ProofStored):
        async with works.open() as work:
            await errands[1].record(work, found[1], drawn[1])
    async with works.open() as work:
        third = await errands[2].record(work, found[2], drawn[2])

    assert third == first
    assert (await proof(works, proof_id))["object_key"] == found[0].key.text
