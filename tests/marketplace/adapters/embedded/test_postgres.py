"""A market without a database server of its own starts one in a folder, alone or together with other processes."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from tortoise.backends.base.config_generator import expand_db_url

from marketplace.adapters.embedded.binaries import find_postgres
from marketplace.adapters.embedded.process import run_to_end
from tests.marketplace.adapters.embedded.conftest import OwnerMaker, PostgresMaker
from tests.marketplace.adapters.embedded.observe import fetch, has_ended, postmaster_pid, run

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


async def test_first_start_makes_a_durable_database_without_a_network_port(
    tmp_path: Path, postgres: PostgresMaker
) -> None:
    server = postgres(tmp_path / "pg")

    url = await server.start()

    connection = await asyncpg.connect(url)
    names = ("fsync", "synchronous_commit", "full_page_writes", "max_connections", "shared_buffers", "jit", "timezone")
    shown = {name: await connection.fetchval(f"SHOW {name}") for name in (*names, "listen_addresses")}
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "jit": "off",
        "timezone": "UTC",
        "listen_addresses": "",
    }
    assert await connection.fetchval("SELECT current_user || '@' || current_database()") == "market@doorstep"
    assert await connection.fetchval("SHOW data_directory") == str(tmp_path / "pg" / "data")
    assert server.data_folder == tmp_path / "pg" / "data"
    assert "database system is ready to accept connections" in server.log_file.read_text(encoding="utf-8")
    assert server.was_adopted is False
    await connection.close()


async def test_psql_and_tortoise_take_the_same_address(
    tmp_path: Path, postgres: PostgresMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "5999")
    monkeypatch.setenv("PGDATABASE", "elsewhere")

    url = await postgres(tmp_path).start()

    psql = find_postgres().folder / "psql"
    _, said = await asyncio.to_thread(run_to_end, [psql, "-At", "-c", "SELECT current_database()", url])
    assert said == "doorstep"
    credentials = expand_db_url(url)["credentials"]
    connection = await asyncpg.connect(**{**credentials, "port": int(credentials["port"])})
    assert await connection.fetchval("SELECT current_database()") == "doorstep"
    await connection.close()


async def test_starting_twice_starts_one_server(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)

    addresses = list(await asyncio.gather(server.start(), server.start()))
    first_pid = postmaster_pid(server.data_folder)
    addresses.append(await server.start())

    assert len(set(addresses)) == 1
    assert postmaster_pid(server.data_folder) == first_pid
    assert server.was_adopted is False


async def test_rows_stay_when_the_server_stops_and_starts(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)
    first_url = await server.start()
    await run(first_url, "CREATE TABLE parcel (id int)", "INSERT INTO parcel SELECT generate_series(1, 1000)")
    pid = postmaster_pid(server.data_folder)

    await server.stop()
    was_gone = await has_ended(pid)
    await server.stop()
    second_url = await server.start()

    assert was_gone
    assert second_url == first_url
    assert await fetch(second_url, "SELECT count(*) FROM parcel") == 1000


async def test_a_long_path_with_spaces_and_accents_will_do(tmp_path: Path, postgres: PostgresMaker) -> None:
    folder = tmp_path / "Última milla, La Serena 'n' Coquimbo" / ("x" * 120) / ("ñ" * 60)

    url = await postgres(folder).start()

    assert await fetch(url, "SHOW data_directory") == str(folder / "data")


async def test_processes_that_start_at_once_share_one_server_until_the_last_one_stops(
    tmp_path: Path, postgres: PostgresMaker, own: OwnerMaker
) -> None:
    ours = postgres(tmp_path)

    one, other, our_url = await asyncio.gather(own("postgres", tmp_path), own("postgres", tmp_path), ours.start())

    assert sorted([one.was_adopted, other.was_adopted, ours.was_adopted]) == [False, True, True]
    assert {one.url, other.url} == {our_url}
    pid = postmaster_pid(ours.data_folder)
    assert await one.leave() == 0
    assert await other.leave() == 0
    assert await fetch(our_url, "SELECT 1") == 1
    assert postmaster_pid(ours.data_folder) == pid
    await ours.stop()
    assert await has_ended(pid)


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="this machine has no stock PostgreSQL 15")
async def test_a_stock_postgresql_15_will_do(
    tmp_path: Path, postgres: PostgresMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_PG_BINARIES", str(DEBIAN_15))

    url = await postgres(tmp_path).start()

    assert str(await fetch(url, "SHOW server_version")).startswith("15.")
    assert await fetch(url, "SELECT current_database()") == "doorstep"
