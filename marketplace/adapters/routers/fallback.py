"""FallbackRouter: keeps answering when the street router does not, and says that the answer is an estimate.

A question that takes too long, or that the street router cannot answer, goes to the straight line. After a few
failures in a row the street router is left alone for a while (a breaker), then tried with one question before all
come back to it. Refusals about the places themselves are answers, not failures: they pass.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from marketplace.adapters.routers.time_of_day import hand_traffic
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.routing import Journey, Matrix, Router, RouterUnavailable, Traffic

TIMEOUT_S = 2.0
TIMEOUT_PER_PLACE_S = 0.02
"""Large questions get more time, for each place of the smaller side: they are asked by planners, not by people."""

FAILURES_TO_OPEN = 3
OPEN_S = 15.0

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


class FallbackRouter:
    """Asks the first router and, where it fails, the second; `is_degraded` tells the answers apart."""

    def __init__(
        self,
        primary: Router,
        fallback: Router,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Owns both routers and closes them; `clock` tells seconds, for the breaker alone."""
        self._primary, self._fallback = primary, fallback
        self._timeout_s = timeout_s
        self._breaker = Breaker(clock)

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """Travel times from streets if they can be had in time, else estimates that are marked degraded."""
        places = len(sources) if targets is None else min(len(sources), len(targets))
        return await self._first_answer(lambda router: router.matrix(sources, targets, depart_at=depart_at), places)

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """A journey on streets if it can be had in time, else straight lines that are marked degraded."""
        return await self._first_answer(lambda router: router.legs(points, depart_at=depart_at), len(points))

    async def take_traffic(self, traffic: Traffic) -> None:
        """Has both routers answer by this traffic."""
        await hand_traffic(self._primary, traffic)
        await hand_traffic(self._fallback, traffic)

    async def aclose(self) -> None:
        """Closes both routers."""
        await self._primary.aclose()
        await self._fallback.aclose()

    async def _first_answer(self, ask: Callable[[Router], Awaitable[Answer]], places: int) -> Answer:
        if self._breaker.admits():
            try:
                async with asyncio.timeout(self._timeout_s + places * TIMEOUT_PER_PLACE_S):
                    answer = await ask(self._primary)
            except (TimeoutError, RouterUnavailable) as failure:
                self._breaker.failed()
                logger.warning("answering with straight lines after %r", failure)
            except Refusal:
                self._breaker.worked()  # the router is well, the places are not
                raise
            else:
                self._breaker.worked()
                return answer
        return await ask(self._fallback)


class Breaker:
    """Counts failures in a row; open after a few of them, for a while, then lets one question through."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Starts closed: all questions pass."""
        self._clock = clock
        self._failures = 0
        self._closed_from = 0.0

    def admits(self) -> bool:
        """Tells whether a question may be tried now."""
        if self._failures < FAILURES_TO_OPEN:
            return True
        now = self._clock()
        if now < self._closed_from:
            return False
        self._closed_from = now + OPEN_S  # one question tries; the others wait for its outcome
        return True

    def failed(self) -> None:
        """Notes a question that got no answer."""
        self._failures += 1
        self._closed_from = self._clock() + OPEN_S

    def worked(self) -> None:
        """Notes a question that got one."""
        self._failures = 0
