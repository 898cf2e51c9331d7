"""A supervised pool of solver processes, for workers and for the matcher's door.

The solver holds the interpreter lock for as long as it runs, its own time limit bounds nothing, and bad luck can kill
it. In a process of its own it stalls nobody, and one that dies or overruns its time is ended and replaced: that costs
its caller one call.
"""

import asyncio
import os
import queue
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Self

from marketplace.core.metrics import SOLVE_S, SOLVER_LOST, SOLVERS, SOLVERS_BUSY, watch
from marketplace.matching.refusals import BadRequest, SolverFailed
from marketplace.matching.reply import Plan
from marketplace.matching.request import PlanRequest
from marketplace.matching.solver_child import SolverChild

WALL_FACTOR = 10
"""How many seconds may pass for each CPU second of a plan: a busy machine gives a tenth of a core."""


class SolverPool:
    """Solver processes that start when they are first needed; each plans one request at a time."""

    def __init__(self, processes: int | None = None, *, grace_s: float = 10.0) -> None:
        """By default one process less than the machine has cores; `grace_s` is added to the bound of every call."""
        self.processes = processes or max(1, _cores() - 1)
        self.replaced = 0
        self._grace_s = grace_s
        self._idle: queue.LifoQueue[SolverChild | None] = queue.LifoQueue()
        for _ in range(self.processes):
            self._idle.put(None)
        self._turns = asyncio.Semaphore(self.processes + 1)
        self._threads = ThreadPoolExecutor(self.processes, thread_name_prefix="solver")
        self._guard = threading.Lock()  # the running processes change in the threads and are ended by the owner
        self._running: set[SolverChild] = set()
        self._is_closed = False
        self._asked = 0
        watch(SOLVERS, lambda: self.processes)
        watch(SOLVERS_BUSY, lambda: self._asked)

    @property
    def process_ids(self) -> list[int]:
        """The processes that run now, for health pages."""
        with self._guard:
            return sorted(child.process_id for child in self._running)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits until a process is about to be free: whoever reads only then plans from what is true now.

        One more than there are processes has a turn, so that one reads or writes while the others are solving.
        """
        async with self._turns:
            yield

    async def solve(self, request: PlanRequest, *, time_limit_s: float) -> Plan:
        """Plans while the event loop goes on; waits for its turn where all processes are busy.

        `time_limit_s` is the CPU time that the plan should take; ten times that, and the grace, may pass until its
        process is ended. Raises `BadRequest` for a request that breaks a limit, and `SolverFailed` for a solver that
        died or overran.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self.solve_now(request, time_limit_s=time_limit_s))

    def solve_now(self, request: PlanRequest, *, time_limit_s: float) -> Plan:
        """The same for callers without an event loop: blocks until the plan is there."""
        began = time.monotonic()
        with self._guard:
            self._asked += 1
        try:
            return self._solve(request, time_limit_s)
        finally:
            with self._guard:
                self._asked -= 1
            SOLVE_S.observe(time.monotonic() - began)

    def _solve(self, request: PlanRequest, time_limit_s: float) -> Plan:
        child = self._idle.get()
        try:
            child = child if child is not None and child.is_alive else self._replace(child)
            answer = child.ask(request, self._grace_s + WALL_FACTOR * time_limit_s)
        except SolverFailed:
            failed, child = child, None
            with suppress(SolverFailed):  # without a successor now, the next call starts one
                child = self._replace(failed)
            raise
        finally:
            self._idle.put(child)
        if isinstance(answer, BadRequest):
            raise answer
        if isinstance(answer, str):
            raise SolverFailed(f"the solver could not plan this request: {answer}")
        return answer

    def close(self) -> None:
        """Ends all processes, whatever they do; calls still under way fail."""
        self._is_closed = True
        with self._guard:
            children = list(self._running)
        for child in children:
            self._end(child)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _replace(self, child: SolverChild | None) -> SolverChild:
        """Starts a process in the place of a dead one; it gets ready while others go on."""
        if child is not None:
            self._end(child)
            self.replaced += 1
            SOLVER_LOST.inc()
        with self._guard:
            if self._is_closed:
                raise SolverFailed("the solver pool is closed")
            started = SolverChild()
            self._running.add(started)
            return started

    def _end(self, child: SolverChild) -> None:
        child.end()
        with self._guard:
            self._running.discard(child)


def _cores() -> int:
    """The cores that this process may use, which in a container may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
