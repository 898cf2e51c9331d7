"""A small API on loopback and an app that talks to it."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.workers.simulator.small_api import SmallApi, serve
from workers.simulator.client import ApiClient, open_line


@pytest.fixture
def api() -> SmallApi:
    """What the API of this test answers."""
    return SmallApi()


@pytest.fixture
async def api_url(api: SmallApi) -> AsyncIterator[str]:
    """Where it answers."""
    async with serve(api) as url:
        yield url


@pytest.fixture
async def line() -> AsyncIterator[httpx.AsyncClient]:
    """Connections of the apps of this test."""
    async with open_line() as line:
        yield line


@pytest.fixture
def driver(line: httpx.AsyncClient, api_url: str) -> ApiClient:
    """A driver's app, signed in."""
    return ApiClient(line, api_url, app="driver", access_token="good", refresh_token="refresh")


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody answers, until the test has somebody do so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
