"""The API process: GraphQL over HTTP and sockets, uploads, the live map, until SIGTERM or Ctrl-C."""

import asyncio
import gc
import signal

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from marketplace.app import open_marketplace, open_servers
from marketplace.core.settings import Settings
from schema.asgi import build_app

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
    async with open_servers(settings) as servers, open_marketplace(settings, servers) as marketplace:
        config = uvicorn.Config(
            build_app(marketplace, allowed_origins=settings.allowed_origins),
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
        await uvicorn.Server(config).serve()
