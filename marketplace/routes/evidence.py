"""Pictures of a claim: announced by whoever is part of it, sent like the proofs of a hand-over, and kept once named."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId, ProofId
from marketplace.core.work import Work
from marketplace.routes.create_proof_upload import ProofUpload, TooManyProofs, check_picture, promise_upload
from marketplace.routes.models import Proof
from marketplace.routes.refusals import ProofMissing
from marketplace.routes.states import CLAIM_PICTURE, ProofState
from marketplace.routes.upload_address import UploadSigner

MOST_ANNOUNCED = 20
"""Pictures that one party may announce about one delivery."""

# The door where there was one, so that a picture goes with its recipient like those of the hand-over. The lock makes
# the second of two announcements at once see the first one's in the count.
LOCK_STOP = """
SELECT s.id, s.market_id, (SELECT count(*) FROM proof WHERE stop_id = s.id AND announced_by = $2) AS announced
FROM stop s WHERE s.id = (
    SELECT stop.id FROM task JOIN stop ON stop.id = task.stop_id WHERE task.delivery_id = $1
    ORDER BY stop.kind = 'DROPOFF' DESC, stop.id DESC LIMIT 1)
FOR NO KEY UPDATE
"""
NAME = """
UPDATE proof SET named_at = $4 FROM (
    SELECT f.id FROM proof f WHERE f.id = ANY($3) AND f.announced_by = $2 AND f.kind = 'CLAIM'
      AND f.state = 'UPLOADED' AND f.named_at IS NULL
      AND EXISTS (SELECT FROM task t WHERE t.stop_id = f.stop_id AND t.delivery_id = $1)
    ORDER BY f.id FOR UPDATE) AS mine
WHERE proof.id = mine.id RETURNING proof.id
"""


async def announce_evidence(
    work: Work, *, delivery_id: DeliveryId, by: UUID, content_type: str, size_bytes: int, signer: UploadSigner
) -> ProofUpload:
    """Promises to take one picture of exactly that size about a delivery; the caller has checked whose that is."""
    check_picture(content_type, size_bytes)
    stop = await work.fetch_row(LOCK_STOP, delivery_id, by)
    if stop is None:
        raise NotFound("nobody has carried this delivery, so there is nothing to show of it", field="deliveryId")
    if stop["announced"] >= MOST_ANNOUNCED:
        raise TooManyProofs(f"a claim shows at most {MOST_ANNOUNCED} pictures of each side", field="deliveryId")
    proof_id = ProofId(work.new_id())
    await Proof.create(
        using_db=work.db,
        id=proof_id,
        market_id=stop["market_id"],
        stop_id=stop["id"],
        announced_by=by,
        kind=CLAIM_PICTURE,
        state=ProofState.EXPECTED.value,
        created_at=work.now,
    )
    return promise_upload(work, signer, proof_id, content_type, size_bytes)


async def name_evidence(work: Work, *, delivery_id: DeliveryId, by: UUID, proof_ids: Sequence[UUID]) -> list[UUID]:
    """Keeps pictures that `by` has sent about this delivery; refuses if one of them is not there or was named before.

    The lock closes the race with the sweep of pictures that nothing names.
    """
    wanted = sorted(set(proof_ids))
    named = await work.fetch(NAME, delivery_id, by, wanted, work.now) if wanted else []
    if len(named) < len(wanted):
        raise ProofMissing("a picture is not there; send it to its address first", field="proofIds")
    return wanted
