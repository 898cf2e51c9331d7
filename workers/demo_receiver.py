"""The demo's own webhook receiver: what one of its shippers would run to hear of its parcels.

It checks every signature, knows a message that comes twice by its id, and sees whether those of one delivery come in
their order.
"""

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketplace.webhooks import WEBHOOK_EVENTS, sign
from workers.simulator.client import ApiClient

PATH = "/parcels"
WAIT_S = 10.0
"""Longest wait at the end for what is still on its way."""
LOOK_EVERY_S = 0.5


@dataclass(slots=True, kw_only=True)
class Received:
    """What came; what was not signed by us is counted and not believed."""

    secret: str = ""
    messages: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    forged: int = 0
    ids: set[str] = field(default_factory=set)
    latest: dict[str, int] = field(default_factory=dict)

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Counts one message; False for one that is not ours."""
        if not self._is_signed(headers, body):
            self.forged += 1
            return False
        message_id = headers["webhook-id"]
        if message_id in self.ids:
            self.duplicates += 1
            return True
        self.ids.add(message_id)
        self.messages += 1
        told = orjson.loads(body)["data"]
        if "deliveryId" in told and told["sequence"] is not None:
            self._follow(told["deliveryId"], told["sequence"])
        return True

    def _follow(self, delivery_id: str, sequence: int) -> None:
        # Some facts about a delivery are no step of it: they carry the sequence that it had.
        if sequence < self.latest.get(delivery_id, 0):
            self.out_of_order += 1
        self.latest[delivery_id] = max(sequence, self.latest.get(delivery_id, 0))

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            ours = sign(body, message_id=headers["webhook-id"], sent_at=sent_at, with_secrets=[self.secret])
            theirs = headers["webhook-signature"].split()
        except (KeyError, ValueError):
            return False
        return bool(self.secret) and any(hmac.compare_digest(ours["webhook-signature"], one) for one in theirs)


@dataclass(slots=True, kw_only=True)
class DemoReceiver:
    """A shipper's endpoint on this machine."""

    place: str
    received: Received = field(default_factory=Received)

    async def register(self, shipper: ApiClient, market_id: str) -> None:
        """Has the marketplace tell it of everything that happens to the shipper's parcels."""
        made = await shipper.ask(
            "register_webhook",
            {
                "marketId": market_id,
                "url": f"http://{self.place}{PATH}",
                "events": sorted(WEBHOOK_EVENTS),
                "description": "The demo's receiver",
                "idempotencyKey": "demo-receiver",
            },
        )
        self.received.secret = made["secret"]

    async def settle(self, shipper: ApiClient) -> dict[str, int]:
        """Waits a moment for what is on its way, and returns the counts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await self._until_sent(shipper)
        received = self.received
        return {
            "webhooks_received": received.messages,
            "webhooks_duplicated": received.duplicates,
            "webhooks_out_of_order": received.out_of_order,
            "webhooks_forged": received.forged,
        }

    async def _until_sent(self, shipper: ApiClient) -> None:
        waiting = 1
        while waiting:
            await asyncio.sleep(LOOK_EVERY_S)
            waiting = sum(webhook["waitingCount"] for webhook in await shipper.ask("webhooks"))


@asynccontextmanager
async def open_receiver() -> AsyncIterator[DemoReceiver]:
    """Listens on a free port of loopback until the block ends."""
    receiver = DemoReceiver(place="")

    async def answer(request: Request) -> Response:
        is_ours = receiver.received.take(request.headers, await request.body())
        return Response(status_code=204 if is_ours else 401)

    app = Starlette(routes=[Route(PATH, answer, methods=["POST"])])
    listener = socket.create_server(("127.0.0.1", 0))
    receiver.place = f"127.0.0.1:{listener.getsockname()[1]}"
    server = _Server(uvicorn.Config(app, lifespan="off", log_level="critical"))
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="demo receiver")
    try:
        yield receiver
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves the signals of the process to the demo."""

    def capture_signals(self) -> Any:
        """Captures none."""
        return nullcontext()
