"""What tests stand on: real servers, a manual clock, and a Work that is rolled back after each test."""

import gc
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.embedded import EmbeddedPostgres
from marketplace.core.clock import ManualClock
from marketplace.core.database import connect, open_database, with_database
from marketplace.core.migrate import migrate
from marketplace.core.work import Work, Works
from tests.cloning import AT_ONCE

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""A Monday noon in Chile: where the manual clock stands when a test begins."""

LONGEST = (
    "crashes/",
    "test_command.py",
    "flows/",
    "workers/simulation/",
    "workers/test_engine.py",
    "races/",
    "schema/test_tracking_page.py",
    "schema/test_pages.py",
    "marketplace/adapters/",
    "marketplace/matching/",
    "contracts/",
)
"""Files that take longest, below this folder."""

gc.disable()  # until all tests are collected: modules stay, and looking through them again and again takes long


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that none of them is left for one process when the others have ended."""
    names = {item.path: item.path.relative_to(Path(__file__).parent).as_posix() for item in items}
    items.sort(key=lambda item: next((i for i, long in enumerate(LONGEST) if names[item.path].startswith(long)), 99))


def pytest_collection_finish() -> None:
    """Whatever was loaded so far is never garbage."""
    gc.freeze()
    gc.enable()


class OneConnectionWorks(Works):
    """Opens every Work as a savepoint on one connection, so that a test can be rolled back as a whole."""

    connection: asyncpg.Connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        yield self.connection


@pytest.fixture(scope="session")
async def server_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A PostgreSQL server: the one of DATABASE_URL, or a throw-away embedded one."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    server = EmbeddedPostgres(Path(tmp_path_factory.mktemp("postgres")), is_throwaway=True)
    yield await server.start()
    await server.stop()


@pytest.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[str]:
    """The name of a migrated database from which others are cloned."""
    name = f"doorstep_test_{os.getpid()}"
    admin = await connect(server_url)
    await admin.execute(f"CREATE DATABASE {name}")
    await migrate(with_database(server_url, name))
    yield name
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def fresh_url(server_url: str, template: str) -> AsyncIterator[str]:
    """The URL of a clone of its own, for tests that commit on several connections or start processes."""
    name = f"doorstep_clone_{uuid4().hex[:12]}"
    admin = await connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {AT_ONCE}")
    yield with_database(server_url, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture(scope="session")
async def shared_url(server_url: str, template: str) -> AsyncIterator[str]:
    """The URL of the clone that all rolled-back tests share."""
    name = f"{template}_shared"
    admin = await connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {AT_ONCE}")
    yield with_database(server_url, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
def clock() -> ManualClock:
    """Market time that the test moves by hand."""
    return ManualClock(NOW)


@pytest.fixture
async def fresh_database(fresh_url: str) -> AsyncIterator[AsyncpgDBClient]:
    """A pool on a clone of its own."""
    async with open_database(fresh_url, pool_size=30) as client:
        yield client


@pytest.fixture
def committed_works(fresh_database: AsyncpgDBClient, clock: ManualClock) -> Works:
    """Opens Works that really commit, on many connections, in a database of the test's own."""
    return Works(fresh_database, clock, source=random.Random(7))


@pytest.fixture(scope="session")
async def shared_database(shared_url: str) -> AsyncIterator[AsyncpgDBClient]:
    """The pool of all rolled-back tests."""
    async with open_database(shared_url, pool_size=2) as client:
        yield client


@pytest.fixture
async def works(shared_database: AsyncpgDBClient, clock: ManualClock) -> AsyncIterator[Works]:
    """Opens Works as savepoints of one transaction that is rolled back at the end."""
    works = OneConnectionWorks(shared_database, clock, source=random.Random(7))
    async with Works._connection(works) as connection:
        works.connection = connection
        transaction = connection.transaction()
        await transaction.start()
        yield works
        await transaction.rollback()


@pytest.fixture
async def work(works: Works) -> AsyncIterator[Work]:
    """One open Work that is rolled back after the test."""
    async with works.open() as work:
        yield work
