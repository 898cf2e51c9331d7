"""A subscription that never loses and never doubles an event: graphql-transport-ws, resumed from the last cursor.

Whatever ends a socket, from a restart of the API to a tunnel on the road, the next one asks for what came after the
last event that the app has. Only where there is no cursor yet, or an old one has expired, can something be missed; then
the app is told to look at the present state instead.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from workers.simulator.client import ApiClient, NotNow, Refused
from workers.simulator.documents import operation
from workers.simulator.network import Unreachable, pause_s

PROTOCOL = Subprotocol("graphql-transport-ws")
OPENING_WAIT_S = 10.0
CLOSING_WAIT_S = 1.0
"""An app that leaves does not wait long for a goodbye."""
REMEMBERED = 200
"""Cursors of the latest events, by which one that comes a second time is known."""
TOKEN_ENDED = 4403
SHUT_FOR_GOOD = frozenset({1008, 4400, 4401, 4406, 4409})
"""Closing codes that say the app is at fault: to connect again in the same way would end in the same way."""
RESUMABLE = frozenset({"STREAM_ENDED", "SUBSCRIBER_TOO_SLOW", "RATE_LIMITED", "OVERLOADED", "DATABASE_UNAVAILABLE"})

Event = dict[str, Any]


class StreamCut(Exception):
    """The server has ended a stream; connecting again goes on from the last cursor."""


@dataclass(slots=True)
class Stream:
    """One subscription of an app, and how far it has heard."""

    name: str
    variables: dict[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    _latest: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def is_new(self, event: Event) -> bool:
        """Whether this event was not heard before; from now on it was."""
        cursor: str = event["cursor"]
        if cursor in self._latest:
            return False
        self._latest.append(cursor)
        self.cursor = cursor
        return True


class EventSocket:
    """Holds all subscriptions of one app on one socket, for as long as `run` runs."""

    def __init__(
        self,
        api: ApiClient,
        streams: Sequence[Stream],
        *,
        on_event: Callable[[Event], None],
        on_gap: Callable[[], None],
    ) -> None:
        """`on_event` hears every event once and in order; `on_gap` hears when the present state is to be looked at."""
        self._api = api
        self._url = "ws" + api.api_url.removeprefix("http") + "/graphql"
        self._streams = {str(number): stream for number, stream in enumerate(streams)}
        self._on_event = on_event
        self._on_gap = on_gap
        self._failures = 0

    async def run(self) -> None:
        """Listens until cancelled, on one socket after another; raises Refused when connecting again cannot help."""
        while True:
            await self._api.network.until_up()
            token = self._api.access_token
            try:
                await self._connect()
            except ConnectionClosed as closed:
                await self._go_on_after(closed, token)
            except (StreamCut, WebSocketException, OSError, TimeoutError) as failure:
                self._api.retries[f"socket {type(failure).__name__}"] += 1
            await asyncio.sleep(pause_s(self._failures, self._api.source))
            self._failures += 1

    async def _connect(self) -> None:
        async with connect(
            self._url,
            subprotocols=[PROTOCOL],
            compression=None,
            proxy=None,
            open_timeout=OPENING_WAIT_S,
            close_timeout=CLOSING_WAIT_S,
        ) as socket:
            if socket.subprotocol != PROTOCOL:
                raise InvalidHandshake("the server does not speak graphql-transport-ws")
            listening = asyncio.create_task(self._listen(socket))
            lost = asyncio.create_task(self._api.network.until_lost())
            try:
                await asyncio.wait({listening, lost}, return_when=asyncio.FIRST_COMPLETED)
                if listening.done():
                    listening.result()
            finally:
                for task in (listening, lost):
                    task.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await task

    async def _listen(self, socket: ClientConnection) -> None:
        await self._send(socket, {"type": "connection_init", "payload": {"authorization": self._authorization}})
        async for text in socket:
            message = orjson.loads(text)
            match message["type"]:
                case "connection_ack":
                    await self._subscribe(socket)
                case "next":
                    self._hear(self._streams[message["id"]], message["payload"])
                case "error":
                    self._judge(self._streams[message["id"]], message["payload"])
                case "complete":
                    raise StreamCut("the server has completed a stream")
                case "ping":
                    await self._send(socket, {"type": "pong"})
        raise StreamCut("the server has closed the socket")

    @property
    def _authorization(self) -> str:
        return f"Bearer {self._api.access_token}"

    async def _subscribe(self, socket: ClientConnection) -> None:
        has_gap = any(stream.cursor is None for stream in self._streams.values())
        for key, stream in self._streams.items():
            variables = stream.variables | {"after": stream.cursor}
            payload = {"query": operation(self._api.app, stream.name), "variables": variables}
            await self._send(socket, {"id": key, "type": "subscribe", "payload": payload})
        self._failures = 0
        if has_gap:
            self._on_gap()

    def _hear(self, stream: Stream, payload: dict[str, Any]) -> None:
        if errors := payload.get("errors"):
            self._judge(stream, errors)
        (event,) = payload["data"].values()
        if stream.is_new(event):
            self._on_event(event)

    def _judge(self, stream: Stream, errors: Sequence[dict[str, Any]]) -> None:
        """Decides whether a stream can go on after an error; always raises."""
        details = errors[0].get("extensions") or {}
        code = details.get("code", "UNKNOWN")
        if code == "CURSOR_EXPIRED":
            stream.cursor = None
        elif code not in RESUMABLE and not details.get("retryable"):
            raise Refused(code, errors[0]["message"], details.get("field"))
        raise StreamCut(code)

    async def _go_on_after(self, closed: ConnectionClosed, token: str) -> None:
        code = closed.rcvd.code if closed.rcvd else None
        self._api.retries[f"socket {code}"] += 1
        if code == TOKEN_ENDED:
            with suppress(NotNow, Unreachable):  # the next socket is closed in the same way, and asks again
                await self._api.renew(token)
        elif closed.rcvd and code in SHUT_FOR_GOOD:
            raise Refused(f"SOCKET_{code}", closed.rcvd.reason)

    @staticmethod
    async def _send(socket: ClientConnection, message: dict[str, Any]) -> None:
        await socket.send(orjson.dumps(message).decode())
