"""GET /proofs/{token} and /documents/{token}: a hand-over for its recipient, and a paper for whoever checks it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from marketplace.core.clock import machine
from marketplace.core.errors import Refusal
from marketplace.onboarding import DocumentSigner, read_document
from marketplace.recipients import PictureSigner, read_picture
from schema.answers import refused
from schema.edge import Edge, client_address
from schema.rates import address_key

PICTURE_UNITS = 10
LONGEST_TOKEN = 512


class PictureEndpoint:
    """What answers at the signed addresses of pictures."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        secret = edge.marketplace.settings.secret.get_secret_value()
        self.proofs, self.papers = PictureSigner(secret), DocumentSigner(secret)

    async def answer(self, request: Request) -> Response:
        """Sends one picture of a proof, or the one refusal."""
        works, store = self.edge.marketplace.works, self.edge.marketplace.object_store
        return await self._send(request, lambda token: read_picture(works, store, self.proofs, token, now=machine()))

    async def answer_document(self, request: Request) -> Response:
        """Sends one picture of a paper, or the one refusal."""
        works, store = self.edge.marketplace.works, self.edge.marketplace.object_store
        return await self._send(request, lambda token: read_document(works, store, self.papers, token, now=machine()))

    async def _send(self, request: Request, read: Callable[[str], Awaitable[bytes]]) -> Response:
        try:
            self.edge.spend(None, address_key(client_address(request.scope)), PICTURE_UNITS)
            content = await read(request.path_params["token"][:LONGEST_TOKEN])
        except Refusal as refusal:
            said = refused(refusal)
            return Response(said.body, status_code=said.status, media_type="application/json")
        # Nothing in between keeps a picture that may be erased at any moment.
        return Response(content, media_type="image/jpeg", headers={"cache-control": "private, no-store"})
