"""Many small WebSocket clients that count what they hear: raw sockets, so that the listeners cost next to nothing."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle
from typing import TypeVar

TEXT, PING, PONG = 1, 9, 10
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
    "sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)


class Listener(asyncio.Protocol):
    """One socket: says what it was given once it is connected, then counts the messages that hold `piece`."""

    def __init__(self, path: str, sayings: Sequence[bytes], piece: bytes) -> None:
        self.heard = 0
        self._path, self._sayings, self._piece = path, sayings, piece
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Knocks."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(HANDSHAKE.format(path=self._path).encode())

    def data_received(self, data: bytes) -> None:
        """Counts whole messages."""
        self._buffer += data
        if not self._is_open:
            head, mark, rest = self._buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            assert b" 101 " in head, head
            self._is_open, self._buffer = True, rest
            for saying in self._sayings:
                self._say(TEXT, saying)
        while (frame := _take_frame(self._buffer)) is not None:
            opcode, payload, self._buffer = frame
            if opcode == PING:
                self._say(PONG, payload)
            if self._piece in payload:
                self.heard += 1
                self.take(payload)

    def take(self, payload: bytes) -> None:
        """Does nothing more than counting with what was heard."""

    def close(self) -> None:
        """Leaves without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _say(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        mask = os.urandom(4)
        masked = bytes(byte ^ key for byte, key in zip(payload, cycle(mask), strict=False))
        self._transport.write(bytes([0x80 | opcode]) + size + mask + masked)


class TimedListener(Listener):
    """Keeps when it heard what, so that delays can be told afterwards."""

    def __init__(self, path: str, sayings: Sequence[bytes], piece: bytes) -> None:
        super().__init__(path, sayings, piece)
        self.log: list[tuple[float, bytes]] = []

    def take(self, payload: bytes) -> None:
        """Notes the time by the clock that the servers have too."""
        self.log.append((time.time(), payload))


Kind = TypeVar("Kind", bound=Listener)
OF_ONE_ADDRESS = 400
"""Sockets that come from one address of this machine: a server takes no more than 500."""


@asynccontextmanager
async def open_listeners(
    port: int,
    path: str,
    sayings: Sequence[Sequence[bytes]],
    piece: bytes,
    kind: type[Kind],
) -> AsyncIterator[list[Kind]]:
    """One listener for each list of sayings; they leave when the block ends."""
    loop = asyncio.get_running_loop()
    listeners: list[Kind] = []
    for number, each in enumerate(sayings):
        _, listener = await loop.create_connection(
            partial(kind, path, each, piece),
            "127.0.0.1",
            port,
            local_addr=(f"127.0.0.{1 + number // OF_ONE_ADDRESS}", 0),
        )
        listeners.append(listener)
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.close()


def _take_frame(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """The first whole frame: what it is, what it says, and what follows."""
    if len(buffer) < 2:
        return None
    length, start = buffer[1] & 0x7F, 2
    if length == 126:
        length, start = int.from_bytes(buffer[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(buffer[2:10], "big"), 10
    if len(buffer) < start + length:
        return None
    return buffer[0] & 0x0F, buffer[start : start + length], buffer[start + length :]
