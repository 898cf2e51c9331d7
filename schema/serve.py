"""The API process: GraphQL over HTTP and sockets, uploads, the live map, until SIGTERM or Ctrl-C."""

import asyncio
import gc
import signal
from contextlib import AsyncExitStack
from functools import partial
from types import FrameType

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from marketplace.adapters.metrics_door import metrics_door
from marketplace.adapters.tracing import traced
from marketplace.app import open_marketplace, open_servers
from marketplace.core.settings import Settings
from schema.asgi import build_app
from schema.health import Health

LARGEST_FRAME = 65_536
"""Bytes of the largest socket message that is read at all."""
DRAIN_S = 8
"""Time for requests under way to end after the word to stop."""
COLLECT_AFTER = 50_000
"""Objects that are made and kept before the collector of cycles looks at the young ones. By its own measure of 700 it
looks for each event that goes to a thousand sockets, time and again, and through all that those sockets hold."""


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serves on the fastest event loop that is installed; the usual one takes a third more CPU for each request."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(serve(settings, host=host, port=port))


async def serve(settings: Settings, *, host: str, port: int) -> None:
    """Opens the marketplace and answers until told to stop; requests under way are finished first."""
    async with AsyncExitStack() as stack:
        stack.enter_context(metrics_door(settings))
        stack.enter_context(traced(settings, service="doorstep-serve"))
        servers = await stack.enter_async_context(open_servers(settings))
        marketplace = await stack.enter_async_context(open_marketplace(settings, servers))
        app = build_app(marketplace, allowed_origins=settings.allowed_origins)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="off",
            ws_max_size=LARGEST_FRAME,
            timeout_graceful_shutdown=DRAIN_S,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        # uvicorn ends its own work at these signals and then raises them again; by default that would kill the process
        # before it has given back its database connections, its router's process and the embedded servers.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        # What is loaded by now stays; a collector that looks through it again and again stops every request meanwhile.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        await LeavingServer(config, app.state.health, leave_s=settings.leave_s).serve()


class LeavingServer(uvicorn.Server):
    """A server that says that it is leaving before it stops listening.

    A balancer that asks /ready sends nothing more by the time the door closes. A connection that arrives in the moment
    of closing would get no answer, and its client could not know whether it was heard.
    """

    def __init__(self, config: uvicorn.Config, health: Health, *, leave_s: float) -> None:
        super().__init__(config)
        self._health = health
        self._leave_s = leave_s
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leaves first at SIGTERM; stops at once at Ctrl-C, and when it is told a second time."""
        if sig != signal.SIGTERM or not self._leave_s or self._health.is_leaving:
            super().handle_exit(sig, frame)
            return
        self._health.is_leaving = True
        stop = partial(super().handle_exit, sig, frame)
        self._loop.call_soon_threadsafe(self._loop.call_later, self._leave_s, stop)
