"""What a worker process does from time to time with routes under way, done on the stage: they are timed again."""

from collections.abc import Awaitable, Callable

from marketplace.arrivals import retime_due
from marketplace.core.outbox import PublishedEvent
from workers.simulation.world import World

RETIME_EVERY_S = 60.0
"""Market time. A worker looks more often; what happens on a route is looked at here at once as there."""

AfterTiming = Callable[[], Awaitable[object]]


class Timing:
    """Has the routes that are due timed again and again while there are any; a planned route begins it."""

    def __init__(self, world: World, *, after: AfterTiming | None = None) -> None:
        """`after` is done whenever routes that were due have been timed."""
        self._world = world
        self._after = after
        self._is_on = False
        world.stage.listen(self._hear)

    def _hear(self, event: PublishedEvent) -> None:
        if event.name == "RoutePlanned" and not self._is_on:
            self._is_on = True
            self._world.stage.after(RETIME_EVERY_S, self._retime)

    async def _retime(self) -> None:
        world = self._world
        await retime_due(world.marketplace.works, router=world.marketplace.router, market_id=world.market_id)
        if self._after is not None:
            await self._after()
        self._is_on = bool(world.record.open_deliveries or world.record.is_on_the_road)
        if self._is_on:
            world.stage.after(RETIME_EVERY_S, self._retime)
