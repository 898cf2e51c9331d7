"""A driver's papers: announced, sent as a picture to a signed address, and checked by a person who says why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.core.errors import Conflict, Invalid, LimitReached, NotFound
from marketplace.core.ids import ProofId
from marketplace.core.work import Work
from marketplace.fleet.events import DocumentChecked
from marketplace.fleet.models import DriverDocument
from marketplace.fleet.states import DocumentKind, DocumentState
from marketplace.onboarding.renew import renew_eligibility
from marketplace.routes.picture import LARGEST_BYTES, PICTURE_TYPES, BadPicture, PictureTooLarge
from marketplace.routes.upload_address import GOOD_FOR, PromisedUpload, UploadSigner

OPEN_AT_MOST = 20
"""So many papers of one driver wait for their picture or their check."""
LISTED_AT_MOST = 200
LONGEST_REASON = 200

LOCK_OWNER = "SELECT market_id FROM driver WHERE id = $1 FOR NO KEY UPDATE"
COUNT_OPEN = "SELECT count(*) FROM driver_document WHERE driver_id = $1 AND state IN ('EXPECTED', 'UPLOADED')"
LOCK = "SELECT id, driver_id, kind, state, expires_at FROM driver_document WHERE id = $1 AND market_id = $2 FOR UPDATE"
TAKE_PICTURE = """
UPDATE driver_document SET content_type = $3
WHERE id = $1 AND market_id = $2 AND state = 'ACCEPTED' AND uploaded_at IS NULL RETURNING id
"""
IS_HERE = "SELECT EXISTS (SELECT FROM driver_document WHERE id = $1 AND market_id = $2)"
CHECK = """
UPDATE driver_document SET state = $2, expires_at = $3, checked_at = $4, checked_by = $5, reason = $6, told_at = NULL
WHERE id = $1
"""
OF_DRIVER = """
SELECT 'doc_' || replace(id::text, '-', '') AS id, kind, state, expires_at, created_at, checked_at, reason
FROM driver_document WHERE driver_id = $1 ORDER BY created_at DESC, id LIMIT $2
"""
TO_CHECK = """
SELECT 'doc_' || replace(d.id::text, '-', '') AS id, 'drv_' || replace(d.driver_id::text, '-', '') AS driver_id,
       v.name AS driver_name, d.kind, d.state, d.expires_at, d.uploaded_at, d.object_key
