"""A database is brought to the version of this code once, whoever asks and how many do; others only look."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

import migrations
from marketplace.core.database import connect, with_database
from marketplace.core.migrate import LOCK, WrongVersion, all_versions, check_version, migrate, newest
from tests.waiting import until

APPLIED = "SELECT name FROM tortoise_migrations ORDER BY id"
TABLES = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    """The URL of a database in which nothing is yet."""
    name = f"doorstep_empty_{uuid4().hex[:12]}"
    admin = await connect(server_url)
    await admin.execute(f"CREATE DATABASE {name}")
    yield with_database(server_url, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def test_an_empty_database_is_brought_to_the_newest_version_step_by_step(empty_url: str) -> None:
    steps: list[str] = []

    version = await migrate(empty_url, on_step=steps.append)

    assert version == newest() == all_versions()[-1]
    assert list(dict.fromkeys(steps)) == all_versions()
    connection = await connect(empty_url)
    assert [row["name"] for row in await connection.fetch(APPLIED)] == all_versions()
    await check_version(connection)
    await connection.close()


async def test_a_database_of_this_version_is_left_as_it_is(fresh_url: str) -> None:
    steps: list[str] = []

    assert await migrate(fresh_url, on_step=steps.append) == newest()

    assert steps == []


async def test_two_at_once_both_succeed_and_apply_each_step_once(empty_url: str) -> None:
    connection = await connect(empty_url)
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    both = [await start_migrating(empty_url) for _ in range(2)]

    async def both_wait() -> bool:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(await connection.fetchval(waiting) == 2)

    await until(both_wait, patience_s=60)
    assert await connection.fetchval(TABLES) == 0
    await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    codes = await asyncio.gather(*(process.wait() for process in both))

    assert codes == [0, 0]
    assert [row["name"] for row in await connection.fetch(APPLIED)] == all_versions()
    await check_version(connection)
    await connection.close()


async def start_migrating(url: str) -> asyncio.subprocess.Process:
    """Another process that migrates."""
    program = "import asyncio, sys; from marketplace.core.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program, url, env=environment)


async def test_an_empty_database_is_refused_with_the_command_that_helps(empty_url: str) -> None:
    connection = await connect(empty_url)

    with pytest.raises(WrongVersion, match=f"is at empty, this code needs {newest()}: run doorstep migrate"):
        await check_version(connection)

    await connection.close()


@pytest.mark.parametrize(
    ("change", "found", "advice"),
    [
        (
            "DELETE FROM tortoise_migrations WHERE name = (SELECT max(name) FROM tortoise_migrations)",
            "0001_tables",
            "run doorstep migrate",
        ),
        ("DELETE FROM tortoise_migrations", "empty", "run doorstep migrate"),
        (
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('doorstep', '9999_later', now())",
            "9999_later",
            "start a newer Doorstep",
        ),
    ],
    ids=["older", "unknown", "newer"],
)
async def test_a_database_of_another_version_is_refused(fresh_url: str, change: str, found: str, advice: str) -> None:
    connection = await connect(fresh_url)
    await connection.execute(change)

    with pytest.raises(WrongVersion, match=f"the database is at {found}, this code needs {newest()}: {advice}"):
        await check_version(connection)

    await connection.close()


def test_versions_are_numbered_without_a_gap() -> None:
    folder = Path(next(iter(migrations.__path__)))

    assert [name[:4] for name in all_versions()] == [f"{number:04d}" for number in range(1, len(all_versions()) + 1)]
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", *all_versions()}
