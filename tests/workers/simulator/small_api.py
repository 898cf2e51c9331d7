"""A small API on loopback that speaks as the marketplace does, and fails on request: what simulated apps are tried on.

It keeps what every key has brought about, so that a test sees whether a change happened once. Its faults are real ones:
a connection that ends within an answer, a server that is away, a socket that is cut.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.waiting import until

PROBLEM = {"code": "OFFER_TAKEN", "message": "another driver was first", "field": None, "retryable": False}
CURSOR_EXPIRED = {"message": "too old", "extensions": {"code": "CURSOR_EXPIRED", "retryable": False}}

ROOT_FIELD = re.compile(r"\{\s*(\w+)")
"""The one field of a ready-made operation: the first name in its braces."""

Answerer = Callable[[dict[str, Any]], Any]


@dataclass(slots=True)
class Asked:
    """One request as it came in."""

    field: str
    variables: dict[str, Any]
    body: bytes
    token: str | None
    arrived_at_s: float


@dataclass(slots=True)
class SmallApi:
    """What the server answers, and what it was asked."""

    tokens: set[str] = field(default_factory=lambda: {"good"})
    answers: dict[str, Answerer] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    """What goes wrong with the next requests: `lost answer`, `503`, `500`, `busy`, or `none`."""
    asked: list[Asked] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    """The keys that have brought something about, each at its first coming; a key that comes again changes nothing."""
    uploads: list[bytes] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    cuts: deque[int] = field(default_factory=deque)
    """For each of the next sockets, after how many messages it is cut."""
    echoes: int = 0
    """How many events before the cursor are told again, which the marketplace never does."""
    expired: set[str] = field(default_factory=set)
    socket_greetings: list[str] = field(default_factory=list)
    subscribed_after: list[str | None] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def requests_for(self, name: str) -> list[Asked]:
        """The requests that asked for this field, in order."""
        return [asked for asked in self.asked if asked.field == name]

    async def happen(self, *names: str, **fields: Any) -> None:
        """Adds events to the stream."""
        async with self.changed:
            for name in names:
                self.events.append({"name": name, "cursor": f"c{len(self.events) + 1}", "state": None} | fields)
            self.changed.notify_all()

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/graphql", self._answer, methods=["POST"]),
                Route("/uploads/{token}", self._upload, methods=["PUT"]),
                WebSocketRoute("/graphql", self._talk),
            ]
        )

    async def _answer(self, request: Request) -> Any:
        body = await request.body()
        asked = self._read(request, body)
        self.asked.append(asked)
        fault = self.faults.popleft() if self.faults else "none"
        if fault == "503":
            return _json({"errors": [{"message": "later"}]}, status=503, headers={"retry-after": "1"})
        if fault == "500":
            return _json({"errors": [{"message": "a bug", "extensions": {"code": "INTERNAL"}}]}, status=500)
        if asked.field != "refreshSession" and asked.token not in self.tokens:
            return _json({"errors": [{"message": "who?", "extensions": {"code": "UNAUTHENTICATED"}}]}, status=401)
        if fault == "busy":
            return _json({"data": {asked.field: PROBLEM | {"code": "BUSY", "retryable": True}}})
        content = orjson.dumps({"data": {asked.field: self._effect(asked)}})
        return _BrokenOff(content) if fault == "lost answer" else Response(content, media_type="application/json")

    def _read(self, request: Request, body: bytes) -> Asked:
        content = orjson.loads(body)
        root = ROOT_FIELD.search(content["query"])
        assert root is not None, content["query"]
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or None
        now_s = asyncio.get_running_loop().time()
        return Asked(root[1], content["variables"], body, token, now_s)

    def _effect(self, asked: Asked) -> Any:
        key = asked.variables.get("idempotencyKey") or asked.variables.get("clientEventId")
        if key is not None and key not in self.effects:
            self.effects.append(key)
        answerer = self.answers.get(asked.field)
        return answerer(asked.variables) if answerer else {}

    async def _upload(self, request: Request) -> Response:
        self.uploads.append(await request.body())
        return _json({"proofId": "prf_1"}, status=201)

    async def _talk(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="graphql-transport-ws")
        greeting = await socket.receive_json()
        token = greeting["payload"]["authorization"].removeprefix("Bearer ")
        self.socket_greetings.append(token)
        if token not in self.tokens:
            await socket.close(4403, "Forbidden: the access token has expired")
            return
        await socket.send_json({"type": "connection_ack"})
        streaming = asyncio.create_task(self._stream(socket, await socket.receive_json()))
        hearing = asyncio.create_task(_hear_out(socket))
        await asyncio.wait({streaming, hearing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (streaming, hearing):
            task.cancel()
        await asyncio.gather(streaming, hearing, return_exceptions=True)

    async def _stream(self, socket: WebSocket, subscribe: dict[str, Any]) -> None:
        after = subscribe["payload"]["variables"]["after"]
        self.subscribed_after.append(after)
        if after in self.expired:
            await socket.send_json({"id": subscribe["id"], "type": "error", "payload": [CURSOR_EXPIRED]})
            return
        position = len(self.events) if after is None else max(0, int(after[1:]) - self.echoes)
        left = self.cuts.popleft() if self.cuts else -1
        while True:
            async with self.changed:
                while len(self.events) <= position:
                    await self.changed.wait()
            if left == 0:
                await socket.close(1012)
                return
            payload = {"data": {"offerEvents": self.events[position]}}
            await socket.send_json({"id": subscribe["id"], "type": "next", "payload": payload})
            position, left = position + 1, left - 1


async def _hear_out(socket: WebSocket) -> None:
    """Reads what else the app says, until it leaves."""
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_json()


class _BrokenOff(Response):
    """An answer whose connection ends before the last byte: the change was made, and nobody heard of it."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        length = str(len(self.body) + 100).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": bytes(self.body)})


def _json(content: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


async def eventually(is_true: Callable[[], object]) -> None:
    """Returns as soon as something is so."""

    async def ask() -> bool:
        return bool(is_true())

    await until(ask)


@asynccontextmanager
async def serve(api: SmallApi, *, port: int = 0) -> AsyncIterator[str]:
    """Runs the API until the block ends; gives its address."""
    config = uvicorn.Config(
        api.app(), host="127.0.0.1", port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())

    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task
