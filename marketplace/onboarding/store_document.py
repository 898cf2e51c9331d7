"""The picture of a paper comes in at its signed address: it is drawn anew, stored, and then waits for its check."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from marketplace.core.clock import machine
from marketplace.core.errand import run_errand
from marketplace.core.errors import Conflict
from marketplace.core.work import Work, Works
from marketplace.routes.object_store import ObjectKey, ObjectStore
from marketplace.routes.picture import Picture
from marketplace.routes.store_proof import check_body, draw_in_turn
from marketplace.routes.upload_address import PromisedUpload, UploadSigner

FOLDER = "documents"
# A paper that a driver announced waits for its picture and then for its check; one entered by an operator is accepted.
FIND = """
SELECT uploaded_at IS NULL AND state IN ('EXPECTED', 'ACCEPTED') AS is_awaited, object_key FROM driver_document
WHERE id = $1
"""
# Known before anything is stored under it, so that what a crash leaves behind can be found.
EXPECT = """
UPDATE driver_document SET object_key = $2
WHERE id = $1 AND uploaded_at IS NULL AND state IN ('EXPECTED', 'ACCEPTED')
"""
STORE = """
UPDATE driver_document SET state = CASE state WHEN 'EXPECTED' THEN 'UPLOADED' ELSE state END, uploaded_at = $3
WHERE id = $1 AND uploaded_at IS NULL AND state IN ('EXPECTED', 'ACCEPTED') AND object_key = $2 RETURNING id
"""


class DocumentStored(Conflict):
    """Another picture is stored for this paper already."""

    code = "DOCUMENT_STORED"


async def is_document(works: Works, document_id: UUID) -> bool:
    """Whether an address is that of a paper, not of a proof."""
    async with works.read() as connection:
        return await connection.fetchval("SELECT true FROM driver_document WHERE id = $1", document_id) is not None


async def receive_document(
    works: Works, store: ObjectStore, signer: UploadSigner, token: str, body: bytes, content_type: str
) -> UUID:
    """Takes the body of a PUT to the signed address of a paper; the same body again gets the same answer."""
    promise = signer.read(token, now=machine())
    check_body(promise, body, content_type)
    await run_errand(works, StoreDocument(store=store, promise=promise, body=body))
    return promise.proof_id


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDocument:
    """The errand: find the paper, draw and store its picture with no Work open, then say that it is there."""

    store: ObjectStore
    promise: PromisedUpload
    body: bytes

    async def read(self, work: Work) -> ObjectKey | None:
        """The key that the picture gets; None when this same picture is there already."""
        row = await work.fetch_row(FIND, self.promise.proof_id)
        assert row is not None, "an address is signed for a paper that is announced"
        digest = sha256(self.body).hexdigest()[:32]
        is_same = row["object_key"] is not None and ObjectKey(row["object_key"]).digest_hex == digest
        if not row["is_awaited"]:
            if is_same:
                return None
            raise DocumentStored("another picture was sent for this paper; announce it anew")
        if is_same:
            return ObjectKey(row["object_key"])
        key = ObjectKey.build(FOLDER, random_hex=f"{work.random.getrandbits(128):032x}", digest_hex=digest)
        await work.execute(EXPECT, self.promise.proof_id, key.text)
        return key

    async def call(self, found: ObjectKey) -> Picture:
        """Draws the picture anew and stores it."""
        picture = await draw_in_turn(self.body, self.promise.content_type)
        await self.store.put(found, picture.content)
        return picture

    async def record(self, work: Work, found: ObjectKey, _answer: Picture) -> bool:
        """Marks the paper as sent; of two pictures at once the one whose key was kept counts."""
        if await work.fetch_value(STORE, self.promise.proof_id, found.text, work.now) is None:
            raise DocumentStored("another picture was sent for this paper; announce it anew")
        return True
