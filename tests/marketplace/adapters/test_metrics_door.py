"""The door for figures: open only where a port is named, and answering while the event loop is busy."""

import socket
import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from marketplace.adapters.metrics_door import metrics_door
from marketplace.core.errors import CannotStart
from marketplace.core.metrics import REGISTRY
from marketplace.core.settings import Settings


def test_without_a_port_nobody_listens() -> None:
    with metrics_door(Settings()) as port:
        assert port is None


def test_every_figure_is_shown_in_the_form_that_prometheus_reads() -> None:
    with metrics_door(Settings(metrics_port=0)) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics")

    shown = {family.name for family in text_string_to_metric_families(answer.text)}
    assert answer.status_code == httpx.codes.OK
    assert {metric.name for metric in REGISTRY.collect()} <= shown


async def test_a_busy_event_loop_is_seen_from_outside() -> None:
    with metrics_door(Settings(metrics_port=0)) as port, socket.create_connection(("127.0.0.1", port or 0)) as peer:
        peer.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        time.sleep(0.3)  # noqa: ASYNC251 - the loop stands still on purpose

        peer.settimeout(30)
        assert peer.recv(12) == b"HTTP/1.0 200"


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(CannotStart, match=f"DOORSTEP_METRICS_PORT: cannot listen at 127.0.0.1:{port}"),
            metrics_door(Settings(metrics_port=port)),
        ):
            pytest.fail("it listens")
