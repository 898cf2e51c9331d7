"""The one place where jobs run: claim the row, do the work, remove the row; or put it back and say why.

Jobs come from the queue or, when that is away, straight from their rows; a claim lets each run once. While a job runs
its lease is renewed, so that a job of a process that died starts again within `LEASE_S` and a sweep.
"""

import asyncio
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

import structlog

from marketplace.core.errors import Refusal, Unavailable
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.ids import JobId
from marketplace.core.jobs import (
    ClaimedJob,
    ReadyJob,
    claim_job,
    fail_job,
    finish_job,
    job_waiting_behind,
    jobs_to_start,
    lost_jobs,
    renew_leases,
    return_job,
)
from marketplace.core.metrics import JOB_RUN_S, OTHER
from marketplace.core.notices import GONE
from marketplace.core.tracing import span
from marketplace.core.work import DatabaseUnavailable, Works

LEASE_S = 10.0
RENEW_EVERY_S = 3.0
BOUND_S = 20.0
"""Longest run of a job whose kind has no bound of its own."""
TRIES = 5
TRIES_WHILE_AWAY = 240
"""What is not the job's fault, such as a payment gateway that is away, does not kill it for about two hours."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
IN_A_ROW = 50
"""Jobs of one kind and subject that one run does at most; what is asked for past that waits for a sweep."""
STARTING_AT_ONCE = 50
HERE_AT_ONCE = 8
HERE_WAITING = 200
"""Jobs that this process runs straight from their rows, and that it lets wait for that; the rest waits for a sweep."""

RunJob = Callable[[UUID], Awaitable[None]]
Turn = Callable[[], AbstractAsyncContextManager[None]]
"""What jobs of a kind wait for before they are claimed, since this process does only so many of them at a time."""

log = structlog.get_logger(__name__)


class QueueAway(Unavailable):
    """The queue does not answer; jobs run from their rows meanwhile."""

    code = "QUEUE_AWAY"


class UnknownJob(Unavailable):
    """A job of a kind that only a newer version knows."""

    code = "UNKNOWN_JOB"


class Queue(Protocol):
    """Wakes some worker for a job."""

    async def put(self, jobs: Sequence[ReadyJob]) -> list[ReadyJob]:
        """Queues the jobs and returns those that were on the queue already; raises QueueAway."""
        ...


class JobRunner:
    """Runs jobs of this process and keeps what it has begun, so that it can be finished or given back."""

    def __init__(
        self,
        works: Works,
        jobs: Mapping[str, RunJob],
        *,
        queue: Queue | None = None,
        bounds: Mapping[str, float] | None = None,
        turns: Mapping[str, Turn] | None = None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        self._works = works
        self._jobs = jobs
        self._queue = queue
        self._bounds = bounds or {}
        self._turns = turns or {}
        self._on_failure = on_failure
        self._claimed: dict[JobId, ClaimedJob] = {}
        self._tasks: set[asyncio.Task[int]] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._here = asyncio.Semaphore(HERE_AT_ONCE)
        self._in_line: set[JobId] = set()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    def start_soon(self, jobs: Sequence[ReadyJob]) -> None:
        """Begins to have jobs run, without waiting for a queue that may hang; what is too much waits for a sweep."""
        if jobs and len(self._starting) < STARTING_AT_ONCE:
            task = asyncio.create_task(self.start(jobs))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def start(self, jobs: Sequence[ReadyJob]) -> None:
        """Has jobs run by some worker through the queue, or by this process when the queue is away."""
        if jobs and await self._enqueue(jobs) is None:
            self._start_here(jobs)

    async def sweep(self) -> None:
        """Makes good what got lost: jobs of dead processes, jobs that the queue forgot, retries that are due.

        A job that the queue still knows but that nobody began is run here, whatever keeps the queue.
        """
        async with self._works.open() as work:
            for job in await lost_jobs(work):
                is_last = job.attempts >= TRIES
                error = "WorkerLost: the process that ran it ended or hung before it was done"
                await fail_job(work, job, error=error, retry_after_s=None if is_last else 0.0)
        async with self._works.open() as work:
            jobs = await jobs_to_start(work)
        if jobs:
            known = await self._enqueue(jobs)
            self._start_here(jobs if known is None else known)

    async def run_to_end(self, job_id: JobId, kind: str = "") -> int:
        """Runs a job as this runner's own, so that it goes on when whoever waits for it is cancelled.

        A job whose kind waits for its turn is not waited for: it would hold up the queue for all the others. It is
        claimed when its turn comes, by this process or by another one that is free earlier.
        """
        if kind in self._turns:
            self._start_here([ReadyJob(job_id, kind, 0)])
            return 0
        return await asyncio.shield(self._adopt(self.run(job_id)))

    async def run(self, job_id: JobId, *, is_early: bool = False) -> int:
        """Runs a job if it can be claimed, then the like that was asked for meanwhile; returns how many ran.

        A failure is kept with the row. Nothing is raised but the cancellation that gives the job back.
        """
        for count in range(IN_A_ROW):
            try:
                job = await self._claim(job_id, is_early=is_early)
                if job is None:
                    return count
                await self._run_claimed(job)
                async with self._works.read() as connection:
                    behind = await job_waiting_behind(connection, job)
            except (DatabaseUnavailable, *GONE) as failure:
                log.warning("the database is away; the job starts again later", failure=type(failure).__name__)
                return count
            if behind is None:
                return count + 1
            job_id = behind.id
        return IN_A_ROW

    async def keep_leases(self) -> None:
        """Renews the leases of what runs here, for ever."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            if self._claimed:
                try:
                    async with self._works.open() as work:
                        await renew_leases(work, list(self._claimed.values()), lease_s=LEASE_S)
                except (DatabaseUnavailable, *GONE) as failure:
                    log.warning("leases were not renewed", failure=type(failure).__name__)

    async def stop(self, *, patience_s: float) -> None:
        """Lets what runs come to its end, and gives the rest back."""
        await asyncio.gather(*self._starting, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _claim(self, job_id: JobId, *, is_early: bool) -> ClaimedJob | None:
        pass_failpoint("before_claim")
        async with self._works.open() as work:
            job = await claim_job(work, job_id, lease_s=LEASE_S, is_early=is_early)
        if job is not None:
            pass_failpoint("after_claim")
        return job

    async def _run_claimed(self, job: ClaimedJob) -> None:
        self._claimed[job.id] = job
        began, outcome = time.monotonic(), "done"
        try:
            with span(f"job {job.kind}"):
                async with asyncio.timeout(self._bounds.get(job.kind, BOUND_S)):
                    await self._job(job.kind)(UUID(job.subject))
        except asyncio.CancelledError:
            outcome = "returned"
            async with self._works.open() as work:
                await return_job(work, job)
            raise
        except Exception as failure:  # noqa: BLE001 - whatever went wrong is kept with the row of the job
            outcome = "failed"
            await self._keep_failure(job, failure)
        else:
            async with self._works.open() as work:
                await finish_job(work, job)
        finally:
            del self._claimed[job.id]
            kind = job.kind if job.kind in self._jobs else OTHER
            JOB_RUN_S.labels(kind, outcome).observe(time.monotonic() - began)

    def _job(self, kind: str) -> RunJob:
        if kind not in self._jobs:
            raise UnknownJob(f"this version knows no job {kind}; one that does will run it")
        return self._jobs[kind]

    async def _keep_failure(self, job: ClaimedJob, failure: Exception) -> None:
        if self._on_failure is not None:
            self._on_failure(failure)
        pause_s = pause_before_retry_s(job.attempts, failure, self._jitter)
        # An expected refusal needs no traceback: it says itself what is the matter, and mostly passes by itself.
        trace = None if isinstance(failure, Refusal) else failure
        said = in_one_line(failure)
        log.warning("job failed", kind=job.kind, subject=job.subject, attempt=job.attempts, said=said, exc_info=trace)
        async with self._works.open() as work:
            await fail_job(work, job, error=in_one_line(failure), retry_after_s=pause_s)

    async def _enqueue(self, jobs: Sequence[ReadyJob]) -> list[ReadyJob] | None:
        """Puts jobs on the queue; returns those that it knew, or None when there is no queue to be had."""
        if self._queue is None:
            return None
        try:
            return await self._queue.put(jobs)
        except QueueAway:
            return None

    def _start_here(self, jobs: Sequence[ReadyJob]) -> None:
        for job in jobs[: max(0, HERE_WAITING - len(self._tasks))]:
            turn = self._turns.get(job.kind)
            if turn is None:
                self._adopt(self._run_when_free(job.id))
            elif job.id not in self._in_line:  # a sweep starts it again and again while it waits
                self._in_line.add(job.id)
                self._adopt(self._run_in_turn(job.id, turn))

    async def _run_when_free(self, job_id: JobId) -> int:
        async with self._here:
            return await self.run(job_id)

    async def _run_in_turn(self, job_id: JobId, turn: Turn) -> int:
        try:
            async with turn():
                return await self.run(job_id)
        finally:
            self._in_line.discard(job_id)

    def _adopt(self, running: Coroutine[Any, Any, int]) -> asyncio.Task[int]:
        task = asyncio.create_task(running)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def pause_before_retry_s(attempts: int, failure: Exception, source: random.Random) -> float | None:
    """How long to wait before the next try, longer each time and never twice the same; None for no more tries."""
    is_away = isinstance(failure, Refusal) and failure.retryable
    if attempts >= (TRIES_WHILE_AWAY if is_away else TRIES):
        return None
    longest: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempts - 1, 10))
    return longest * source.uniform(0.5, 1.0)


def in_one_line(failure: Exception) -> str:
    """A failure as it is kept: kind, first line and place. Further lines may quote rows, and rows hold names."""
    first_line = (str(failure).splitlines() or [""])[0]
    frames = traceback.extract_tb(failure.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(failure).__name__}: {first_line}{place}"
