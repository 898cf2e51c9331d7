"""A webhook endpoint of the marketplace: verifies with the stripe package, remembers, and may say no."""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketplace.adapters.stripe_sandbox.server import HOST, EmbeddedServer
from marketplace.core.clock import machine

FUTURE_S = 300


class Receiver:
    """What has arrived: events that were genuine, and the reasons why others were not taken."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.secret = ""
        self.events: list[stripe.Event] = []
        self.refusals: list[str] = []
        self.coming_statuses: deque[int] = deque()

    @property
    def types(self) -> list[str]:
        """The kinds of the genuine events, in the order of their arrival."""
        return [event.type for event in self.events]

    async def receive(self, request: Request) -> Response:
        """Answers one delivery."""
        body, header = await request.body(), request.headers["stripe-signature"]
        if self.coming_statuses:
            return Response(status_code=self.coming_statuses.popleft())
        try:
            event = stripe.Webhook.construct_event(body, header, self.secret)
        except stripe.SignatureVerificationError as problem:
            self.refusals.append(str(problem))
            return Response(status_code=400)
        signed_at = int(header.split(",")[0].removeprefix("t="))
        if signed_at > machine().timestamp() + FUTURE_S:  # the package takes these
            self.refusals.append("Timestamp in the future")
            return Response(status_code=400)
        self.events.append(event)
        return Response(status_code=200)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Runs an endpoint on a free loopback port."""
    listener = socket.create_server((HOST, 0))
    receiver = Receiver(f"http://{HOST}:{listener.getsockname()[1]}/stripe")
    app = Starlette(routes=[Route("/stripe", receiver.receive, methods=["POST"])])
    server = EmbeddedServer(uvicorn.Config(app, ws="none", lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        yield receiver
    finally:
        server.should_exit = True
        await serving
        listener.close()
