"""Market time is the database's, or runs from an origin at a factor, or stands where a test has put it."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from marketplace.core.clock import DatabaseClock, ManualClock, machine, pace, start_clock
from marketplace.core.work import Works

ORIGIN = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
SET_BACK = "UPDATE market_clock SET machine_origin = transaction_timestamp() - $1::interval"


@pytest.fixture
def database_works(works: Works) -> Works:
    """Works of this test, on the clock of the database."""
    works.clock = DatabaseClock()
    return works


async def test_without_a_row_both_clocks_tell_the_time_of_the_transaction(database_works: Works) -> None:
    async with database_works.open() as work:
        began = await work.fetch_value("SELECT transaction_timestamp()")

        assert (work.now, work.machine_now) == (began, began)
        assert work.now.utcoffset() == timedelta(0)
        assert await pace(work.connection) == 1.0


async def test_a_demo_runs_from_its_origin_at_its_factor(database_works: Works) -> None:
    async with database_works.open() as work:
        await start_clock(work.connection, market_origin=ORIGIN, factor=60.0)
        await work.execute(SET_BACK, timedelta(seconds=90))

    async with database_works.open() as work:
        assert work.now == ORIGIN + timedelta(minutes=90)
        assert work.machine_now == await work.fetch_value("SELECT transaction_timestamp()")
        assert await pace(work.connection) == 60.0


async def test_a_clock_that_runs_already_goes_on(database_works: Works) -> None:
    async with database_works.open() as work:
        await start_clock(work.connection, market_origin=ORIGIN, factor=60.0)
        first = await work.fetch_row("SELECT * FROM market_clock")

        await start_clock(work.connection, market_origin=ORIGIN + timedelta(days=1), factor=2.0)

        assert await work.fetch("SELECT * FROM market_clock") == [first]


@pytest.mark.parametrize(("name", "factor"), [("market", 0.0), ("market", -1.0), ("other", 1.0)])
async def test_there_is_one_clock_and_it_runs_forward(works: Works, name: str, factor: float) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="market_clock_one_row"):
        async with works.open() as work:
            await work.execute("INSERT INTO market_clock VALUES ($1, $2, $2, $3)", name, work.now, factor)


async def test_all_processes_share_the_clock(fresh_url: str, committed_works: Works) -> None:
    async with committed_works.open() as work:
        await start_clock(work.connection, market_origin=ORIGIN, factor=1000.0)
        await work.execute(SET_BACK, timedelta(hours=1))
    works = [Works(committed_works.database, DatabaseClock()) for _ in range(3)]

    async def look(works: Works) -> tuple[timedelta, timedelta]:
        async with works.open() as work:
            return work.now - ORIGIN, work.machine_now - began

    async with committed_works.open() as work:
        began = await work.fetch_value("SELECT machine_origin FROM market_clock")
    looks = await asyncio.gather(*(look(one) for one in works))

    for market, passed in looks:
        assert abs(market - passed * 1000) < timedelta(milliseconds=1)


async def test_a_manual_clock_stands_until_it_is_moved(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        first = work.now
    clock.advance(seconds=90.5)
    async with works.open() as work:
        assert work.now == first + timedelta(seconds=90.5)
        assert work.machine_now == await work.fetch_value("SELECT transaction_timestamp()")


def test_machine_time_is_aware_and_in_utc() -> None:
    assert machine().tzinfo is UTC
