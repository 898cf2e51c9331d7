"""The waker: sleeps until the next deadline of a kind, then has it take effect.

A deadline is a time in a row, so it holds whether anybody wakes or not; the waker makes it prompt. It is never early,
because the verb compares with the market's time in SQL, and it needs neither Redis nor a tick.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from marketplace.core.clock import pace
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.work import DatabaseUnavailable, Work, Works

LOOK_EVERY_S = 1.0
"""Longest sleep, so that a deadline whose notice got lost is found."""
GATHER_S = 0.05
"""After a notice the waker waits this long for more of them, unless something is due earlier."""
SOMEBODY_ELSE_S = 0.02
AFTER_FAILURE_S = 1.0
BATCHES_AT_ONCE = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A kind of deadline: when the next one is due in market time, and the verb that has the due ones take effect.

    `fire` takes a bounded number of due rows, skipping those that another process has locked, and returns how many.
    """

    name: str
    next_due: Callable[[asyncpg.Connection], Awaitable[datetime | None]]
    fire: Callable[[Work], Awaitable[int]]


class Waker:
    """Sleeps and wakes for one kind of deadline."""

    def __init__(self, works: Works, deadline: Deadline) -> None:
        self._works = works
        self._deadline = deadline
        self._look = asyncio.Event()

    def ring(self) -> None:
        """Says that an earlier deadline may have come to be."""
        self._look.set()

    async def run(self) -> None:
        """Fires what is due whenever it is due, for ever."""
        while True:
            try:
                pause_s = await self.fire_due()
            except DatabaseUnavailable:
                pause_s = AFTER_FAILURE_S
            except Exception:
                log.exception("a deadline failed; trying again", deadline=self._deadline.name)
                pause_s = AFTER_FAILURE_S
            await self._sleep(pause_s)

    async def fire_due(self) -> float:
        """Fires what is due now, batch by batch, and returns how many seconds later to look again."""
        async with self._works.open() as work:
            due = await self._deadline.next_due(work.connection)
            seconds_left = (due - work.now).total_seconds() if due is not None else None
            factor = await pace(work.connection)
        if seconds_left is None:
            return LOOK_EVERY_S
        if seconds_left > 0:
            return min(seconds_left / factor + 0.001, LOOK_EVERY_S)
        count = await fire_all(self._works, self._deadline)
        return 0.0 if count else SOMEBODY_ELSE_S

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        try:
            async with asyncio.timeout_at(until):
                await self._look.wait()
                await asyncio.sleep(GATHER_S)
        except TimeoutError:
            pass
        self._look.clear()


async def fire_all(works: Works, deadline: Deadline) -> int:
    """Has everything of one kind that is due take effect, one bounded batch in each commit; returns how many."""
    total = 0
    for _ in range(BATCHES_AT_ONCE):
        pass_failpoint("before_claim")
        async with works.open() as work:
            count = await deadline.fire(work)
            if count:
                pass_failpoint("after_claim")
        total += count
        if not count:
            break
    return total
