"""What tests of the background edge stand on: a queue server, and works that commit and nudge."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import asyncio as redis
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.embedded import EmbeddedValkey
from marketplace.core.clock import DatabaseClock
from marketplace.core.nudge import Nudger
from marketplace.core.work import Works


@pytest.fixture(scope="session")
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedValkey]:
    """A throw-away Valkey for all tests of the session."""
    server = EmbeddedValkey(Path(tmp_path_factory.mktemp("valkey")), is_throwaway=True)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def redis_url(valkey: EmbeddedValkey) -> str:
    """The address of an empty Valkey."""
    await flush(valkey.url)
    return valkey.url


@pytest.fixture
async def own_valkey(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    """A Valkey that the test may stop and start again."""
    server = EmbeddedValkey(tmp_path / "valkey")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def nudger(fresh_url: str) -> AsyncIterator[Nudger]:
    """The nudger of this process."""
    async with Nudger(fresh_url) as nudger:
        await nudger.until_connected()
        yield nudger


@pytest.fixture
def live_works(fresh_database: AsyncpgDBClient, nudger: Nudger) -> Works:
    """Works as a process has them: real commits, the database's clock, a nudge after each commit with events."""
    return Works(fresh_database, DatabaseClock(), source=random.Random(7), after_commit=nudger.nudge)


async def flush(url: str) -> None:
    """Has the server forget everything."""
    client = redis.Redis.from_url(url)
    await client.flushall()
    await client.aclose()
