"""What benchmarks stand on: a database of their own, a world in it, and the servers that are compared."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from marketplace.core.database import connect
from tests.benchmarks.servers import Servers, open_servers
from tests.benchmarks.world import World, make_world


@pytest.fixture
async def admin(fresh_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that makes the world and looks at it afterwards."""
    if sys.platform != "linux":
        pytest.skip("the CPU of other processes is read as Linux tells it")
    connection = await connect(fresh_url)
    yield connection
    await connection.close()


@pytest.fixture
async def world(fresh_url: str, admin: asyncpg.Connection) -> World:
    """A market that nobody else uses."""
    return await make_world(fresh_url, admin)


@pytest.fixture
async def servers(fresh_url: str, admin: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[Servers]:
    """The API process and the bare one."""
    async with open_servers(fresh_url, admin, tmp_path) as servers:
        yield servers
