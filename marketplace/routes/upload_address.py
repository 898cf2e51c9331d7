"""Signed addresses for uploads: who holds one may store one picture of that size, for ten minutes of machine time.

An address needs no session, so that an app can send a picture in the background; it is good for one proof only.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.core.errors import NotAllowed
from marketplace.core.ids import ProofId
from marketplace.core.seal import Seal
from marketplace.routes.picture import PICTURE_TYPES

GOOD_FOR = timedelta(minutes=10)
UPLOAD_PATH = "/uploads/"
"""What the path of a signed address starts with; the rest of the path is the token."""

PROMISE = struct.Struct(">16sBIQ")
"""Proof id, number of the content type, size in bytes, end in seconds since 1970."""


class BadUploadAddress(NotAllowed):
    """The address was not signed here."""

    code = "BAD_UPLOAD_ADDRESS"


class UploadAddressExpired(NotAllowed):
    """The address was good for ten minutes, which are over."""

    code = "UPLOAD_ADDRESS_EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedUpload:
    """What may be uploaded, and until when."""

    proof_id: ProofId
    content_type: str
    size_bytes: int
    expires_at: datetime


class UploadSigner:
    """Signs addresses with a key of their own, derived from the secret of the installation."""

    def __init__(self, secret: str) -> None:
        self._seal = Seal(secret, b"doorstep: address of a proof upload")

    def sign(self, upload: PromisedUpload) -> str:
        """The path that stands for this promise."""
        promise = PROMISE.pack(
            upload.proof_id.bytes,
            PICTURE_TYPES.index(upload.content_type),
            upload.size_bytes,
            int(upload.expires_at.timestamp()),
        )
        return UPLOAD_PATH + self._seal.close(promise)

    def read(self, token: str, *, now: datetime) -> PromisedUpload:
        """The promise behind a token, if it was signed here and is not over at `now` of machine time."""
        promise = self._seal.open(token)
        if promise is None:
            raise BadUploadAddress("this upload address is not one of ours; ask with createProofUpload")
        proof_bytes, content_type, size_bytes, end = PROMISE.unpack(promise)
        expires_at = datetime.fromtimestamp(end, tz=UTC)
        if now >= expires_at:
            raise UploadAddressExpired("this upload address is over; ask for a new one with createProofUpload")
        return PromisedUpload(
            proof_id=ProofId(UUID(bytes=proof_bytes)),
            content_type=PICTURE_TYPES[content_type],
            size_bytes=size_bytes,
            expires_at=expires_at,
        )
