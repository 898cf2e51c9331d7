"""A Work stores its events with its change, or neither; without a database it refuses, and goes on when it is back."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.embedded import EmbeddedPostgres
from marketplace.adapters.embedded.process import is_alive
from marketplace.core.clock import ManualClock
from marketplace.core.database import open_database
from marketplace.core.work import DatabaseUnavailable, Work, Works, outside
from marketplace.fleet.events import DriverWentOnline
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.conftest import NOW
from tests.marketplace.adapters.embedded.observe import postmaster_pid
from tests.waiting import until

ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def test_events_are_stored_with_the_change(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        driver = await make_driver(work, market)
        work.emit(DriverWentOnline(market_id=market.id, driver_id=driver.id))

    async with works.open() as work:
        rows = await work.fetch("SELECT name, driver_id, position FROM event WHERE market_id = $1", market.id)

    assert [(row["name"], row["driver_id"], row["position"]) for row in rows] == [("DriverWentOnline", driver.id, None)]


async def test_a_failed_work_leaves_nothing(works: Works) -> None:
    with pytest.raises(ZeroDivisionError):
        async with works.open() as work:
            market = await make_market(work)
            work.emit(DriverWentOnline(market_id=market.id, driver_id=work.new_id()))
            _ = 1 / 0

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event") == 0
        assert await work.fetch_value("SELECT count(*) FROM market WHERE id = $1", market.id) == 0


async def test_an_open_work_guards_the_outside(work: Work) -> None:
    with pytest.raises(AssertionError, match="a Work is open"):
        outside()


async def test_a_route_can_be_built(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    delivery = await make_delivery(work, market, shipper, hub, batch)

    route, stops = await make_route(work, market, [delivery])

    assert [stop.kind for stop in stops] == ["PICKUP", "DROPOFF"]
    assert await work.fetch_value("SELECT state FROM delivery WHERE route_id = $1", route.id) == "OFFERING"


async def test_whoever_finds_no_free_connection_is_refused_and_may_try_again(shared_url: str) -> None:
    async with open_database(shared_url, pool_size=1) as client:
        works = Works(client, ManualClock(NOW))
        async with works.open():
            with pytest.raises(DatabaseUnavailable, match="try again") as refused:
                await ask(works)

        assert (refused.value.code, refused.value.retryable) == ("DATABASE_UNAVAILABLE", True)
        assert idle_connections(client) == 1
        assert await ask(works) == 1


async def test_a_cancelled_work_gives_its_connection_back_and_leaves_nothing(
    committed_works: Works, fresh_database: AsyncpgDBClient
) -> None:
    async def write_and_wait() -> None:
        async with committed_works.open() as work:
            await make_market(work)
            await work.fetch_value("SELECT pg_sleep(100)")

    async def is_asleep() -> bool:
        async with committed_works.read() as connection:
            return bool(await connection.fetchval(ASLEEP))

    task = asyncio.create_task(write_and_wait())
    await until(is_asleep)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    pool = fresh_database._pool
    assert pool is not None
    await until(lambda: pool.get_idle_size() == pool.get_size())
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM market") == 0


async def test_what_is_wrong_with_a_statement_is_no_matter_of_the_database_being_away(works: Works) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with works.open() as work:
            await work.fetch("SELECT * FROM nowhere")


async def test_nobody_hears_of_a_work_that_did_not_commit(works: Works) -> None:
    heard: list[str] = []
    works.after_commit = lambda: heard.append("committed")

    with pytest.raises(ZeroDivisionError):
        async with works.open() as work:
            work.emit(DriverWentOnline(market_id=work.new_id(), driver_id=work.new_id()))
            _ = 1 / 0
    async with works.open():
        pass
    assert heard == []

    async with works.open() as work:
        work.emit(DriverWentOnline(market_id=work.new_id(), driver_id=work.new_id()))
    assert heard == ["committed"]


async def test_a_server_that_was_killed_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, is_throwaway=True)
    url = await server.start()
    try:
        async with open_database(url, pool_size=3) as client:
            works = Works(client, ManualClock(NOW))
            assert [await ask(works) for _ in range(3)] == [1, 1, 1]

            with pytest.raises(DatabaseUnavailable, match="went away"):
                async with works.open() as work:
                    pid = await work.fetch_value("SELECT pg_backend_pid()")
                    os.kill(postmaster_pid(server.data_folder), signal.SIGKILL)
                    await until(lambda: not is_alive(pid))
                    await work.fetch("SELECT 1")
            with pytest.raises(DatabaseUnavailable, match="does not answer"):
                await ask(works)

            assert await server.start() == url
            assert await ask(works) == 1
            assert client._pool is not None
            assert client._pool.get_idle_size() == client._pool.get_size()
    finally:
        await server.stop()


async def ask(works: Works) -> int:
    """The smallest Work."""
    async with works.open() as work:
        answer: int = await work.fetch_value("SELECT 1")
        return answer


def idle_connections(client: AsyncpgDBClient) -> int:
    pool = client._pool
    assert pool is not None
    idle: int = pool.get_idle_size()
    return idle


async def test_what_a_change_returns_can_be_had_in_order_of_ids(work: Work) -> None:
    rows = await work.fetch_sorted("SELECT * FROM unnest(ARRAY[3, 1, 2], ARRAY['c', 'a', 'b']) AS t(id, name)")

    assert [row["name"] for row in rows] == ["a", "b", "c"]
