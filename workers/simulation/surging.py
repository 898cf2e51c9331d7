"""Surge on the stage: how busy it is is looked at, and a bonus brings drivers out; without one they go home again."""

from collections.abc import Sequence
from functools import partial

from marketplace.core.outbox import PublishedEvent
from marketplace.surge import decide_surge
from workers.simulation.driver import Driver
from workers.simulation.world import World

GOES_HOME_AFTER_S = 1_800.0
"""Who came for a bonus waits so long without one before going home again."""


def decide_surge_regularly(world: World, *, every_s: float) -> None:
    """Has the market looked at as often as its dial says, for as long as anything is still to happen."""

    async def decide() -> None:
        async with world.marketplace.works.open() as work:
            await decide_surge(work, market_id=world.market_id)

    world.stage.regularly(every_s, decide, goes_on=world.goes_on)


class Reserve:
    """Drivers of the crowd who stay at home until a drop-off anywhere in the market pays the bonus that they want."""

    def __init__(self, world: World, drivers: Sequence[tuple[int, float, Driver]]) -> None:
        """For each driver the bonus that brings them out, in minor units, and how many seconds they take to come."""
        self._world, self._drivers = world, drivers
        self._bonuses: dict[str, int] = {}
        self._out: set[int] = set()
        world.stage.listen(self._hear)

    def _hear(self, event: PublishedEvent) -> None:
        if event.name != "SurgeChanged":
            return
        self._bonuses.update(zip(event.payload["cells"], event.payload["driver_bonus_minor"], strict=True))
        best = self._best
        for number, (wanted_minor, after_s, driver) in enumerate(self._drivers):
            if number not in self._out and best >= wanted_minor:
                self._out.add(number)
                self._world.record.came_for_bonus += 1
                self._world.stage.after(after_s, driver.come_online)
                look = partial(self._look, number)
                self._world.stage.regularly(GOES_HOME_AFTER_S, look, goes_on=partial(self._is_staying, number))

    @property
    def _best(self) -> int:
        return max(self._bonuses.values(), default=0)

    async def _look(self, number: int) -> None:
        """Goes home when there is no bonus worth staying for."""
        wanted_minor, _, driver = self._drivers[number]
        if number in self._out and self._best < wanted_minor:
            self._out.discard(number)
            await driver.go_home()

    def _is_staying(self, number: int) -> bool:
        return number in self._out and self._world.goes_on()
