"""Pictures that prove a hand-over, taken and sent as the app would."""

from collections.abc import Collection
from functools import cache
from uuid import UUID

from marketplace.app import Marketplace
from marketplace.routes import UPLOAD_PATH, ProofKind, UploadSigner, create_proof_upload, receive_proof
from workers.simulator.chance import chance
from workers.simulator.pictures import CONTENT_TYPE, draw_photo, draw_signature

PICTURES = {"PHOTO_AT_DROPOFF": ProofKind.PHOTO, "SIGNATURE_AT_DROPOFF": ProofKind.SIGNATURE}


async def prove(marketplace: Marketplace, *, driver_id: UUID, stop_id: UUID, needs: Collection[str]) -> list[UUID]:
    """Announces and sends whatever pictures are asked for; their ids."""
    signer = UploadSigner(marketplace.settings.secret.get_secret_value())
    proof_ids: list[UUID] = []
    for need, kind in PICTURES.items():
        if need not in needs:
            continue
        picture = draw(kind)
        async with marketplace.works.open() as work:
            upload = await create_proof_upload(
                work,
                driver_id=driver_id,
                stop_id=stop_id,
                kind=kind,
                content_type=CONTENT_TYPE,
                size_bytes=len(picture),
                signer=signer,
            )
        token = upload.url_path.removeprefix(UPLOAD_PATH)
        await receive_proof(marketplace.works, marketplace.object_store, signer, token, picture, CONTENT_TYPE)
        proof_ids.append(upload.proof_id)
    return proof_ids


@cache
def draw(kind: ProofKind) -> bytes:
    """A picture of that kind; one for all, since nobody looks at them."""
    source = chance(0, kind)
    return draw_photo(source) if kind is ProofKind.PHOTO else draw_signature(source)
