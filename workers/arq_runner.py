"""arq: the queue that wakes workers for jobs, and the loop that takes them from it.

What is on the queue is only the id and the kind of a row. Redis or Valkey may forget all of it: a sweep finds the rows.
arq ends its loop when its server goes away, so the loop is supervised here and begun again; the process and its jobs go
on.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast
from uuid import UUID

import orjson
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.exceptions import RedisError

from marketplace.core.clock import machine
from marketplace.core.ids import JobId
from marketplace.core.jobs import ReadyJob
from marketplace.core.metrics import QUEUE_AWAY
from workers.runner import JobRunner, QueueAway

QUEUE_NAME = "doorstep:jobs"
"""The usual queue; each group of markets that has workers of its own has one of its own."""
FUNCTION = "run_job"
JOBS_AT_ONCE = 32
LOOK_EVERY_S = 0.05
"""How often arq looks at its queue; it has no other way to hear of a job."""
LONGEST_RUN_S = 120.0
"""arq's own bound, above those of all kinds: each job has its own in the runner."""
ANSWER_PATIENCE_S = 2.0
AWAY_FOR_S = 1.0
"""After a failure the queue counts as away for this long, so that nobody waits for it again and again."""
HEALTH_EVERY_S = 5
KEPT_MS = 24 * 3600 * 1000
AWAY_ERRORS = (RedisError, OSError, TimeoutError)

to_json = partial(orjson.dumps, default=str)
log = structlog.get_logger(__name__)


class ArqQueue:
    """Puts jobs on arq's queue."""

    def __init__(self, redis_url: str, *, name: str = QUEUE_NAME) -> None:
        self._settings = _settings(redis_url)
        self._name = name
        self._pool: ArqRedis | None = None
        self._one_at_a_time = asyncio.Lock()
        self._away_until = 0.0

    async def put(self, jobs: Sequence[ReadyJob]) -> list[ReadyJob]:
        """Queues the jobs and returns those that were on the queue already; raises QueueAway.

        The id on the queue has the number of the run in it: a run that died with its worker does not block the next.
        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            raise QueueAway("the queue did not answer a moment ago")
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                is_new = await _enqueue(await self._connected(), self._name, jobs)
        except AWAY_ERRORS as failure:
            self._away_until = loop.time() + AWAY_FOR_S
            QUEUE_AWAY.inc()
            await self.close()
            raise QueueAway("the queue does not answer") from failure
        return [job for job, new in zip(jobs, is_new, strict=True) if not new]

    async def close(self) -> None:
        """Closes the connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await _close(pool)

    async def _connected(self) -> ArqRedis:
        async with self._one_at_a_time:
            if self._pool is None:
                self._pool = await create_pool(self._settings, job_serializer=to_json, default_queue_name=self._name)
            return self._pool


class ArqWorker:
    """Takes jobs from arq's queue and has the runner run them."""

    def __init__(self, redis_url: str, runner: JobRunner, *, name: str = QUEUE_NAME) -> None:
        self._settings = _settings(redis_url)
        self._name = name
        self._runner = runner

    async def run(self) -> None:
        """Serves the queue for ever, also when its server comes and goes."""
        while True:
            try:
                await self._serve()
            except AWAY_ERRORS as failure:
                log.warning("the queue is away; jobs run from their rows", failure=type(failure).__name__)
            await asyncio.sleep(AWAY_FOR_S)

    async def _serve(self) -> None:
        worker = _PatientWorker(
            functions=[func(self._function(), name=FUNCTION, keep_result=0, timeout=LONGEST_RUN_S)],
            redis_settings=self._settings,
            queue_name=self._name,
            max_jobs=JOBS_AT_ONCE,
            poll_delay=LOOK_EVERY_S,
            keep_result=0,
            log_results=False,
            handle_signals=False,
            health_check_interval=HEALTH_EVERY_S,
            job_serializer=to_json,
            job_deserializer=orjson.loads,
        )
        try:
            await worker.async_run()
        finally:
            # The jobs themselves are the runner's and go on; only arq's watching of them ends.
            watching = list(worker.tasks.values())
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            if worker.writing:
                await asyncio.wait(worker.writing, timeout=ANSWER_PATIENCE_S)
            if worker._pool is not None:  # arq's own close would fail without its server
                await _close(worker._pool)

    def _function(self) -> WorkerCoroutine:
        async def run_job(_context: dict[Any, Any], *arguments: Any, **_named: Any) -> None:
            await self._runner.run_to_end(JobId(UUID(hex=arguments[0])), *arguments[1:])

        return cast("WorkerCoroutine", run_job)


class _PatientWorker(Worker):
    """arq's worker, whose every look at the queue has an end, and which knows what it has still to write there."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.writing: set[asyncio.Task[Any]] = set()

    async def finish_job(self, *arguments: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.writing.add(task)
        try:
            await super().finish_job(*arguments)
        finally:
            self.writing.discard(task)

    async def _poll_iteration(self) -> None:
        async with asyncio.timeout(ANSWER_PATIENCE_S):
            await super()._poll_iteration()


async def _enqueue(pool: ArqRedis, name: str, jobs: Sequence[ReadyJob]) -> list[bool]:
    """What arq's own `enqueue_job` does, for all jobs in one round trip instead of two for each."""
    now_ms = int(machine().timestamp() * 1000)
    async with pool.pipeline(transaction=True) as pipe:
        for job in jobs:
            queue_id = f"{job.id.hex}:{job.attempts}"
            content = serialize_job(FUNCTION, (job.id.hex, job.kind), {}, None, now_ms, serializer=to_json)
            pipe.set(job_key_prefix + queue_id, content, px=KEPT_MS, nx=True)
            pipe.zadd(name, {queue_id: now_ms}, nx=True)
        answers = await pipe.execute()
    return [answer is not None for answer in answers[::2]]


async def _close(pool: ArqRedis) -> None:
    with suppress(*AWAY_ERRORS):
        async with asyncio.timeout(ANSWER_PATIENCE_S):
            await pool.aclose(close_connection_pool=True)


def _settings(redis_url: str) -> RedisSettings:
    settings = RedisSettings.from_dsn(redis_url)
    settings.conn_retries = 0
    return settings
