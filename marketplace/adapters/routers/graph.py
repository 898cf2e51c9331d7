"""GraphRouter: the default router, our own street graph in a process of its own.

Large matrices go to the worker in parts, so that a driver's single journey does not wait behind a whole plan. A
worker that dies is replaced and the question asked once more; one that overruns is ended and the caller refused.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from marketplace.adapters.routers.worker import (
    compute_legs,
    compute_matrix,
    match_tracks,
    open_city,
    settle_in,
    take_traffic,
)
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.routing import (
    Fix,
    Journey,
    Matrix,
    RouterUnavailable,
    Traffic,
    Traversal,
    check_journey_size,
    check_matrix_size,
)

TIMEOUT_S = 30.0
"""A caller waits this long for one part of a question; a worker silent to everybody for as long is taken for stuck."""

START_TIMEOUT_S = 60.0
"""Starting Python and loading a city takes about a second; on a machine that is busy, several."""

PART_SIZE = 64
"""Searches in one part of a matrix: about a tenth of a second of work."""

TRACKS_IN_A_PART = 8

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


class GraphRouter:
    """Answers from a city pack's streets; `start` is optional and only makes the first answer prompt."""

    def __init__(self, folder: Path, *, traffic: Traffic | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """Routes on the city pack in `folder`; without traffic its streets are empty at all hours."""
        self._folder = folder
        self._traffic = traffic
        self._timeout_s = timeout_s
        self._worker: asyncio.Task[Worker] | None = None
        self._answered_at = 0.0
        self._is_closed = False

    async def start(self) -> int:
        """Starts the worker, waits until the city is loaded and tells the worker's process number."""
        return (await self._ready_worker()).process_id

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """Travel times and distances on the city's streets; the smaller side decides the work."""
        check_matrix_size(sources, targets)
        columns = sources if targets is None else targets
        if len(sources) <= len(columns):
            parts = [
                await self._ask(compute_matrix, sources[begin : begin + PART_SIZE], columns, depart_at)
                for begin in range(0, max(1, len(sources)), PART_SIZE)
            ]
            return _joined(parts, axis=0)
        parts = [
            await self._ask(compute_matrix, sources, columns[begin : begin + PART_SIZE], depart_at)
            for begin in range(0, max(1, len(columns)), PART_SIZE)
        ]
        return _joined(parts, axis=1)

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Drives the points in order on the city's streets."""
        check_journey_size(points)
        return await self._ask(compute_legs, points, depart_at)

    async def take_traffic(self, traffic: Traffic) -> None:
        """Answers by this traffic from now on, as do the processes that may yet replace the present one."""
        self._traffic = traffic
        await self._ask(take_traffic, traffic)

    async def match(self, tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:
        """What tracks of our own drivers tell about the streets; a few at a time, so that nobody waits long."""
        told: list[Traversal] = []
        for begin in range(0, len(tracks), TRACKS_IN_A_PART):
            told += await self._ask(match_tracks, tracks[begin : begin + TRACKS_IN_A_PART])
        return told

    async def aclose(self) -> None:
        """Ends the worker; the router answers nobody afterwards."""
        self._is_closed = True
        task, self._worker = self._worker, None
        if task is not None:
            with suppress(Refusal, BrokenProcessPool):
                (await task).end()

    async def _ask(self, question: Callable[..., Answer], *arguments: object) -> Answer:
        try:
            return await self._ask_once(question, *arguments)
        except BrokenProcessPool:
            logger.warning("the routing process died; starting another")
        try:
            return await self._ask_once(question, *arguments)
        except BrokenProcessPool as error:
            raise RouterUnavailable("the routing process died twice over one question; try again later") from error

    async def _ask_once(self, question: Callable[..., Answer], *arguments: object) -> Answer:
        worker = await self._ready_worker()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await loop.run_in_executor(worker.pool, question, *arguments)
        except TimeoutError:
            if loop.time() - self._answered_at >= self._timeout_s:  # silent to everybody: stuck, not only busy
                self._replace(worker)
            raise RouterUnavailable(f"the routing process gave no answer within {self._timeout_s:g} s") from None
        except BrokenProcessPool:
            self._replace(worker)
            raise
        self._answered_at = loop.time()
        return answer

    async def _ready_worker(self) -> "Worker":
        """The running worker; many callers may find it gone at once, and wait for the same new one."""
        if self._is_closed:
            raise RouterUnavailable("this router is closed")
        if self._worker is None:
            self._worker = asyncio.create_task(Worker.start(self._folder, self._traffic))
        task = self._worker
        try:
            worker = await asyncio.shield(task)  # a caller that gives up does not stop the start for the others
        except Exception:
            if self._worker is task:
                self._worker = None
            raise
        self._answered_at = max(self._answered_at, worker.started_at)
        return worker

    def _replace(self, worker: "Worker") -> None:
        """Ends a worker that gave trouble, unless another caller has done so already."""
        task = self._worker
        if task is not None and task.done() and not task.exception() and task.result() is worker:
            self._worker = None
            worker.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One running process with the city in its memory."""

    pool: ProcessPoolExecutor
    process_id: int
    started_at: float

    @classmethod
    async def start(cls, folder: Path, traffic: Traffic | None) -> "Worker":
        """Starts a process and waits until it has loaded the city."""
        pool = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),  # forking a threaded server may deadlock the child
            initializer=settle_in,
        )
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                process_id = await loop.run_in_executor(pool, open_city, folder, traffic)
        except BaseException as error:
            pool.shutdown(wait=False)
            if isinstance(error, TimeoutError):
                raise RouterUnavailable("the routing process did not load the city in time") from error
            raise
        return cls(pool=pool, process_id=process_id, started_at=loop.time())

    def end(self) -> None:
        """Ends the process at once; whoever waits for it is told that it broke."""
        with suppress(ProcessLookupError):
            os.kill(self.process_id, signal.SIGKILL)
        self.pool.shutdown(wait=False)


def _joined(parts: list[Matrix], axis: int) -> Matrix:
    if len(parts) == 1:
        return parts[0]
    by_rows = axis == 0
    return Matrix(
        durations_s=np.concatenate([part.durations_s for part in parts], axis=axis),
        distances_m=np.concatenate([part.distances_m for part in parts], axis=axis),
        is_reachable=np.concatenate([part.is_reachable for part in parts], axis=axis),
        source_snap_m=np.concatenate([part.source_snap_m for part in (parts if by_rows else parts[:1])]),
        target_snap_m=np.concatenate([part.target_snap_m for part in (parts[:1] if by_rows else parts)]),
        engine=parts[0].engine,
        dataset=parts[0].dataset,
        traffic_version=min(part.traffic_version for part in parts),
    )
