"""What empty streets would have said: each forecast that the market keeps is made once more without any traffic.

It is what a market would tell that learns nothing, at the same moment, of the same route, with the same service times.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.adapters.routers import CachedRouter, GraphRouter
from marketplace.arrivals import Forecast, arrivals_by, forecasts_since
from workers.simulation.world import World


class EmptyStreets:
    """Looks after each timing of routes whether forecasts were kept, and asks a router of empty streets the same."""

    def __init__(self, world: World) -> None:
        self.eta_at: dict[UUID, datetime] = {}
        self._world = world
        self._router = CachedRouter(GraphRouter(world.marketplace.city.folder))

    async def look(self) -> None:
        """Makes the forecasts of this moment once more."""
        made = [one for one in await self._made() if one.id not in self.eta_at]
        if not made:
            return
        route_ids = sorted({one.route_id for one in made})
        known = await arrivals_by(self._world.marketplace.works, router=self._router, route_ids=route_ids)
        self.eta_at |= {one.id: known[one.stop_id, one.delivery_id] for one in made}

    async def _made(self) -> Sequence[Forecast]:
        world = self._world
        async with world.marketplace.works.open() as work:
            return await forecasts_since(work, market_id=world.market_id, since=world.stage.now)

    async def aclose(self) -> None:
        """Ends the router's process."""
        await self._router.aclose()
