"""The door for whoever collects figures: a small server of its own, at a port that the public never reaches.

It answers from a thread, so that a busy event loop is seen instead of hiding itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from marketplace.core.errors import CannotStart
from marketplace.core.metrics import REGISTRY
from marketplace.core.settings import Settings


@contextmanager
def metrics_door(settings: Settings) -> Iterator[int | None]:
    """Shows the figures of this process at `/metrics` for as long as the block lasts; yields the port, if there is."""
    if settings.metrics_port is None:
        yield None
        return
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, registry=REGISTRY)
    except OSError as failure:
        raise CannotStart(
            f"DOORSTEP_METRICS_PORT: cannot listen at {settings.metrics_host}:{settings.metrics_port}: {failure}"
        ) from failure
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
