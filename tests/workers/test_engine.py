"""A worker process does what follows from events, and whatever kills it, another does it instead."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import asyncpg
import pytest
import structlog

from marketplace.core.database import connect
from marketplace.core.ids import MarketId
from marketplace.core.jobs import WantedJob, make_jobs
from marketplace.core.work import DatabaseUnavailable, Works
from marketplace.matching.events import PlanningDue
from tests.waiting import until
from tests.workers.conftest import flush
from tests.workers.offers import make_offered_route, send_offers
from tests.workers.process import TABLE
from workers.arq_runner import ArqQueue
from workers.deadlines import DEADLINES
from workers.engine import Engine
from workers.runner import LEASE_S

MARKET = MarketId(UUID(int=5))
SUBJECT = UUID(int=77)
log = structlog.get_logger()


class Process:
    """A worker process of `tests.workers.process`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def ended(self) -> int:
        async with asyncio.timeout(30):
            return await self._process.wait()


@asynccontextmanager
async def process(database_url: str, redis_url: str, failpoint: str = "") -> AsyncIterator[Process]:
    """A process that is ready to work; killed at the end if it still runs."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.workers.process", database_url, redis_url),
        env={**os.environ, "DOORSTEP_FAILPOINT": failpoint},
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    process = Process(child)
    try:
        yield process
    finally:
        process.send(signal.SIGKILL)
        # What it still has to say is read, so that its pipe is closed.
        await child.communicate()


@pytest.fixture
async def works(committed_works: Works) -> Works:
    async with committed_works.open() as work:
        await work.execute(TABLE)
    return committed_works


async def slow_job(works: Works, redis_url: str, *, seconds: float) -> None:
    """Puts a slow job on the queue."""
    async with works.open() as work:
        await work.execute("INSERT INTO run VALUES ($1, NULL, $2, NULL)", SUBJECT, seconds)
        jobs = await make_jobs(work, [WantedJob(market_id=MARKET, kind="slow", subject=str(SUBJECT))])
    queue = ArqQueue(redis_url)
    await queue.put(jobs)
    await queue.close()


async def runs(works: Works) -> tuple[int, int]:
    """How often the job was begun and ended."""
    async with works.read() as connection:
        row = await connection.fetchrow(
            "SELECT count(*) FILTER (WHERE NOT ended), count(*) FILTER (WHERE ended) FROM run"
        )
    assert row is not None
    return row[0], row[1]


async def jobs(works: Works) -> list[tuple[str, int]]:
    async with works.read() as connection:
        rows: list[asyncpg.Record] = await connection.fetch("SELECT state, attempts FROM job")
    return [(row["state"], row["attempts"]) for row in rows]


async def is_begun(works: Works) -> bool:
    return (await runs(works))[0] == 1


async def is_done(works: Works) -> bool:
    return (await runs(works))[1] > 0 and not await jobs(works)


async def test_what_follows_from_events_runs(live_works: Works, fresh_url: str, redis_url: str) -> None:
    ran: list[tuple[str, UUID]] = []

    async def match_market(market_id: UUID) -> None:
        ran.append(("match_market", market_id))

    async def roll_up(market_id: UUID) -> None:
        ran.append(("roll_up", market_id))

    engine = Engine(
        works=live_works,
        database_url=fresh_url,
        redis_url=redis_url,
        jobs={"match_market": match_market, "roll_up": roll_up},
    )
    stop = asyncio.Event()
    running = asyncio.create_task(engine.run(stop))
    try:
        async with live_works.open() as work:
            work.emit(PlanningDue(market_id=MARKET, delivery_count=1))
        await until(lambda: sorted(ran) == [("match_market", MARKET), ("roll_up", MARKET)])
    finally:
        stop.set()
        await running

    async with live_works.open() as work:
        assert await work.fetch_value("SELECT position FROM event") == 1
        assert await work.fetch_value("SELECT count(*) FROM job") == 0


async def test_a_worker_outlives_all_its_database_connections(
    live_works: Works, fresh_url: str, redis_url: str
) -> None:
    ran: list[UUID] = []

    async def match_market(market_id: UUID) -> None:
        ran.append(market_id)

    async def roll_up(_: UUID) -> None:
        return None

    def has_run(count: int) -> bool:
        return len(ran) == count

    async def went_online() -> bool:
        """Tries as a client would that is told to try again."""
        try:
            async with live_works.open() as work:
                work.emit(PlanningDue(market_id=MARKET, delivery_count=1))
        except DatabaseUnavailable:
            return False
        return True

    jobs = {"match_market": match_market, "roll_up": roll_up}
    engine = Engine(works=live_works, database_url=fresh_url, redis_url=redis_url, jobs=jobs, deadlines=DEADLINES)
    stop = asyncio.Event()
    running = asyncio.create_task(engine.run(stop))
    try:
        for number in range(3):
            await until(partial(has_run, number))
            other = await connect(fresh_url)
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await other.close()
            await until(went_online)
        await until(partial(has_run, 3))
        assert not running.done()
    finally:
        stop.set()
        await running


async def test_events_of_a_process_that_died_before_its_nudge_are_published(
    committed_works: Works, fresh_url: str, redis_url: str
) -> None:
    async with committed_works.open() as work:
        work.emit(PlanningDue(market_id=MARKET, delivery_count=1))

    async def is_published() -> bool:
        async with committed_works.read() as connection:
            return bool(await connection.fetchval("SELECT position FROM event") == 1)

    async with process(fresh_url, redis_url):
        await until(is_published)


async def test_offers_expire_though_the_queue_forgets_and_the_worker_is_killed(
    live_works: Works, fresh_url: str, redis_url: str
) -> None:
    async with live_works.open() as work:
        offered = await make_offered_route(work, 200)
    async with process(fresh_url, redis_url) as first:
        async with live_works.open() as work:
            await send_offers(work, offered, [10.0] * 200)
        await asyncio.sleep(5)
        await flush(redis_url)
        first.send(signal.SIGKILL)
        await first.ended()
    async with process(fresh_url, redis_url):

        async def have_all_expired() -> bool:
            async with live_works.read() as connection:
                return bool(await connection.fetchval("SELECT count(*) = 200 FROM offer WHERE state = 'EXPIRED'"))

        await until(have_all_expired)

    async with live_works.read() as connection:
        late = await connection.fetch(
            "SELECT extract(epoch FROM ended_at - expires_at)::float8 AS late_s FROM offer ORDER BY late_s"
        )
        exhausted = await connection.fetchval("SELECT count(*) FROM event WHERE name = 'WaveExhausted'")
    log.info("lateness of 200 offers", median_s=late[100]["late_s"], worst_s=late[-1]["late_s"])
    assert late[0]["late_s"] >= 0
    assert exhausted == 1


async def test_a_job_of_a_killed_process_is_done_by_another(works: Works, fresh_url: str, redis_url: str) -> None:
    async with process(fresh_url, redis_url) as first, process(fresh_url, redis_url) as second:
        await slow_job(works, redis_url, seconds=60)
        await until(lambda: is_begun(works))
        async with works.open() as work:
            killed = await work.fetch_value("SELECT process FROM run WHERE NOT ended")
            await work.execute("UPDATE run SET seconds = 0 WHERE seconds = 60")
        for one in (first, second):
            if one.pid == killed:
                one.send(signal.SIGKILL)

        await until(lambda: is_done(works), patience_s=LEASE_S + 40)

    assert await runs(works) == (2, 1)


async def test_a_process_that_is_told_to_stop_finishes_its_job(works: Works, fresh_url: str, redis_url: str) -> None:
    async with process(fresh_url, redis_url) as one:
        await slow_job(works, redis_url, seconds=1)
        await until(lambda: is_begun(works))

        one.send(signal.SIGTERM)

        assert await one.ended() == 0
    assert await runs(works) == (1, 1)
    assert await jobs(works) == []


async def test_a_process_that_is_told_to_stop_gives_back_a_long_job(
    works: Works, fresh_url: str, redis_url: str
) -> None:
    async with process(fresh_url, redis_url) as one:
        await slow_job(works, redis_url, seconds=15)
        await until(lambda: is_begun(works))

        one.send(signal.SIGTERM)

        assert await one.ended() == 0
    assert await runs(works) == (1, 0)
    assert await jobs(works) == [("READY", 0)]


@pytest.mark.parametrize("failpoint", ["before_claim", "after_claim"])
async def test_a_crash_around_the_claim_loses_no_job(
    works: Works, fresh_url: str, redis_url: str, failpoint: str
) -> None:
    async with process(fresh_url, redis_url, failpoint) as doomed:
        await slow_job(works, redis_url, seconds=0)
        assert await doomed.ended() == -signal.SIGKILL
    assert await runs(works) == (0, 0)

    async with process(fresh_url, redis_url):
        await until(lambda: is_done(works), patience_s=LEASE_S + 40)

    assert await runs(works) == (1, 1)
