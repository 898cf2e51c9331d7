"""A job runs once for each claim; a failure is tried again later, and in the end lies in sight."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from marketplace.core.errors import Unavailable
from marketplace.core.ids import JobId, MarketId
from marketplace.core.jobs import WantedJob, claim_job, dead_jobs, make_jobs
from marketplace.core.work import Works
from tests.waiting import until
from workers.runner import TRIES, JobRunner

MARKET = MarketId(UUID(int=5))
SUBJECT = UUID(int=77)


class Ledger:
    """Jobs that write down that they ran, and then do what they are told."""

    def __init__(self) -> None:
        self.ran: list[UUID] = []

    def job(self, then: Callable[[], Awaitable[None]] | None = None) -> Callable[[UUID], Awaitable[None]]:
        async def run(subject: UUID) -> None:
            self.ran.append(subject)
            if then is not None:
                await then()

        return run


async def make(works: Works, kind: str = "work") -> JobId:
    async with works.open() as work:
        await make_jobs(work, [WantedJob(market_id=MARKET, kind=kind, subject=str(SUBJECT))])
        job_id = await work.fetch_value("SELECT id FROM job WHERE kind = $1 AND state = 'READY'", kind)
    return JobId(job_id)


async def rows(works: Works) -> list[tuple[str, int, str | None]]:
    async with works.open() as work:
        found = await work.fetch("SELECT state, attempts, error FROM job ORDER BY state")
    return [(row["state"], row["attempts"], row["error"]) for row in found]


async def test_a_job_that_is_started_twice_runs_once(committed_works: Works) -> None:
    ledger = Ledger()
    runner = JobRunner(committed_works, {"work": ledger.job(lambda: asyncio.sleep(0.05))})
    job_id = await make(committed_works)

    counts = await asyncio.gather(*(runner.run(job_id) for _ in range(5)))

    assert sorted(counts) == [0, 0, 0, 0, 1]
    assert ledger.ran == [SUBJECT]
    assert await rows(committed_works) == []


async def test_a_job_asked_for_while_its_like_runs_follows_it_at_once(committed_works: Works) -> None:
    ledger, works = Ledger(), committed_works

    async def ask_once_more() -> None:
        if len(ledger.ran) == 1:
            await make(works)

    runner = JobRunner(works, {"work": ledger.job(ask_once_more)})

    assert await runner.run(await make(works)) == 2

    assert ledger.ran == [SUBJECT, SUBJECT]
    assert await rows(works) == []


async def test_a_poison_job_is_dead_after_its_tries_with_its_error_in_sight(works: Works) -> None:
    async def fail() -> None:
        raise ValueError("no road leads there\nKey (phone)=(+56911111111)")

    ledger = Ledger()
    runner = JobRunner(works, {"work": ledger.job(fail)})
    job_id = await make(works)

    for _ in range(TRIES + 3):
        await runner.run(job_id, is_early=True)

    assert len(ledger.ran) == TRIES
    async with works.read() as connection:
        [dead] = await dead_jobs(connection, market_id=MARKET)
    assert (dead.kind, dead.subject, dead.attempts) == ("work", str(SUBJECT), TRIES)
    assert dead.error.startswith("ValueError: no road leads there (fail, line ")
    assert "+569" not in dead.error


async def test_a_failed_job_waits_longer_each_time(works: Works) -> None:
    async def fail() -> None:
        raise ValueError("no")

    runner = JobRunner(works, {"work": Ledger().job(fail)})
    job_id = await make(works)
    pauses = []

    for _ in range(TRIES - 1):
        await runner.run(job_id, is_early=True)
        assert await runner.run(job_id) == 0
        async with works.open() as work:
            run_at = await work.fetch_value("SELECT run_at FROM job WHERE id = $1", job_id)
            pauses.append((run_at - work.machine_now).total_seconds())

    for pause_s, longest_s in zip(pauses, [1, 2, 4, 8], strict=True):
        assert longest_s / 2 <= pause_s <= longest_s


async def test_what_is_away_does_not_kill_a_job(works: Works) -> None:
    async def fail() -> None:
        raise Unavailable("the gateway does not answer")

    runner = JobRunner(works, {"work": Ledger().job(fail)})
    job_id = await make(works)

    for _ in range(TRIES + 3):
        await runner.run(job_id, is_early=True)

    [(state, attempts, _)] = await rows(works)
    assert (state, attempts) == ("READY", TRIES + 3)


async def test_a_job_of_a_newer_version_is_left_to_it(works: Works) -> None:
    runner = JobRunner(works, {})
    job_id = await make(works, "newer")

    for _ in range(TRIES + 1):
        await runner.run(job_id, is_early=True)

    [(state, _, error)] = await rows(works)
    assert state == "READY"
    assert error is not None
    assert error.startswith("UnknownJob")


async def test_a_job_that_takes_too_long_is_stopped_and_has_failed(works: Works) -> None:
    runner = JobRunner(works, {"work": Ledger().job(lambda: asyncio.sleep(60))}, bounds={"work": 0.05})

    await runner.run(await make(works))

    [(state, attempts, error)] = await rows(works)
    assert (state, attempts) == ("READY", 1)
    assert error is not None
    assert error.startswith("TimeoutError")


async def test_a_stopping_process_gives_back_what_it_cannot_finish(committed_works: Works) -> None:
    ledger = Ledger()
    runner = JobRunner(committed_works, {"work": ledger.job(lambda: asyncio.sleep(60))})
    job_id = await make(committed_works)
    running = asyncio.create_task(runner.run_to_end(job_id))
    await until(lambda: bool(ledger.ran))

    await runner.stop(patience_s=0.05)

    with pytest.raises(asyncio.CancelledError):
        await running
    assert await rows(committed_works) == [("READY", 0, None)]


async def test_a_stopping_process_finishes_what_it_can(committed_works: Works) -> None:
    ledger = Ledger()
    runner = JobRunner(committed_works, {"work": ledger.job(lambda: asyncio.sleep(0.2))})
    waiting = asyncio.create_task(runner.run_to_end(await make(committed_works)))
    await until(lambda: bool(ledger.ran))
    # Whoever waits for the job may go; the job goes on.
    waiting.cancel()

    await runner.stop(patience_s=30)

    assert await rows(committed_works) == []


async def test_a_job_of_a_lost_process_starts_again_by_a_sweep(committed_works: Works) -> None:
    ledger = Ledger()
    job_id = await make(committed_works)
    async with committed_works.open() as work:
        assert await claim_job(work, job_id, lease_s=-1) is not None
    runner = JobRunner(committed_works, {"work": ledger.job()})

    await runner.sweep()
    await runner.stop(patience_s=30)

    assert ledger.ran == [SUBJECT]
    assert await rows(committed_works) == []


async def test_a_job_that_kills_its_processes_dies_too(committed_works: Works) -> None:
    ledger = Ledger()
    runner = JobRunner(committed_works, {"work": ledger.job()})
    job_id = await make(committed_works)
    async with committed_works.open() as work:
        await work.execute("UPDATE job SET attempts = $2 WHERE id = $1", job_id, TRIES - 1)
    async with committed_works.open() as work:
        assert await claim_job(work, job_id, lease_s=-1) is not None

    await runner.sweep()
    await runner.stop(patience_s=30)

    assert ledger.ran == []
    [(state, attempts, error)] = await rows(committed_works)
    assert (state, attempts) == ("DEAD", TRIES)
    assert error is not None
    assert error.startswith("WorkerLost")


async def test_jobs_that_wait_for_a_turn_hold_up_nobody_and_are_claimed_one_by_one(committed_works: Works) -> None:
    """The queue has its slot back at once; meanwhile another process may claim what still waits here."""
    ledger, may_end, solver = Ledger(), asyncio.Event(), asyncio.Semaphore(1)

    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        async with solver:
            yield

    async def wait() -> None:
        await may_end.wait()

    works = committed_works
    runner = JobRunner(works, {"work": ledger.job(wait), "other": ledger.job()}, turns={"work": turn})
    async with works.open() as work:
        wanted = [WantedJob(market_id=MARKET, kind="work", subject=str(UUID(int=number))) for number in range(3)]
        jobs = await make_jobs(work, wanted)

    for job in jobs * 2:
        assert await runner.run_to_end(job.id, job.kind) == 0
    await until(lambda: len(ledger.ran) == 1)
    assert sorted(row[:2] for row in await rows(works)) == [("READY", 0), ("READY", 0), ("RUNNING", 1)]
    async with works.open() as work:
        taken = await claim_job(work, jobs[-1].id, lease_s=60)
    assert taken is not None
    may_end.set()
    await until(lambda: len(ledger.ran) == 2)
    await runner.stop(patience_s=5)

    assert len(set(ledger.ran)) == 2
    assert [row[:2] for row in await rows(works)] == [("RUNNING", 1)]
