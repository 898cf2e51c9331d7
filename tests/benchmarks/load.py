"""A small HTTP/1.1 load client: raw sockets, keep-alive, one request at a time on each connection.

A client with more comfort would take more CPU than the server that is measured on the same cores.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import orjson

CONNECTIONS = 16
"""As many requests are under way at once; the server admits more."""
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how long it took."""

    status: int
    body: bytes
    seconds: float


class Refused(AssertionError):
    """A server answered with something that is no success, so that its speed means nothing."""


def post(path: str, content: object, *, token: str | None = None) -> bytes:
    """The bytes of a POST with a JSON body."""
    body = orjson.dumps(content)
    credential = f"authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{credential}"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """Some connections that share the requests they are given."""

    def __init__(self, connections: Sequence["_Connection"]) -> None:
        self._connections = connections

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int, connections: int = CONNECTIONS) -> AsyncIterator[Self]:
        """Connects; the connections stay open until the block ends."""
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(_Connection, "127.0.0.1", port) for _ in range(connections)]
        try:
            yield cls([connection for _, connection in made])
        finally:
            for transport, _ in made:
                transport.close()
            await asyncio.sleep(0)

    async def send(self, requests: Sequence[bytes]) -> list[Reply]:
        """Sends all of them, the next one on whichever connection is free, and returns the replies in any order."""
        pending, replies = list(reversed(requests)), list[Reply]()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(connection.work(pending, replies) for connection in self._connections))
        for reply in replies:
            if reply.status != 200 or reply.body.startswith(b'{"errors"'):
                raise Refused(f"{reply.status}: {reply.body[:300]!r}")
        return replies


class _Connection(asyncio.Protocol):
    """Sends one request after the other straight from the callback that has read the reply."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._sent_at = 0.0
        self._pending: list[bytes] = []
        self._replies: list[Reply] = []
        self._done: asyncio.Future[None] | None = None

    def work(self, pending: list[bytes], replies: list[Reply]) -> asyncio.Future[None]:
        """Takes requests from the end of `pending` until it is empty."""
        self._pending, self._replies = pending, replies
        self._done = asyncio.get_running_loop().create_future()
        self._next()
        return self._done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that hangs up in the middle ends the measurement."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(Refused(f"the server closed the connection: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Collects a reply; when it is complete, the next request goes out."""
        self._buffer += data
        head, mark, body = self._buffer.partition(b"\r\n\r\n")
        if not mark or len(body) < _content_length(head):
            return
        self._buffer = b""
        self._replies.append(Reply(int(head[9:12]), body, time.perf_counter() - self._sent_at))
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        assert self._done is not None
        if not self._pending:
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._pending.pop())


def _content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0])
