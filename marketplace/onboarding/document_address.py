"""Signed addresses of papers' pictures: the operator who checks one may look at it, for two minutes of machine time.

The address is made for one operator and one paper. It is worth nothing once the picture is erased or the operator is no
longer one of the paper's market.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.seal import Seal
from marketplace.core.work import Work, Works
from marketplace.routes.object_store import ObjectKey, ObjectMissing, ObjectStore

GOOD_FOR = timedelta(minutes=2)
DOCUMENT_PATH = "/documents/"
PROMISE = struct.Struct(">16s16sQ")
"""Document, operator, and end in seconds since 1970."""

FIND_DOCUMENT = "SELECT object_key, uploaded_at FROM driver_document WHERE id = $1 AND market_id = $2"
FIND_PICTURE = """
SELECT d.object_key FROM driver_document d
JOIN operator o ON o.id = $2 AND (o.market_id IS NULL OR o.market_id = d.market_id)
WHERE d.id = $1 AND d.object_key IS NOT NULL AND d.uploaded_at IS NOT NULL
"""


class NoPicture(Conflict):
    """The paper has no picture: none was sent yet, or it is erased."""

    code = "NO_PICTURE"


class NoSuchDocumentPicture(NotFound):
    """The address is not ours, over, or of a picture that is gone: which of these is not told."""

    code = "NO_SUCH_PICTURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPicture:
    """Where a paper can be looked at, and until when (machine time)."""

    url_path: str
    expires_at: datetime


class DocumentSigner:
    """Signs addresses of papers' pictures."""

    def __init__(self, secret: str) -> None:
        self._seal = Seal(secret, b"doorstep: address of a paper's picture")

    def sign(self, document_id: UUID, operator_id: UUID, *, now: datetime) -> DocumentPicture:
        """The address at which this operator can look at it from now on for a moment."""
        until = (now + GOOD_FOR).replace(microsecond=0)
        promise = PROMISE.pack(document_id.bytes, operator_id.bytes, int(until.timestamp()))
        return DocumentPicture(url_path=DOCUMENT_PATH + self._seal.close(promise), expires_at=until)

    def read(self, token: str, *, now: datetime) -> tuple[UUID, UUID]:
        """Document and operator behind a token; raises NoSuchDocumentPicture for one that is no good at `now`."""
        promise = self._seal.open(token)
        if promise is None:
            raise _no_such_picture()
        document, operator, end = PROMISE.unpack(promise)
        if now >= datetime.fromtimestamp(end, tz=UTC):
            raise _no_such_picture()
        return UUID(bytes=document), UUID(bytes=operator)


async def open_document(work: Work, *, document_id: UUID, market_id: UUID) -> None:
    """Refuses an operator of the market what cannot be looked at; the address is signed when this is written down."""
    row = await work.fetch_row(FIND_DOCUMENT, document_id, market_id)
    if row is None:
        raise NotFound("there is no such document", field="documentId")
    if row["object_key"] is None or row["uploaded_at"] is None:
        raise NoPicture("this paper has no picture, or none any more", field="documentId")


async def read_document(
    works: Works, store: ObjectStore, signer: DocumentSigner, token: str, *, now: datetime
) -> bytes:
    """The picture of a paper behind a signed address, as JPEG; `now` is machine time."""
    document_id, operator_id = signer.read(token, now=now)
    async with works.read() as connection:
        key = await connection.fetchval(FIND_PICTURE, document_id, operator_id)
    if key is None:
        raise _no_such_picture()
    try:
        return await store.get(ObjectKey(key))
    except ObjectMissing:
        raise _no_such_picture() from None


def _no_such_picture() -> NoSuchDocumentPicture:
    return NoSuchDocumentPicture("there is no such picture, or its address is over: ask with openDocument once more")
