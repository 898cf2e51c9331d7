"""A receiver of webhooks that behaves as its path says: well, or in the ways in which receivers misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request, and when it came by the clock of the loop."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def told(self) -> dict[str, Any]:
        """The message."""
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass(slots=True)
class Receiver:
    """What was heard, in order; `answers` makes a path answer with a status, `extra` with further header lines."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    open_now: int = 0
    open_at_most: int = 0

    def at(self, path: str) -> list[Heard]:
        """What was heard at a path."""
        return [each for each in self.heard if each.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hears one request and answers as its path says."""
        self.open_now += 1
        self.open_at_most = max(self.open_at_most, self.open_now)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                heard = await self._hear(reader)
                if heard.path.startswith("/slow"):
                    await reader.read()  # until the sender has lost its patience
                if heard.path.startswith("/drop"):
                    writer.transport.abort()  # it has heard, and leaves without a word
                    return
                await self._answer(heard, writer)
        finally:
            self.open_now -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _hear(self, reader: asyncio.StreamReader) -> Heard:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        heard = Heard(path=head[0].split(" ")[1], headers=headers, body=body, at=asyncio.get_running_loop().time())
        self.heard.append(heard)
        return heard

    async def _answer(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        planned = self.statuses.get(heard.path)
        status = (planned.pop(0) if len(planned) > 1 else planned[0]) if planned else 200
        extra = self.extra.get(heard.path, "")
        endless = heard.path.startswith(("/endless", "/drip"))
        length = "" if endless else "content-length: 7\r\n"
        writer.write(f"HTTP/1.1 {status} Said\r\n{length}{extra}connection: close\r\n\r\n".encode())
        while endless:
            writer.write(b"x" * (1 if heard.path.startswith("/drip") else 16_384))
            await writer.drain()
            await asyncio.sleep(0.1 if heard.path.startswith("/drip") else 0)
        writer.write(b"thanks\x00")
        await writer.drain()


@asynccontextmanager
async def open_receiver(certificates: SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on this machine, for as long as the block lasts."""
    receiver, talks = Receiver(), set[asyncio.Task[None]]()

    def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(receiver.serve(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=certificates)
    scheme = "https" if certificates else "http"
    receiver.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
