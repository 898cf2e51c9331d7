"""GET /proofs/{token}: a recipient looks at the picture that proves a hand-over."""

from starlette.requests import Request
from starlette.responses import Response

from marketplace.core.clock import machine
from marketplace.core.errors import Refusal
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
        self.signer = PictureSigner(edge.marketplace.settings.secret.get_secret_value())

    async def answer(self, request: Request) -> Response:
        """Sends one picture, or the one refusal."""
        marketplace, token = self.edge.marketplace, request.path_params["token"][:LONGEST_TOKEN]
        try:
            self.edge.spend(None, address_key(client_address(request.scope)), PICTURE_UNITS)
            content = await read_picture(marketplace.works, marketplace.object_store, self.signer, token, now=machine())
        except Refusal as refusal:
            said = refused(refusal)
            return Response(said.body, status_code=said.status, media_type="application/json")
        # Nothing in between keeps a picture that may be erased at any moment.
        return Response(content, media_type="image/jpeg", headers={"cache-control": "private, no-store"})
