"""One URL opens the pool, and a connection comes back to the pool as it left it."""

import ast
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

import marketplace
from marketplace.core.database import (
    SERVER_SETTINGS,
    connect,
    open_database,
    tortoise_config,
    with_database,
)
from marketplace.core.database_url import credentials
from marketplace.core.work import Work, Works
from marketplace.offers import accept_offer
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave

PROJECT = Path(marketplace.__file__).parents[1]
OWN_CONNECTIONS = {"marketplace/core/migrate.py", "marketplace/core/notices.py"}
"""Modules that hold a connection of their own, for as long as they need its session."""
OWN_SERVERS = "marketplace/adapters/embedded/"
"""Servers of our own are set up before there is a pool."""

OF_A_SESSION = re.compile(
    r"^\s*(SET|RESET|LISTEN|UNLISTEN|DISCARD|PREPARE|DEALLOCATE|LOAD)\s"
    r"|\bset_config\s*\(|\bpg_(try_)?advisory_lock|\bCREATE\s+(LOCAL\s+)?TEMP|\bWITH\s+HOLD\b",
    re.IGNORECASE,
)
"""Statements whose effect outlives their transaction."""
OF_A_CONNECTION = {"add_listener", "set_type_codec", "set_builtin_type_codec", "add_log_listener", "add_query_logger"}
"""Methods of asyncpg's connections whose effect outlives their use."""

SESSION = """
SELECT current_setting('application_name') AS name, current_setting('work_mem') AS memory,
       current_setting('lock_timeout') AS patience
"""
LEFT_BEHIND = """
SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'session' AND setting IS DISTINCT FROM reset_val
UNION ALL SELECT 'listens to ' || channel FROM pg_listening_channels() AS channel
UNION ALL SELECT 'holds ' || locktype FROM pg_locks
          WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND mode <> 'AccessShareLock'
UNION ALL SELECT 'has ' || relname FROM pg_class WHERE relpersistence = 't' AND pg_table_is_visible(oid)
UNION ALL SELECT 'keeps open ' || name FROM pg_cursors WHERE is_holdable
"""


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("postgres://ana:p%2Fw@db.internal:6432/market?sslmode=require", "postgres://ana:p%2Fw@db.internal:6432/b?sslmode=require"),
        ("postgres://market@/doorstep?host=/run/postgresql", "postgres://market@/b?host=/run/postgresql"),
        ("postgres://db.internal", "postgres://db.internal/b"),
    ],
)  # fmt: skip
def test_another_database_of_the_same_server(url: str, other: str) -> None:
    assert with_database(url, "b") == other
    assert credentials(with_database(url, "my market/2"))["database"] == "my market/2"


def test_tortoise_and_asyncpg_are_told_the_same() -> None:
    url = "postgres://ana:secret@db.internal:6432/market"

    told = tortoise_config(url, pool_size=7)["connections"]["default"]["credentials"]

    assert {key: told[key] for key in credentials(url)} == credentials(url)
    assert (told["minsize"], told["maxsize"]) == (1, 7)


async def test_what_the_url_says_of_a_session_is_told_to_the_server_and_keeps_our_limits(shared_url: str) -> None:
    said = "application_name=errands&options=-c%20work_mem%3D5MB%20-c%20lock_timeout%3D0&connect_timeout=7"
    url = f"{shared_url}{'&' if '?' in shared_url else '?'}{said}"

    async with open_database(url, pool_size=2) as client:
        _, pooled = await client.execute_query(SESSION)
    own = await connect(url)
    single = await own.fetchrow(SESSION)
    await own.close()

    assert tuple(pooled[0].values()) == ("errands", "5MB", "5s")
    assert single is not None
    assert (single["name"], single["memory"]) == ("errands", "5MB")


async def test_connections_are_in_utc_and_patient_for_a_bounded_time(shared_url: str) -> None:
    async with open_database(shared_url, pool_size=2) as client:
        _, rows = await client.execute_query("SELECT name, setting FROM pg_settings WHERE source = 'client'")
        own = await connect(shared_url)
        zone = await own.fetchval("SHOW timezone")
        await own.close()

    told = {row["name"].lower(): row["setting"] for row in rows}
    assert told | {"timezone": "UTC", "jit": "off", "application_name": "doorstep"} == told
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    assert [told[name] for name in limits] == ["15000", "5000", "20000"]
    assert SERVER_SETTINGS["timezone"] == zone == "UTC"


def test_no_statement_of_ours_changes_the_session_of_a_pooled_connection() -> None:
    """The rule that makes `keep_session` safe, held by looking at all texts in our sources."""
    found = set()
    for folder in ("marketplace", "schema", "workers"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            name = path.relative_to(PROJECT).as_posix()
            if name not in OWN_CONNECTIONS and not name.startswith(OWN_SERVERS):
                found |= {(name, text) for text in session_statements(path.read_text(encoding="utf-8"))}

    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        'await work.execute("SET TIME ZONE 1")',
        'LOOK = "SELECT 1; set local lock_timeout = 1"',
        'LOOK = f"  LISTEN {channel}"',
        'LOOK = "SELECT pg_advisory_lock(1)"',
        'LOOK = "SELECT pg_try_advisory_lock_shared(1)"',
        "LOOK = \"SELECT set_config('a', 'b', true)\"",
        'LOOK = "CREATE TEMPORARY TABLE a (b int)"',
        "await connection.add_listener(channel, hear)",
    ],
)
def test_the_look_at_our_sources_finds_what_it_looks_for(source: str) -> None:
    assert len(list(session_statements(source))) == 1


def session_statements(source: str) -> Iterator[str]:
    """The texts and calls in a source that would change the session of a connection."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in OF_A_CONNECTION:
            yield node.attr
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from (statement for statement in node.value.split(";") if OF_A_SESSION.search(statement))


async def test_a_connection_comes_back_with_nothing_of_its_work(
    committed_works: Works, fresh_database: AsyncpgDBClient
) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, drivers=2)
    await send_wave(committed_works, world.route_ids[0])
    async with committed_works.open() as work:
        driver_id, offer_id = next(iter((await open_offers(work, world.route_ids[0])).items()))
        await accept_offer(work, offer_id=offer_id, driver_id=driver_id)
    with pytest.raises(ZeroDivisionError):
        async with committed_works.open() as work:
            await lock_and_fail(work)

    pool = fresh_database._pool
    assert pool is not None
    async with AsyncExitStack() as stack:
        for _ in range(pool.get_size()):
            connection = await stack.enter_async_context(pool.acquire())
            assert [row[0] for row in await connection.fetch(LEFT_BEHIND)] == []


async def lock_and_fail(work: Work) -> None:
    await work.fetch("SELECT * FROM route FOR UPDATE")
    _ = 1 / 0
