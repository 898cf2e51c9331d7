"""Small markets with deliveries that wait and drivers who are free, as the tests of the matcher's errand need them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.batches.models import Batch, Delivery
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet.models import Driver
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import HUB_PLACE, make_batch, make_delivery, make_driver, make_hub, make_market, make_shipper

STEP_DEGREES = 0.01
"""About a kilometre."""


@dataclass(slots=True)
class World:
    """A market in which nothing waits and nobody is online."""

    market: Market
    shipper: Shipper
    hub: Hub
    batch: Batch

    async def delivery(self, work: Work, number: int = 1, **changes: Any) -> Delivery:
        """A delivery from the hub to a home some kilometres to the north."""
        home = home_place(number)
        values = {"dropoff_lat": home.lat, "dropoff_lon": home.lon}
        return await make_delivery(work, self.market, self.shipper, self.hub, self.batch, **values | changes)

    async def driver(self, work: Work, **changes: Any) -> Driver:
        """A driver of the crowd who is free and stands at the hub."""
        return await make_driver(work, self.market, **changes)


async def make_world(work: Work, **dials: Any) -> World:
    """A market with a hub, where offers are sent three answers before they are due: three minutes."""
    market = await make_market(work, **dials)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    return World(market=market, shipper=shipper, hub=hub, batch=await make_batch(work, market, shipper))


def home_place(number: int) -> Point:
    """Somebody's home, further from the hub by a kilometre with each number."""
    return Point(lat=HUB_PLACE.lat + STEP_DEGREES * number, lon=HUB_PLACE.lon)


def window(work: Work, *, opens_min: float, closes_min: float, end: str = "dropoff") -> dict[str, Any]:
    """A window at one end of a delivery, in minutes from now."""
    return {
        f"{end}_opens_at": work.now + timedelta(minutes=opens_min),
        f"{end}_closes_at": work.now + timedelta(minutes=closes_min),
    }


async def delivery_row(work: Work, delivery_id: UUID) -> asyncpg.Record:
    """A delivery as it is now."""
    row = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", delivery_id)
    assert row is not None
    return row
