"""`doorstep backup` and `doorstep restore`: a database in a file, with the means to prove that it came back whole.

Beside the file stands what it holds: the rows of each table, the sums of the postings, and a digest of every account's
totals, all as of the moment of the backup. A restored database is held against it, and its books are checked anew.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from marketplace.adapters.dumping import dump, load
from marketplace.app import open_servers
from marketplace.core.database import connect
from marketplace.core.errors import CannotStart
from marketplace.core.grants import grant_application
from marketplace.core.migrate import check_version, newest
from marketplace.core.settings import Settings
from workers.books import check_books

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
POSTINGS = "SELECT currency, sum(amount_minor)::text AS sum FROM posting GROUP BY currency ORDER BY currency"
TOTALS = """
WITH moved AS (
    SELECT account_id, state, sum(minor) AS minor
    FROM posting
    CROSS JOIN LATERAL (VALUES (debit_id, -amount_minor), (credit_id, amount_minor)) AS side(account_id, minor)
    GROUP BY account_id, state
)
SELECT md5(coalesce(string_agg(
    concat_ws(':', id, currency, debits_posted, credits_posted, debits_pending, state, minor),
    ',' ORDER BY id, state), ''))
FROM account LEFT JOIN moved ON account_id = id
"""
"""A digest of each account's kept totals, and of what its postings come to by their state."""
Held = dict[str, Any]


async def back_up(settings: Settings, file: Path) -> Held:
    """Writes the database to the file and what it holds beside it, both as of one moment."""
    async with _opened(settings) as (url, connection):
        await check_version(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            held = await _held(connection)
            await dump(url, file, schema=held["schema"], snapshot=snapshot, server=_major(connection))
    await asyncio.to_thread(_beside(file).write_bytes, orjson.dumps(held, option=orjson.OPT_INDENT_2))
    return held | {"is_whole": True, "differences": []}


async def restore(settings: Settings, file: Path) -> Held:
    """Reads the file into an empty database and holds what is there against what was backed up."""
    try:
        wanted: Held = orjson.loads(await asyncio.to_thread(_beside(file).read_bytes))
    except (OSError, orjson.JSONDecodeError) as failure:
        raise CannotStart(f"{_beside(file)} cannot be read; without it nobody knows whether all is there") from failure
    if wanted["version"] != newest():
        raise CannotStart(f"the backup is of version {wanted['version']}, this code is {newest()}: use that Doorstep")
    async with _opened(settings) as (url, connection):
        schema = await connection.fetchval("SELECT current_schema()")
        if schema != wanted["schema"]:
            raise CannotStart(f"the backup is of the schema {wanted['schema']}, this user's is {schema}")
        if await connection.fetch(TABLES):
            raise CannotStart("the database holds tables; restore into an empty one, and leave this one as evidence")
        await load(url, file, schema=schema, server=_major(connection))
        await grant_application(connection)
        await connection.execute("ANALYZE")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found = await _held(connection)
    differences = list(_differences(wanted, found))
    if not (await check_books(settings, None, at_rest=False))["is_sound"]:
        differences.append("the ledger is not sound: run doorstep ledger check")
    return found | {"is_whole": not differences, "differences": differences}


def lines_of(told: Mapping[str, Any]) -> Iterator[str]:
    """What a backup holds, as text for a terminal."""
    sums = ", ".join(f"{sum_minor} {currency}" for currency, sum_minor in told["postings_minor"].items()) or "none"
    yield f"{sum(told['rows'].values()):,} rows in {len(told['rows'])} tables of version {told['version']}"
    yield f"postings in minor units: {sums}; digest of all accounts {told['accounts']}"
    yield from told["differences"]
    yield "All of it is there." if told["is_whole"] else "It is NOT whole."


async def _held(connection: asyncpg.Connection) -> Held:
    tables = [row["tablename"] for row in await connection.fetch(TABLES)]
    return {
        "version": newest(),
        "schema": await connection.fetchval("SELECT current_schema()"),
        "taken_at": (await connection.fetchval("SELECT transaction_timestamp()")).isoformat(),
        "rows": {table: await connection.fetchval(f'SELECT count(*) FROM "{table}"') for table in tables},  # noqa: S608 - names come from the catalogue
        "postings_minor": {row["currency"]: row["sum"] for row in await connection.fetch(POSTINGS)},
        "accounts": await connection.fetchval(TOTALS),
    }


def _differences(wanted: Held, found: Held) -> Iterator[str]:
    for table in sorted(wanted["rows"].keys() | found["rows"].keys()):
        before, after = wanted["rows"].get(table), found["rows"].get(table)
        if before != after:
            yield f"{table}: {before} rows were backed up, {after} are there"
    for name in ("postings_minor", "accounts"):
        if wanted[name] != found[name]:
            yield f"{name}: {wanted[name]} was backed up, {found[name]} is there"


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    async with open_servers(settings) as servers:
        connection = await connect(servers.database_url)
        try:
            yield servers.database_url, connection
        finally:
            await connection.close()


def _major(connection: asyncpg.Connection) -> int:
    return int(connection.get_server_version().major)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")
