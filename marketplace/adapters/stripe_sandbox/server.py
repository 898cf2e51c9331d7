"""Runs the stand-in on a loopback port: for the tests in their own process, for people as `doorstep stripe-sandbox`."""

import asyncio
import random
import signal
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from marketplace.adapters.stripe_sandbox.app import CUT_CONNECTION, build_app
from marketplace.adapters.stripe_sandbox.courier import Courier
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox
from marketplace.core.errors import CannotStart
from marketplace.core.settings import Settings

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: the other side sees a reset rather than an orderly end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A stand-in that answers at `url`."""

    url: str
    sandbox: Sandbox
    courier: Courier


class CuttableProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with a way for the application to cut the connection."""

    def on_message_begin(self) -> None:
        """Hands the application the scissors."""
        super().on_message_begin()
        self.scope.setdefault("extensions", {})[CUT_CONNECTION] = {"cut": self._cut}

    def _cut(self) -> None:
        if not self.transport.is_closing():  # the caller may have gone first
            handle = self.transport.get_extra_info("socket")
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()


class EmbeddedServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it, and tells when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens the port."""
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


@asynccontextmanager
async def running(
    *, port: int = 0, folder: Path | None = None, source: random.Random | None = None
) -> AsyncIterator[Running]:
    """Runs a stand-in until the block ends; port 0 takes a free one. With a folder its state survives kill -9."""
    sandbox = Sandbox(folder=folder, source=source)
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        sandbox.close()
        raise CannotStart(f"port {port} cannot be used ({error.strerror}); choose another with --port") from error
    # Head and body leave in two pieces; without this the second waits 40 ms for the first to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sandbox.origin = f"http://{HOST}:{listener.getsockname()[1]}"
    courier = Courier(sandbox)
    config = uvicorn.Config(
        build_app(sandbox, courier),
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = EmbeddedServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    carrying = asyncio.create_task(courier.run())
    try:
        await server.ready.wait()
        yield Running(url=sandbox.origin, sandbox=sandbox, courier=courier)
    finally:
        carrying.cancel()
        server.should_exit = True
        await asyncio.gather(serving, carrying, return_exceptions=True)
        await courier.close()
        listener.close()
        sandbox.close()


def run(settings: Settings, *, port: int, folder: Path | None, say: Callable[[str], None]) -> None:
    """Serves until SIGTERM or Ctrl-C; refused in production mode."""
    settings.refuse_in_production("the Stripe stand-in")
    asyncio.run(_serve(port, folder, say))


async def _serve(port: int, folder: Path | None, say: Callable[[str], None]) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    with suppress(asyncio.CancelledError):
        async with running(port=port, folder=folder) as stand_in:
            say(f"the Stripe stand-in answers at {stand_in.url}; GET {stand_in.url}/_sandbox lists its commands")
            await told_to_stop.wait()
