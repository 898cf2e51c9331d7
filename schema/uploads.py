"""PUT /uploads/{token}: a driver's app sends the picture that it announced, a proof's or a paper's."""

from starlette.types import Receive, Scope, Send

from marketplace.core.clock import machine
from marketplace.core.errors import Refusal
from marketplace.core.ids import to_wire
from marketplace.onboarding import is_document, receive_document
from marketplace.routes import UploadSigner, receive_proof
from schema.answers import Answer, answer_of, failed, refused, send_answer
from schema.edge import Edge, client_address
from schema.masking import new_request_id
from schema.rates import address_key
from schema.refusals import BodyTooLarge, WrongMethod
from schema.requests import ClientGone, head_of, read_body
from schema.seats import Seats

UPLOAD_UNITS = 20
UPLOAD_WAIT_S = 60.0
UPLOADS_EACH = 8
UPLOADS_TOGETHER = 24
"""Uploads that one process takes in at a time: together at most 240 MiB of memory."""
LARGEST_BYTES = 10 * 1024 * 1024
"""Bytes of a picture that are read at all; what was announced in its address is checked behind this."""
LONGEST_TOKEN = 512


class UploadEndpoint:
    """The ASGI application behind the signed addresses of uploads."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.uploads = Seats("uploads", each=UPLOADS_EACH, together=UPLOADS_TOGETHER)
        self.signer = UploadSigner(edge.marketplace.settings.secret.get_secret_value())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes one picture."""
        request_id = new_request_id()
        try:
            answer = await self._take(scope, receive)
        except ClientGone:
            return
        except Refusal as refusal:
            answer = refused(refusal)
        except Exception as failure:  # noqa: BLE001 - whatever else happens is masked here, and logged
            answer = failed(failure, request_id)
        await send_answer(send, answer, request_id)

    async def _take(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "PUT":
            raise WrongMethod("send a picture by PUT")
        head = head_of(scope)
        if (head.announced_bytes or 0) > LARGEST_BYTES:
            raise BodyTooLarge(f"a picture has at most {LARGEST_BYTES} bytes")
        address = address_key(client_address(scope))
        self.edge.spend(None, address, UPLOAD_UNITS)
        token = scope["path_params"]["token"][:LONGEST_TOKEN]
        promise = self.signer.read(token, now=machine())  # before a single byte of the body is taken in
        with self.uploads.take(address):
            body = await read_body(receive, largest=LARGEST_BYTES, wait_s=UPLOAD_WAIT_S)
            with self.edge.load.admit(is_priority=True):
                market, content_type = self.edge.marketplace, head.content_type.decode("latin-1")
                taken = (market.works, market.object_store, self.signer, token, body, content_type)
                if await is_document(market.works, promise.proof_id):
                    document_id = await receive_document(*taken)
                    return answer_of({"documentId": to_wire("driver_document", document_id)}, status=201)
                stored = await receive_proof(*taken)
        return answer_of(
            {
                "proofId": to_wire("proof", stored.proof_id),
                "sizeBytes": stored.size_bytes,
                "widthPx": stored.width_px,
                "heightPx": stored.height_px,
            },
            status=201,
        )
