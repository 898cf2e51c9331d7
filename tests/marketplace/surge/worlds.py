"""A busy place: more parcels wait at a hub than the few drivers around it can carry."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from marketplace.surge import Surge, decide_surge, surge_at
from tests.builders import HUB_PLACE, make_batch, make_delivery, make_driver, make_hub, make_market, make_shipper

CELL = HUB_PLACE.cell
BUSY: dict[str, Any] = {
    "surge_every_s": 60,
    "surge_half_life_s": 0,
    "surge_max_step_percent": 100,
    "surge_minimum_population": 2,
    "surge_bonus_cap_minor": 600,
    "surge_surcharge_cap_percent": 20,
    "surge_budget_minor": 100_000,
}
"""Surge that follows at once: full at three stops for each that can be carried, 600 a drop-off and 20 percent."""


@dataclass
class BusyWorld:
    """What was built, by name."""

    market: Market
    shipper: Shipper
    hub: Hub
    drivers: list[Driver] = field(default_factory=list)
    delivery_ids: list[UUID] = field(default_factory=list)

    @property
    def market_id(self) -> MarketId:
        """The market's id."""
        return MarketId(self.market.id)


async def make_busy_world(work: Work, *, parcels: int = 12, drivers: int = 1, **changes: Any) -> BusyWorld:
    """A market with surge, parcels that wait at its hub, and drivers there, each good for three stops."""
    market = await make_market(work, **BUSY | changes)
    world = BusyWorld(market=market, shipper=await make_shipper(work, market), hub=await make_hub(work, market))
    await add_parcels(work, world, parcels)
    world.drivers = [await make_driver(work, market) for _ in range(drivers)]
    return world


async def add_parcels(work: Work, world: BusyWorld, count: int) -> None:
    """More parcels at the hub."""
    batch = await make_batch(work, world.market, world.shipper)
    for _ in range(count):
        delivery = await make_delivery(work, world.market, world.shipper, world.hub, batch)
        world.delivery_ids.append(delivery.id)


async def tick(works: Works, clock: ManualClock, world: BusyWorld, times: int = 1) -> int:
    """Lets so many ticks pass and be decided; returns how many cells the last one decided about."""
    decided = 0
    for _ in range(times):
        clock.advance(seconds=60)
        async with works.open() as work:
            decided = await decide_surge(work, market_id=world.market_id)
    return decided


async def surge_now(works: Works, world: BusyWorld, place: Point = HUB_PLACE) -> Surge:
    """What a place has at this moment."""
    async with works.open() as work:
        return await surge_at(work, market_id=world.market_id, cell=place.cell, at=work.now)
