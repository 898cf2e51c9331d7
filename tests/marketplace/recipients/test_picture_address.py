"""Signed addresses of proof pictures: for one picture of one delivery, for a quarter of an hour."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.recipients import PICTURE_PATH, NoSuchPicture, PictureSigner, read_picture
from marketplace.routes import ObjectKey
from marketplace.routes.models import Proof
from tests.marketplace.routes.drives import Drive, make_drive

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DELIVERY, PROOF = DeliveryId(UUID(int=1)), UUID(int=2)
SIGNER = PictureSigner("a secret of an installation")
TOKEN = SIGNER.sign(DELIVERY, PROOF, now=NOW).removeprefix(PICTURE_PATH)
KEY = ObjectKey.build("proofs", random_hex="a" * 32, digest_hex="b" * 32)


def test_an_address_is_good_for_a_quarter_of_an_hour() -> None:
    end = NOW + timedelta(minutes=15)

    assert SIGNER.read(TOKEN, now=end - timedelta(seconds=1)) == (DELIVERY, PROOF)
    with pytest.raises(NoSuchPicture):
        SIGNER.read(TOKEN, now=end)


@pytest.mark.parametrize(
    "token", ["", "ä", "AAAA", TOKEN[:-2], "B" + TOKEN[1:], TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B")]
)
def test_an_address_that_was_not_signed_here_shows_nothing(token: str) -> None:
    with pytest.raises(NoSuchPicture):
        SIGNER.read(token, now=NOW)


def test_each_installation_has_a_key_of_its_own() -> None:
    with pytest.raises(NoSuchPicture):
        PictureSigner("another secret").read(TOKEN, now=NOW)


async def proof_at(drive: Drive, place: int, *, is_named: bool) -> UUID:
    async with drive.works.open() as work:
        proof_id = work.new_id()
        await Proof.create(
            using_db=work.db,
            id=proof_id,
            market_id=drive.market.id,
            stop_id=drive.stops[place].id,
            driver_id=drive.driver.id,
            kind="PHOTO",
            state="UPLOADED",
            object_key=KEY.text,
            created_at=work.now,
            named_at=work.now if is_named else None,
        )
    return proof_id


async def test_a_picture_is_shown_for_its_own_delivery_and_only_when_it_proves_something(
    works: Works, clock: ManualClock
) -> None:
    drive, store = await make_drive(works, clock), MemoryObjectStore()
    await store.put(KEY, b"picture")
    named, unnamed = await proof_at(drive, 1, is_named=True), await proof_at(drive, 1, is_named=False)
    mine, other = [DeliveryId(delivery.id) for delivery in drive.deliveries]

    async def look(delivery_id: DeliveryId, proof_id: UUID) -> bytes:
        token = SIGNER.sign(delivery_id, proof_id, now=NOW).removeprefix(PICTURE_PATH)
        return await read_picture(works, store, SIGNER, token, now=NOW)

    assert await look(mine, named) == b"picture"
    for delivery_id, proof_id in ((other, named), (mine, unnamed)):
        with pytest.raises(NoSuchPicture):
            await look(delivery_id, proof_id)
    await store.delete(KEY)
    with pytest.raises(NoSuchPicture):
        await look(mine, named)
