"""What a worker process is made of: the relay, the wakers, the schedule and the queue, side by side.

Each goes on by itself when the database or the queue comes and goes. On the way out nothing new is begun, what runs
comes to its end or is given back, and any other worker goes on with it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marketplace.core.notices import EVENTS, Notices
from marketplace.core.work import Works
from workers.arq_runner import QUEUE_NAME, ArqQueue, ArqWorker
from workers.periodic import Periodic, keep
from workers.relay import Relay
from workers.runner import JobRunner, RunJob, Turn
from workers.waker import Deadline, Waker

PATIENCE_S = 8.0
"""Time for running jobs to come to their end after the word to stop; the process ends within ten seconds."""
SWEEP_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A worker process's parts; `schedule` is what it does from time to time beside the sweep of jobs."""

    works: Works
    database_url: str
    redis_url: str
    queue_name: str = QUEUE_NAME
    jobs: Mapping[str, RunJob]
    bounds: Mapping[str, float] = field(default_factory=dict)
    turns: Mapping[str, Turn] = field(default_factory=dict)
    deadlines: Sequence[Deadline] = ()
    schedule: Callable[[JobRunner], Sequence[Periodic]] = lambda _: ()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until it is told to stop; a part that fails is a bug, and ends the process for its supervisor."""
        queue = ArqQueue(self.redis_url, name=self.queue_name)
        runner = JobRunner(self.works, self.jobs, queue=queue, bounds=self.bounds, turns=self.turns)
        wakers = [Waker(self.works, deadline) for deadline in self.deadlines]

        def look() -> None:
            relay.ring()
            for waker in wakers:
                waker.ring()

        notices = Notices(self.database_url, heard={EVENTS: lambda _: look()}, on_connect=look)
        relay = Relay(self.works, notices, runner.start_soon)
        async with notices:
            loops = [
                relay.run(),
                ArqWorker(self.redis_url, runner, name=self.queue_name).run(),
                keep(Periodic("sweep jobs", SWEEP_EVERY_S, runner.sweep)),
                *(waker.run() for waker in wakers),
                *(keep(periodic) for periodic in self.schedule(runner)),
            ]
            leases = asyncio.create_task(runner.keep_leases())
            try:
                await _run_until(stop, [asyncio.create_task(loop) for loop in loops])
            finally:
                await runner.stop(patience_s=PATIENCE_S)
                await cancelled(leases)
        await queue.close()


async def _run_until(stop: asyncio.Event, loops: Sequence[asyncio.Task[None]]) -> None:
    told = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([told, *loops], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await cancelled(told, *loops)


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Ends tasks and waits until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
