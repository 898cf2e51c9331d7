"""A tap before the Stripe stand-in: open, it lets everything through; shut, it takes every request and answers none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK = 65_536


class Tap:
    """A TCP door on loopback."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.is_open = True
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def turn(self, *, is_open: bool) -> None:
        """Opens or shuts it; what is connected has to come anew."""
        self.is_open = is_open
        for writer in self._writers:
            writer.transport.abort()

    async def until_left(self) -> None:
        """Waits until nobody is connected any more."""
        self.turn(is_open=False)
        await asyncio.gather(*self._serving, return_exceptions=True)

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes a connection."""
        task = asyncio.create_task(self.serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one of its ends has gone."""
        self._writers.add(writer)
        try:
            if self.is_open:
                there_reader, there = await asyncio.open_connection("127.0.0.1", self._target_port)
                self._writers.add(there)
                await asyncio.gather(_pour(reader, there), _pour(there_reader, writer))
                self._writers.discard(there)
            else:
                while await reader.read(CHUNK):
                    pass  # it hears everything and says nothing
        except OSError:
            return
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


@asynccontextmanager
async def open_tap(target_port: int) -> AsyncIterator[Tap]:
    """A tap before a port, open at first."""
    tap = Tap(target_port)
    server = await asyncio.start_server(tap.begin, "127.0.0.1", 0)
    tap.port = server.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        server.close()
        await tap.until_left()
        await server.wait_closed()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(CHUNK):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()
