"""The queue wakes workers and nothing more: what it forgets, holds back or doubles alters no outcome."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import orjson
import pytest
from arq.constants import health_check_key_suffix
from redis import asyncio as redis

from marketplace.adapters.embedded import EmbeddedValkey
from marketplace.core.ids import MarketId
from marketplace.core.jobs import ReadyJob, WantedJob, make_jobs
from marketplace.core.work import Works
from tests.waiting import until
from tests.workers.conftest import flush
from workers.arq_runner import AWAY_FOR_S, QUEUE_NAME, ArqQueue, ArqWorker
from workers.runner import JobRunner, QueueAway

# redis-py forgets to give back the connection of a WATCH when its server hangs; the pool, which we close, still has it.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed client session:ResourceWarning")

MARKET = MarketId(UUID(int=5))
SUBJECTS = [UUID(int=100 + number) for number in range(20)]


class Bench:
    """A runner with one kind of job that writes down its subjects, and its queue."""

    def __init__(self, works: Works, url: str) -> None:
        self.works = works
        self.ran: list[UUID] = []
        self.queue = ArqQueue(url)
        self.runner = JobRunner(works, {"work": self._run}, queue=self.queue)
        self.worker = ArqWorker(url, self.runner)

    async def _run(self, subject: UUID) -> None:
        self.ran.append(subject)
        await asyncio.sleep(0.02)

    async def make(self, subjects: Sequence[UUID]) -> list[ReadyJob]:
        async with self.works.open() as work:
            wanted = [WantedJob(market_id=MARKET, kind="work", subject=str(subject)) for subject in subjects]
            return await make_jobs(work, wanted)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        serving = asyncio.create_task(self.worker.run())
        try:
            yield
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await self.runner.stop(patience_s=10)

    async def is_quiet(self) -> bool:
        async with self.works.read() as connection:
            return not await connection.fetchval("SELECT count(*) FROM job")

    async def forget_when_queued(self) -> None:
        """As if the jobs had been put on the queue long ago."""
        async with self.works.open() as work:
            await work.execute("UPDATE job SET enqueued_at = enqueued_at - interval '1 minute'")


@asynccontextmanager
async def bench_at(works: Works, url: str) -> AsyncIterator[Bench]:
    bench = Bench(works, url)
    yield bench
    await bench.runner.stop(patience_s=10)
    await bench.queue.close()
    gc.collect()


@pytest.fixture
async def bench(committed_works: Works, redis_url: str) -> AsyncIterator[Bench]:
    async with bench_at(committed_works, redis_url) as bench:
        yield bench


async def test_jobs_on_the_queue_are_run_by_a_worker(bench: Bench) -> None:
    async with bench.working():
        await bench.runner.start(await bench.make(SUBJECTS))
        await until(bench.is_quiet)

    assert sorted(bench.ran) == SUBJECTS


async def test_only_ids_and_kinds_of_rows_are_on_the_queue_and_as_json(bench: Bench, redis_url: str) -> None:
    [job] = await bench.make(SUBJECTS[:1])

    await bench.runner.start([job])

    client = redis.Redis.from_url(redis_url)
    assert await client.zrange(QUEUE_NAME, 0, -1) == [f"{job.id.hex}:0".encode()]
    content = orjson.loads(await client.get(f"arq:job:{job.id.hex}:0"))
    await client.aclose()
    assert (content["f"], content["a"], content["k"]) == ("run_job", [job.id.hex, "work"], {})


async def test_a_job_queued_twice_runs_once(bench: Bench) -> None:
    [job] = await bench.make(SUBJECTS[:1])

    assert await bench.queue.put([job]) == []
    assert await bench.queue.put([job]) == [job]
    again = ReadyJob(id=job.id, kind=job.kind, attempts=7)
    assert await bench.queue.put([again]) == []
    async with bench.working():
        await until(bench.is_quiet)
        await asyncio.sleep(0.3)

    assert bench.ran == SUBJECTS[:1]


async def test_jobs_that_the_queue_forgot_are_made_again_from_their_rows(bench: Bench, redis_url: str) -> None:
    await bench.runner.start(await bench.make(SUBJECTS))
    await flush(redis_url)
    await bench.forget_when_queued()

    async with bench.working():
        await asyncio.sleep(0.3)
        assert bench.ran == []
        await bench.runner.sweep()
        await until(bench.is_quiet)

    assert sorted(bench.ran) == SUBJECTS


async def test_a_job_that_the_queue_holds_back_is_run_from_its_row(bench: Bench) -> None:
    # Queued, and no worker takes it: a worker that died between taking and claiming leaves this behind.
    await bench.runner.start(await bench.make(SUBJECTS[:3]))
    await bench.forget_when_queued()

    await bench.runner.sweep()
    await until(bench.is_quiet)

    assert sorted(bench.ran) == SUBJECTS[:3]


async def test_without_a_queue_server_jobs_run_at_once_from_their_rows(
    committed_works: Works, own_valkey: EmbeddedValkey
) -> None:
    url = own_valkey.url
    await own_valkey.stop()

    async with bench_at(committed_works, url) as bench, bench.working():
        jobs = await bench.make(SUBJECTS)
        with pytest.raises(QueueAway):
            await bench.queue.put(jobs)
        await bench.runner.start(jobs)
        await until(bench.is_quiet)

    assert sorted(bench.ran) == SUBJECTS


async def test_while_the_queue_server_hangs_jobs_run_from_their_rows(
    committed_works: Works, own_valkey: EmbeddedValkey
) -> None:
    async with bench_at(committed_works, own_valkey.url) as bench, bench.working():
        await bench.runner.start(await bench.make(SUBJECTS[:5]))
        await until(bench.is_quiet)
        assert own_valkey._process is not None
        os.kill(own_valkey._process.pid, signal.SIGSTOP)
        try:
            bench.runner.start_soon(await bench.make(SUBJECTS[5:]))
            await until(bench.is_quiet)
        finally:
            os.kill(own_valkey._process.pid, signal.SIGCONT)

    assert sorted(bench.ran) == SUBJECTS


async def test_a_worker_outlives_its_queue_server(committed_works: Works, own_valkey: EmbeddedValkey) -> None:
    url = own_valkey.url
    async with bench_at(committed_works, url) as bench, bench.working():
        await bench.runner.start(await bench.make(SUBJECTS[:5]))
        await until(bench.is_quiet)
        await own_valkey.stop()
        await bench.runner.start(await bench.make(SUBJECTS[5:10]))
        await until(bench.is_quiet)
        assert await own_valkey.start() == url

        client = redis.Redis.from_url(url)
        await until(lambda: client.exists(f"{QUEUE_NAME}{health_check_key_suffix}"))
        await client.aclose()
        await asyncio.sleep(AWAY_FOR_S)
        assert await bench.queue.put(await bench.make(SUBJECTS[10:])) == []
        await until(bench.is_quiet)

    assert sorted(bench.ran) == SUBJECTS