FROM driver_document d JOIN driver v ON v.id = d.driver_id
WHERE d.market_id = $1 AND d.state = 'UPLOADED' ORDER BY d.uploaded_at, d.id LIMIT $2
"""


class TooManyPapers(LimitReached):
    """A driver has as many papers under way as one can have."""

    code = "TOO_MANY_PAPERS"


class CheckedBefore(Conflict):
    """What was decided about a paper is not decided again."""

    code = "CHECKED_BEFORE"


class PictureNotWanted(Conflict):
    """A picture is taken once, of a paper that is good."""

    code = "PICTURE_NOT_WANTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentUpload:
    """Where to PUT the picture of a paper, and until when (machine time)."""

    document_id: UUID
    url_path: str
    expires_at: datetime


async def announce_document(
    work: Work,
    *,
    driver_id: UUID,
    kind: DocumentKind,
    content_type: str,
    size_bytes: int,
    good_until: datetime,
    signer: UploadSigner,
) -> DocumentUpload:
    """Promises to take one picture of a paper that is good until that moment of market time, as the driver says."""
    _check_picture(content_type, size_bytes)
    if good_until <= work.now:
        raise Invalid("this paper has run out already; hand in one that is good", field="goodUntil")
    # Two announcements at once: the lock on the driver makes the second see the first one's paper in the count.
    market_id = await work.fetch_value(LOCK_OWNER, driver_id)
    if market_id is None:
        raise NotFound("there is no such driver")
    if await work.fetch_value(COUNT_OPEN, driver_id) >= OPEN_AT_MOST:
        raise TooManyPapers(f"at most {OPEN_AT_MOST} papers wait for their check; wait for us")
    document = await DriverDocument.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        driver_id=driver_id,
        kind=kind.value,
        state=DocumentState.EXPECTED.value,
        content_type=content_type,
        expires_at=good_until,
        created_at=work.now,
    )
    return upload_of(work, document_id=document.id, content_type=content_type, size_bytes=size_bytes, signer=signer)


def upload_of(
    work: Work, *, document_id: UUID, content_type: str, size_bytes: int, signer: UploadSigner
) -> DocumentUpload:
    """A fresh address for the picture of a paper that was promised to be taken."""
    until = (work.machine_now + GOOD_FOR).replace(microsecond=0)
    promise = PromisedUpload(
        proof_id=ProofId(document_id), content_type=content_type, size_bytes=size_bytes, expires_at=until
    )
    return DocumentUpload(document_id=document_id, url_path=signer.sign(promise), expires_at=until)


async def check_document(
    work: Work,
    *,
    document_id: UUID,
    market_id: UUID,
    operator_id: UUID,
    is_accepted: bool,
    reason: str,
    good_until: datetime | None = None,
) -> DocumentState:
    """An operator accepts or refuses a paper with a reason, or takes back one that was accepted.

    `good_until` corrects what the driver said. From then on the clock alone decides what the paper carries.
    """
    why = reason.strip()
    if not 1 <= len(why) <= LONGEST_REASON:
        raise Invalid(f"say why in 1 to {LONGEST_REASON} characters", field="reason")
    row = await work.fetch_row(LOCK, document_id, market_id)
    if row is None:
        raise NotFound("there is no such document", field="documentId")
    state = _next(DocumentState(row["state"]), is_accepted=is_accepted)
    until = good_until or row["expires_at"]
    if state is DocumentState.ACCEPTED and until <= work.now:
        raise Invalid("this paper has run out; refuse it", field="goodUntil")
    await work.execute(CHECK, document_id, state.value, until, work.now, operator_id, why)
    if state is not DocumentState.REFUSED:
        await renew_eligibility(work, driver_id=row["driver_id"])
    work.emit(
        DocumentChecked(
            market_id=market_id,
            driver_id=row["driver_id"],
            document_id=document_id,
            kind=row["kind"],
            state=state.value,
        )
    )
    return state


async def enter_document(
    work: Work,
    *,
    driver_id: UUID,
    market_id: UUID,
    kind: DocumentKind,
    operator_id: UUID,
    reason: str,
    good_until: datetime,
) -> UUID:
    """An operator enters a paper that was shown in person: accepted at once, and a picture of it can follow."""
    if await work.fetch_value(LOCK_OWNER, driver_id) != market_id:
        raise NotFound("there is no such driver", field="driverId")
    if good_until <= work.now:
        raise Invalid("this paper has run out", field="goodUntil")
    document = await DriverDocument.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        driver_id=driver_id,
        kind=kind.value,
        state=DocumentState.ACCEPTED.value,
        content_type="",
        expires_at=good_until,
        created_at=work.now,
        checked_at=work.now,
        checked_by=operator_id,
        reason=reason,
    )
    await renew_eligibility(work, driver_id=driver_id)
    return document.id


async def add_document_picture(
    work: Work, *, document_id: UUID, market_id: UUID, content_type: str, size_bytes: int
) -> None:
    """Promises an operator to take the picture of a paper that was entered by hand and has none."""
    _check_picture(content_type, size_bytes)
    if await work.fetch_value(TAKE_PICTURE, document_id, market_id, content_type) is not None:
        return
    if not await work.fetch_value(IS_HERE, document_id, market_id):
        raise NotFound("there is no such document", field="documentId")
    raise PictureNotWanted("this paper has its picture, or is not good any more", field="documentId")


async def documents_of(work: Work, *, driver_id: UUID) -> list[dict[str, Any]]:
    """A driver's own papers, latest first, with what was said of them."""
    return [dict(row) for row in await work.fetch(OF_DRIVER, driver_id, LISTED_AT_MOST)]


async def documents_to_check(work: Work, *, market_id: UUID) -> list[dict[str, Any]]:
    """Papers of a market that wait for a person, longest waiting first."""
    return [dict(row) for row in await work.fetch(TO_CHECK, market_id, LISTED_AT_MOST)]


def _check_picture(content_type: str, size_bytes: int) -> None:
    if content_type not in PICTURE_TYPES:
        raise BadPicture(f"a picture is one of {', '.join(PICTURE_TYPES)}", field="contentType")
    if not 1 <= size_bytes <= LARGEST_BYTES:
        raise PictureTooLarge(f"a picture has 1 to {LARGEST_BYTES} bytes", field="sizeBytes")


def _next(state: DocumentState, *, is_accepted: bool) -> DocumentState:
    if state is DocumentState.UPLOADED:
        return DocumentState.ACCEPTED if is_accepted else DocumentState.REFUSED
    if state is DocumentState.ACCEPTED and not is_accepted:
        return DocumentState.REVOKED
    raise CheckedBefore(f"this paper is {state}; the driver hands in another one", field="documentId")
