"""A picture comes in at its signed address: it is drawn anew, stored, and from then on proves a hand-over."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import asyncpg

from marketplace.core.clock import machine
from marketplace.core.errand import run_errand
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import ProofId
from marketplace.core.work import Work, Works
from marketplace.routes.object_store import ObjectKey, ObjectStore
from marketplace.routes.picture import LARGEST_BYTES, BadPicture, Picture, PictureTooLarge, draw_anew
from marketplace.routes.states import ProofState
from marketplace.routes.upload_address import PromisedUpload, UploadSigner

DRAWN_AT_ONCE = 1
"""Pictures that a process draws at the same time: a WebP of 25 megapixels needs 400 MB while it is drawn."""
_drawing = ThreadPoolExecutor(DRAWN_AT_ONCE, thread_name_prefix="picture")

FOLDER = "proofs"
FIND = "SELECT id, state, object_key, bytes, width_px, height_px FROM proof WHERE id = $1"
EXPECT = "UPDATE proof SET object_key = $2 WHERE id = $1 AND state = 'EXPECTED'"
STORE = """
UPDATE proof SET state = 'UPLOADED', object_key = $2, bytes = $3, width_px = $4, height_px = $5, uploaded_at = $6
WHERE id = $1 AND state = 'EXPECTED' RETURNING id, state, object_key, bytes, width_px, height_px
"""


class UnexpectedSize(BadPicture):
    """The body has not the size that was announced."""

    code = "UNEXPECTED_SIZE"


class ProofSwept(Conflict):
    """No hand-over named this proof in time."""

    code = "PROOF_SWEPT"


class ProofStored(Conflict):
    """Another picture is stored for this proof already."""

    code = "PROOF_STORED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProof:
    """A proof that can be named at a hand-over."""

    proof_id: ProofId
    size_bytes: int
    width_px: int
    height_px: int


async def receive_proof(
    works: Works, store: ObjectStore, signer: UploadSigner, token: str, body: bytes, content_type: str
) -> StoredProof:
    """Takes the body of a PUT to a signed address: the one call that the edge makes.

    `token` is the path behind `UPLOAD_PATH`. The same body again gets the same answer; another body is a conflict.
    """
    promise = signer.read(token, now=machine())
    check_body(promise, body, content_type)
    stored = await run_errand(works, StoreProof(store=store, promise=promise, body=body))
    assert stored is not None, "an errand for a proof either stores it or refuses"
    return stored


async def draw_in_turn(body: bytes, content_type: str) -> Picture:
    """Draws a picture anew in a thread, one at a time in each process."""
    return await asyncio.get_running_loop().run_in_executor(_drawing, draw_anew, body, content_type)


def check_body(promise: PromisedUpload, body: bytes, content_type: str) -> None:
    """Refuses a body that is not what was announced, before anything is read or decoded."""
    if len(body) > LARGEST_BYTES:
        raise PictureTooLarge(f"a picture has at most {LARGEST_BYTES} bytes")
    if len(body) != promise.size_bytes:
        raise UnexpectedSize(f"{promise.size_bytes} bytes were announced and {len(body)} came")
    if content_type.partition(";")[0].strip().lower() != promise.content_type:
        raise BadPicture(f"{promise.content_type} was announced; send that as the content type")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreProof:
    """The errand: find the proof, draw and store the picture with no Work open, then say that it is there."""

    store: ObjectStore
    promise: PromisedUpload
    body: bytes

    async def read(self, work: Work) -> "ExpectedProof":
        """What is known of the proof, and the key that its picture would get."""
        row = await work.fetch_row(FIND, self.promise.proof_id)
        if row is None:
            raise NotFound("there is no such proof")
        key = ObjectKey.build(
            FOLDER, random_hex=f"{work.random.getrandbits(128):032x}", digest_hex=sha256(self.body).hexdigest()[:32]
        )
        if ProofState(row["state"]) is not ProofState.EXPECTED:
            return ExpectedProof(key=key, stored=self._same(row, key))
        # Known before anything is stored under it, so that what a crash leaves behind is swept; the same picture sent
        # again goes to the same place.
        if row["object_key"] and ObjectKey(row["object_key"]).digest_hex == key.digest_hex:
            return ExpectedProof(key=ObjectKey(row["object_key"]), stored=None)
        await work.execute(EXPECT, self.promise.proof_id, key.text)
        return ExpectedProof(key=key, stored=None)

    async def call(self, found: "ExpectedProof") -> Picture | None:
        """Draws the picture anew in a thread and stores it."""
        if found.stored is not None:
            return None
        picture = await draw_in_turn(self.body, self.promise.content_type)
        await self.store.put(found.key, picture.content)
        return picture

    async def record(self, work: Work, found: "ExpectedProof", answer: Picture | None) -> StoredProof:
        """Marks the proof as uploaded; of two uploads at once the first is the one that counts."""
        if found.stored is not None:
            return found.stored
        assert answer is not None, "a picture was drawn"
        values = (found.key.text, len(answer.content), answer.width_px, answer.height_px, work.now)
        # The condition on the state closes the race of two uploads to one address.
        row = await work.fetch_row(STORE, self.promise.proof_id, *values)
        return self._same(row or await work.fetch_row(FIND, self.promise.proof_id), found.key)

    def _same(self, row: asyncpg.Record | None, key: ObjectKey) -> StoredProof:
        assert row is not None, "proofs are never removed"
        if ProofState(row["state"]) is ProofState.SWEPT:
            raise ProofSwept("this proof was not used in time; announce a new one with createProofUpload")
        if ObjectKey(row["object_key"]).digest_hex != key.digest_hex:
            raise ProofStored("another picture is stored for this proof; announce a new one with createProofUpload")
        return StoredProof(
            proof_id=ProofId(UUID(int=row["id"].int)),
            size_bytes=row["bytes"],
            width_px=row["width_px"],
            height_px=row["height_px"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedProof:
    """The key of the picture to come, or the proof as it is stored already."""

    key: ObjectKey
    stored: StoredProof | None
