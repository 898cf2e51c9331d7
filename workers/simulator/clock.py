"""The market's clock as an app sees it: asked of the API at the start, then kept with the app's own machine.

In a demo market time runs up to 60 times as fast as machine time. How fast is found by looking twice at both of the
marketplace's clocks, so that the time that an answer takes on the way does not count.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from workers.simulator.client import ApiClient

LOOKS = 4
LOOKS_APART_S = 0.25


class StandingStill(RuntimeError):
    """Market time does not move, so nothing can be waited for in it."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the clocks of the marketplace, and when it was taken by the app's own."""

    market_time: datetime
    machine_time: datetime
    taken_at_s: float
    took_s: float


class MarketClock:
    """Tells market time, and waits in it."""

    def __init__(
        self, *, market_time: datetime, taken_at_s: float, factor: float, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """It was `market_time` when `ticks` said `taken_at_s`; since then it runs `factor` times as fast."""
        if factor <= 0:
            raise StandingStill("market time stands still here; the simulator needs a clock that runs")
        self.factor = factor
        self._market_time = market_time
        self._taken_at_s = taken_at_s
        self._ticks = ticks

    @classmethod
    async def read(cls, api: ApiClient) -> Self:
        """Looks a few times and believes the quickest answer, which says best when it was true."""
        looks = []
        for _ in range(LOOKS):
            looks.append(await _look(api))
            await asyncio.sleep(LOOKS_APART_S)
        best = min(looks, key=lambda look: look.took_s)
        return cls(market_time=best.market_time, taken_at_s=best.taken_at_s, factor=factor_of(looks[0], looks[-1]))

    @property
    def now(self) -> datetime:
        """Market time, aware."""
        return self._market_time + timedelta(seconds=(self._ticks() - self._taken_at_s) * self.factor)

    def machine_s(self, market_s: float) -> float:
        """How many seconds of the machine that many seconds of the market take."""
        return market_s / self.factor

    async def sleep(self, market_s: float) -> None:
        """Waits for that many seconds of market time."""
        await asyncio.sleep(max(0.0, self.machine_s(market_s)))

    async def sleep_until(self, moment: datetime) -> None:
        """Waits for a moment of market time; one that is past is not waited for."""
        await self.sleep((moment - self.now).total_seconds())


def factor_of(first: Look, last: Look) -> float:
    """How many seconds of market time pass in one of the machine."""
    machine_s = (last.machine_time - first.machine_time).total_seconds()
    return (last.market_time - first.market_time).total_seconds() / machine_s if machine_s > 0 else 0.0


async def _look(api: ApiClient) -> Look:
    asked_at = time.monotonic()
    clock = await api.ask("clock")
    took_s = time.monotonic() - asked_at
    return Look(
        market_time=datetime.fromisoformat(clock["marketTime"]),
        machine_time=datetime.fromisoformat(clock["machineTime"]),
        taken_at_s=asked_at + took_s / 2,
        took_s=took_s,
    )
