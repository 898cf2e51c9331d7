"""The door for sockets: checks where a page comes from and which protocol it speaks, then lets it talk."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from schema.conversation import Conversation, Patience
from schema.edge import Edge, client_address
from schema.rates import address_key
from schema.refusals import TooManyAtOnce
from schema.seats import Seats

PROTOCOL = "graphql-transport-ws"
SOCKETS_EACH = 5
SUBSCRIPTIONS_EACH = 20
SOCKETS_OF_AN_ADDRESS = 500
SOCKETS_TOGETHER = 5_000


class SocketEndpoint:
    """The ASGI application behind the socket at /graphql."""

    def __init__(self, edge: Edge, *, allowed_origins: Sequence[str] = (), patience: Patience | None = None) -> None:
        self.edge = edge
        self.patience = patience or Patience()
        own = urlsplit(edge.marketplace.settings.public_url)
        self.allowed_origins = normalize_allowed_origins([f"{own.scheme}://{own.netloc}", *allowed_origins])
        self.sockets = Seats("sockets", each=SOCKETS_EACH, together=SOCKETS_TOGETHER)
        self.subscriptions = Seats("subscriptions", each=SUBSCRIPTIONS_EACH, together=20 * SOCKETS_TOGETHER)
        self.addresses = Seats("sockets", each=SOCKETS_OF_AN_ADDRESS, together=SOCKETS_TOGETHER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets one socket in, or closes it at the door."""
        websocket = WebSocket(scope, receive, send)
        if not self._comes_from_us(websocket):
            await websocket.close(1008, "This origin may not connect")
            return
        if PROTOCOL not in scope.get("subprotocols", ()):
            await websocket.accept()
            await websocket.close(4406, "Subprotocol not acceptable: speak graphql-transport-ws")
            return
        address = address_key(client_address(scope))
        try:
            with self.addresses.take(address):
                await websocket.accept(subprotocol=PROTOCOL)
                await Conversation(
                    self.edge,
                    websocket,
                    address=address,
                    sockets=self.sockets,
                    subscriptions=self.subscriptions,
                    patience=self.patience,
                ).hold()
        except TooManyAtOnce as refusal:
            await websocket.close(1013, refusal.message)

    def _comes_from_us(self, websocket: WebSocket) -> bool:
        """Browsers let any page open a socket to us, but say which; apps that are no browser say nothing."""
        origin = websocket.headers.get("origin")
        if origin is None or is_same_origin(origin, websocket.headers.get("host")):
            return True
        return normalize_origin(origin) in self.allowed_origins
