"""A backup is a whole market in a file: after a wipe every row and every account is there, and it is proved."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import orjson
import pytest

from marketplace.core.database import connect, open_database, with_database
from marketplace.core.errors import CannotStart
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.ledger import check_ledger, hold_money
from tests.builders import make_market
from tests.marketplace.ledger.world import earn, pay_out, post
from workers.backup import back_up, restore

ANA = UUID(int=1)
SERVED_ELSEWHERE = "redis://127.0.0.1:9"


@pytest.fixture
async def market_id(committed_works: Works) -> UUID:
    """A market with money that has moved, and some that is held."""
    async with committed_works.open() as work:
        market = await make_market(work)
        for number in range(20):
            await post(work, market, f"route-{number}", earn(ANA, 1000 + number))
        await hold_money(
            work, market_id=market.id, key="hold", kind="HOLD", subject_id=market.id, entry=pay_out(ANA, 700)
        )
    return market.id


def settings_of(url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("REDIS_URL", SERVED_ELSEWHERE)
    return Settings()


async def wipe(url: str) -> None:
    """Drops the database of the URL and makes an empty one of its name."""
    name = urlsplit(url).path.removeprefix("/")
    admin = await connect(with_database(url, "postgres"))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()


async def test_what_was_backed_up_is_there_after_a_wipe(
    committed_works: Works, market_id: UUID, fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = settings_of(fresh_url, monkeypatch), tmp_path / "market.dump"
    async with committed_works.open() as work:
        report = await check_ledger(work, market_id=market_id)

    backed_up = await back_up(settings, file)
    await wipe(fresh_url)
    restored = await restore(settings, file)

    assert (restored["is_whole"], restored["differences"]) == (True, [])
    assert restored["rows"] == backed_up["rows"]
    assert (restored["rows"]["journal"], restored["rows"]["market"]) == (21, 1)
    assert restored["accounts"] == backed_up["accounts"]
    async with open_database(fresh_url, pool_size=1) as database, Works(database, committed_works.clock).open() as work:
        again = await check_ledger(work, market_id=market_id)
        await post(work, await make_market(work), "after", earn(ANA, 5))
    assert again == report
    assert again.sums_minor == {"CLP": 0}


async def test_a_backup_holds_one_moment_and_not_what_comes_after(
    committed_works: Works, market_id: UUID, fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = settings_of(fresh_url, monkeypatch), tmp_path / "market.dump"

    async def go_on() -> None:
        for number in range(40):
            async with committed_works.open() as work:
                await make_market(work, slug=f"later-{number}")

    going = asyncio.create_task(go_on())
    backed_up = await back_up(settings, file)
    await going
    await wipe(fresh_url)
    restored = await restore(settings, file)

    assert restored["is_whole"]
    assert restored["rows"]["market"] == backed_up["rows"]["market"]


async def test_a_row_that_is_missing_is_named(
    market_id: UUID, fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = settings_of(fresh_url, monkeypatch), tmp_path / "market.dump"
    await back_up(settings, file)
    beside = tmp_path / "market.dump.json"
    held = orjson.loads(beside.read_bytes())
    held["rows"]["journal"] += 1
    beside.write_bytes(orjson.dumps(held))
    await wipe(fresh_url)

    restored = await restore(settings, file)

    assert not restored["is_whole"]
    assert restored["differences"] == ["journal: 22 rows were backed up, 21 are there"]


async def test_a_database_with_tables_is_left_as_it_is(
    market_id: UUID, fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = settings_of(fresh_url, monkeypatch), tmp_path / "market.dump"
    await back_up(settings, file)

    with pytest.raises(CannotStart, match="restore into an empty one"):
        await restore(settings, file)

    connection: asyncpg.Connection = await connect(fresh_url)
    assert await connection.fetchval("SELECT count(*) FROM journal") == 21
    await connection.close()


async def test_the_password_is_in_no_command_line(
    market_id: UUID, fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump 99.0" || echo "$PGPASSWORD $@" > {said}\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    place = urlsplit(fresh_url)
    user = place.netloc.rpartition("@")[0].partition(":")[0]
    host = place.netloc.rpartition("@")[2]
    settings = settings_of(place._replace(netloc=f"{user}:open%20sesame@{host}").geturl(), monkeypatch)

    await back_up(settings, tmp_path / "market.dump")

    password, words = "open sesame", said.read_text()
    assert words.startswith(password)
    assert "sesame" not in words.removeprefix(password)
