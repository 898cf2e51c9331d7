"""Announcing a picture."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.routes import ProofKind, ProofUpload, UploadSigner, create_proof_upload
from marketplace.routes.create_proof_upload import TooManyProofs
from marketplace.routes.picture import BadPicture, PictureTooLarge
from marketplace.routes.refusals import StopEnded
from marketplace.routes.upload_address import UPLOAD_PATH
from tests.builders import make_driver
from tests.marketplace.routes.drives import Drive, make_drive

SIGNER = UploadSigner("a secret of an installation")


async def announce(drive: Drive, place: int = 1, **changes: Any) -> ProofUpload:
    said: dict[str, Any] = {
        "driver_id": drive.driver.id,
        "stop_id": drive.stops[place].id,
        "kind": ProofKind.PHOTO,
        "content_type": "image/jpeg",
        "size_bytes": 5000,
        "signer": SIGNER,
    }
    async with drive.works.open() as work:
        return await create_proof_upload(work, **said | changes)


async def count(drive: Drive) -> int:
    async with drive.works.open() as work:
        return int(await work.fetch_value("SELECT count(*) FROM proof WHERE market_id = $1", drive.market.id))


async def test_an_announced_picture_has_an_address_for_ten_minutes_of_machine_time(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        machine_now = work.machine_now

    upload = await announce(drive)

    promise = SIGNER.read(upload.url_path.removeprefix(UPLOAD_PATH), now=machine_now)
    assert (promise.proof_id, promise.content_type, promise.size_bytes) == (upload.proof_id, "image/jpeg", 5000)
    assert timedelta(minutes=9, seconds=59) <= upload.expires_at - machine_now <= timedelta(minutes=10)
    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM proof WHERE id = $1", upload.proof_id)
    assert row is not None
    assert (row["state"], row["kind"], row["stop_id"], row["driver_id"], row["object_key"]) == (
        "EXPECTED", "PHOTO", drive.stops[1].id, drive.driver.id, None,
    )  # fmt: skip


@pytest.mark.parametrize("content_type", ["image/svg+xml", "image/gif", "application/zip", "", "IMAGE/JPEG"])
async def test_only_pictures_are_announced(works: Works, clock: ManualClock, content_type: str) -> None:
    drive = await make_drive(works, clock)

    with pytest.raises(BadPicture) as refused:
        await announce(drive, content_type=content_type)

    assert refused.value.field == "contentType"
    assert await count(drive) == 0


@pytest.mark.parametrize("size_bytes", [-1, 0, 10 * 1024 * 1024 + 1])
async def test_a_picture_has_at_most_ten_mebibytes(works: Works, clock: ManualClock, size_bytes: int) -> None:
    drive = await make_drive(works, clock)

    with pytest.raises(PictureTooLarge) as refused:
        await announce(drive, size_bytes=size_bytes)

    assert refused.value.field == "sizeBytes"
    assert await count(drive) == 0


async def test_the_stop_of_another_driver_looks_like_none(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        stranger = await make_driver(work, drive.market)

    with pytest.raises(NotFound):
        await announce(drive, driver_id=stranger.id)

    assert await count(drive) == 0


async def test_a_stop_that_is_over_takes_no_proofs(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)

    with pytest.raises(StopEnded):
        await announce(drive, 0)

    assert await count(drive) == 0


async def test_a_stop_has_at_most_ten_proofs(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    for _ in range(10):
        await announce(drive)

    with pytest.raises(TooManyProofs) as refused:
        await announce(drive)

    assert refused.value.code == "TOO_MANY_PROOFS"
    assert await count(drive) == 10
    await announce(drive, 2)
