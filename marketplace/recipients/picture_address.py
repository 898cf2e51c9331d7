"""Signed addresses of proof pictures: whoever holds one may look at one picture, for some minutes of machine time.

A page shows a picture by its address alone, so the address carries the right to see it, and a short one.
"""

import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.seal import Seal
from marketplace.core.work import Works
from marketplace.routes import ObjectKey, ObjectMissing, ObjectStore

GOOD_FOR = timedelta(minutes=15)
PICTURE_PATH = "/proofs/"
PROMISE = struct.Struct(">16s16sQ")
"""Delivery, proof, and end in seconds since 1970."""

FIND = """
SELECT f.object_key FROM proof f JOIN task t ON t.stop_id = f.stop_id
WHERE f.id = $1 AND t.delivery_id = $2 AND f.named_at IS NOT NULL AND f.object_key IS NOT NULL
"""


class NoSuchPicture(NotFound):
    """The address is not ours, over, or of a picture that is gone: which of these is not told."""

    code = "NO_SUCH_PICTURE"


class PictureSigner:
    """Signs addresses with a key of their own, derived from the secret of the deployment."""

    def __init__(self, secret: str) -> None:
        self._seal = Seal(secret, b"doorstep: address of a proof picture")

    def sign(self, delivery_id: DeliveryId, proof_id: UUID, *, now: datetime) -> str:
        """The path under which a picture can be seen from now on for a while."""
        promise = PROMISE.pack(delivery_id.bytes, proof_id.bytes, int((now + GOOD_FOR).timestamp()))
        return PICTURE_PATH + self._seal.close(promise)

    def read(self, token: str, *, now: datetime) -> tuple[UUID, UUID]:
        """Delivery and proof behind a token; raises NoSuchPicture for one that is no good at `now`."""
        promise = self._seal.open(token)
        if promise is None:
            raise no_such_picture()
        delivery, proof, end = PROMISE.unpack(promise)
        if now >= datetime.fromtimestamp(end, tz=UTC):
            raise no_such_picture()
        return UUID(bytes=delivery), UUID(bytes=proof)


async def read_picture(works: Works, store: ObjectStore, signer: PictureSigner, token: str, *, now: datetime) -> bytes:
    """The picture behind a signed address, as JPEG; `now` is machine time."""
    delivery_id, proof_id = signer.read(token, now=now)
    async with works.read() as connection:
        key = await connection.fetchval(FIND, proof_id, delivery_id)
    if key is None:
        raise no_such_picture()
    try:
        return await store.get(ObjectKey(key))
    except ObjectMissing:
        raise no_such_picture() from None


def no_such_picture() -> NoSuchPicture:
    """The one refusal, in the same words for every cause."""
    return NoSuchPicture("there is no such picture, or its address is over: open the page once more")
