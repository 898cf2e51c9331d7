"""A driver announces a picture that proves a hand-over and gets an address to send it to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import LimitReached, NotFound
from marketplace.core.ids import ProofId
from marketplace.core.work import Work
from marketplace.routes.hand_over import MOST_PROOFS
from marketplace.routes.models import Proof
from marketplace.routes.picture import LARGEST_BYTES, PICTURE_TYPES, BadPicture, PictureTooLarge
from marketplace.routes.refusals import StopEnded
from marketplace.routes.states import ENDED_STOPS, ProofKind, ProofState, StopState
from marketplace.routes.upload_address import GOOD_FOR, PromisedUpload, UploadSigner

# Two announcements at once: the lock on the stop makes the second see the first one's proof in the count.
LOCK_STOP = """
SELECT stop.market_id, stop.state, (SELECT count(*) FROM proof WHERE proof.stop_id = stop.id) AS proofs
FROM stop JOIN route ON route.id = stop.route_id AND route.state IN ('ASSIGNED', 'STARTED')
WHERE stop.id = $1 AND route.driver_id = $2 FOR UPDATE OF stop
"""


class TooManyProofs(LimitReached):
    """A stop has as many proofs as it can have."""

    code = "TOO_MANY_PROOFS"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofUpload:
    """Where to PUT the picture, and until when (machine time)."""

    proof_id: ProofId
    url_path: str
    expires_at: datetime


async def create_proof_upload(
    work: Work,
    *,
    driver_id: UUID,
    stop_id: UUID,
    kind: ProofKind,
    content_type: str,
    size_bytes: int,
    signer: UploadSigner,
) -> ProofUpload:
    """Promises to take one picture of exactly that size for a stop of the driver's route."""
    check_picture(content_type, size_bytes)
    stop = await work.fetch_row(LOCK_STOP, stop_id, driver_id)
    if stop is None:
        raise NotFound("there is no such stop on a route of yours", field="stopId")
    if StopState(stop["state"]) in ENDED_STOPS:
        raise StopEnded("this stop is over and takes no more proofs", field="stopId")
    if stop["proofs"] >= MOST_PROOFS:
        raise TooManyProofs(f"a stop has at most {MOST_PROOFS} proofs", field="stopId")
    proof_id = ProofId(work.new_id())
    await Proof.create(
        using_db=work.db,
        id=proof_id,
        market_id=stop["market_id"],
        stop_id=stop_id,
        driver_id=driver_id,
        kind=kind.value,
        state=ProofState.EXPECTED.value,
        created_at=work.now,
    )
    return promise_upload(work, signer, proof_id, content_type, size_bytes)


def check_picture(content_type: str, size_bytes: int) -> None:
    """Refuses what no picture of ours can be, before anything is written."""
    if content_type not in PICTURE_TYPES:
        raise BadPicture(f"a proof is one of {', '.join(PICTURE_TYPES)}", field="contentType")
    if not 1 <= size_bytes <= LARGEST_BYTES:
        raise PictureTooLarge(f"a picture has 1 to {LARGEST_BYTES} bytes", field="sizeBytes")


def promise_upload(
    work: Work, signer: UploadSigner, proof_id: ProofId, content_type: str, size_bytes: int
) -> ProofUpload:
    """The address at which an announced picture is taken in, and until when."""
    expires_at = (work.machine_now + GOOD_FOR).replace(microsecond=0)
    promise = PromisedUpload(proof_id=proof_id, content_type=content_type, size_bytes=size_bytes, expires_at=expires_at)
    return ProofUpload(proof_id=proof_id, url_path=signer.sign(promise), expires_at=expires_at)
