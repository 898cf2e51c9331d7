"""Announces a picture for a claim and says where to send it."""

from marketplace.accounts import PrincipalKind
from marketplace.claims.party import Party
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.routes import ProofUpload, UploadSigner, announce_evidence

IS_OF = """
SELECT EXISTS (SELECT FROM delivery d LEFT JOIN claim c ON c.delivery_id = d.id WHERE d.id = $1 AND CASE $2
    WHEN 'shipper' THEN d.shipper_id = $3 WHEN 'recipient' THEN d.id = $3 ELSE c.driver_id = $3 END)
"""


async def announce_claim_picture(
    work: Work, *, by: Party, delivery_id: DeliveryId, content_type: str, size_bytes: int, signer: UploadSigner
) -> ProofUpload:
    """Promises to take one picture: of the shipper or recipient of a delivery, or of the driver of its claim."""
    assert by.kind is not PrincipalKind.OPERATOR, "operators look at pictures"
    if not await work.fetch_value(IS_OF, delivery_id, by.kind.value, by.id):
        raise NotFound("there is no such delivery", field="deliveryId")
    return await announce_evidence(
        work, delivery_id=delivery_id, by=by.id, content_type=content_type, size_bytes=size_bytes, signer=signer
    )
