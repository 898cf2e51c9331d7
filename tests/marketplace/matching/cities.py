"""Markets of any size: shops over a city, homes around them and drivers everywhere, the same every time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import make_batch, make_hub, make_market, make_shipper

KILOMETRE = 0.009
"""A kilometre in degrees of latitude."""
CENTRE = Point(lat=-29.95, lon=-71.25)
SHOPS_EACH = 12
"""So many deliveries come from one shop on average."""

MAKE_DELIVERIES = """
INSERT INTO delivery (id, market_id, shipper_id, batch_id, external_id, digest, state, sequence, service_level,
    hub_id, pickup_lat, pickup_lon, pickup_address, pickup_name, pickup_phone, pickup_opens_at, pickup_closes_at,
    dropoff_lat, dropoff_lon, dropoff_address, recipient_name, recipient_phone, instructions, dropoff_opens_at,
    dropoff_closes_at, time_zone, load, requirements, price_minor, currency, plan_after, created_at, changed_at)
SELECT id, $1, $2, $3, 'order-' || id, '', 'SCHEDULED', 1, 'STANDARD', $4, pickup_lat, pickup_lon, 'Calle 1', 'Shop',
    '', $5::timestamptz, $5::timestamptz + interval '3 hours', dropoff_lat, dropoff_lon, 'Avenida 2', 'Luz Pizarro',
    '+56911111111', '', $5::timestamptz, $5::timestamptz + interval '4 hours', 'America/Santiago', '{1,1200,8}', '{}',
    4200, 'CLP', $5::timestamptz, $5::timestamptz, $5::timestamptz
FROM unnest($6::uuid[], $7::float8[], $8::float8[], $9::float8[], $10::float8[])
  AS t(id, pickup_lat, pickup_lon, dropoff_lat, dropoff_lon)
"""
MAKE_DRIVERS = """
WITH place AS (
    SELECT * FROM unnest($3::uuid[], $4::float8[], $5::float8[], $6::text[]) AS t(id, lat, lon, cell)
), made AS (
    INSERT INTO driver (id, market_id, name, phone, contract_kind, account_state, vehicle, capacity, skills, max_stops,
                        created_at)
    SELECT id, $1, 'Ana Rojas', right(id::text, 18), 'CROWDSOURCED', 'ACTIVE', 'CAR', '{30,200000,800}', '{}', 24, $2
    FROM place
)
INSERT INTO presence (driver_id, market_id, state, lat, lon, cell, position_at, online_until, changed_at)
SELECT id, $1, 'AVAILABLE', lat, lon, cell, $2, $2 + interval '8 hours', $2 FROM place
"""


@dataclass(slots=True)
class City:
    """A market with shops all over it."""

    market: Market
    shipper: Shipper
    hub: Hub
    shops: Sequence[Point]
    draw: random.Random

    async def post(self, work: Work, count: int) -> list[UUID]:
        """Deliveries from the shops to homes two kilometres away or so, all of them due."""
        batch = await make_batch(work, self.market, self.shipper)
        shops = [self.draw.choice(self.shops) for _ in range(count)]
        homes = [near(self.draw, shop, 2.0) for shop in shops]
        ids = [work.new_id() for _ in shops]
        await work.execute(
            MAKE_DELIVERIES,
            *(self.market.id, self.shipper.id, batch.id, self.hub.id, work.now, ids),
            *([place.lat for place in shops], [place.lon for place in shops]),
            *([place.lat for place in homes], [place.lon for place in homes]),
        )
        return ids

    async def bring_online(self, work: Work, count: int) -> list[UUID]:
        """Drivers who are free, most of them close to a shop."""
        places = [near(self.draw, self.draw.choice(self.shops), 1.0) for _ in range(count)]
        ids = [work.new_id() for _ in places]
        lats, lons, cells = zip(*[(place.lat, place.lon, place.cell) for place in places], strict=True)
        await work.execute(MAKE_DRIVERS, self.market.id, work.now, ids, list(lats), list(lons), list(cells))
        return ids


async def make_city(work: Work, *, shops: int, radius_km: float, **dials: object) -> City:
    """A city without deliveries and drivers."""
    draw = random.Random(11)
    market = await make_market(work, **{"route_max_stops": 24} | dials)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    return City(market, shipper, hub, [near(draw, CENTRE, radius_km) for _ in range(shops)], draw)


def near(draw: random.Random, place: Point, kilometres: float) -> Point:
    """A place that is about so far away, more often less than more."""
    north, east = draw.gauss(0, kilometres * KILOMETRE / 2), draw.gauss(0, kilometres * KILOMETRE / 2)
    return Point(lat=place.lat + north, lon=place.lon + east / 0.87)
