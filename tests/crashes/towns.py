"""A small town for crash tests: a market on generated streets, with shippers, drivers and their credentials."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.accounts import create_api_key
from marketplace.adapters.city.grid import place_of
from marketplace.core.clock import machine
from marketplace.core.geo import Point
from marketplace.core.ids import ShipperId, to_wire
from marketplace.core.work import Work, Works
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from tests.builders import make_driver, make_hub, make_market, make_shipper
from tests.clients import token_of_driver

HUB = (5, 5)
"""The crossing of the hub: blocks from the south and from the west, on this side of the river."""


@dataclass(frozen=True, slots=True)
class Town:
    """A market and who is in it, with their credentials."""

    market: Market
    hub: Hub
    shipper_keys: list[str]
    driver_tokens: dict[UUID, str]

    @property
    def market_id(self) -> str:
        """The market's id on the wire."""
        return to_wire("market", self.market.id)


async def make_town(works: Works, *, shippers: int = 1, drivers: int = 1, **dials: Any) -> Town:
    """A market with a hub, and with shippers and drivers who have their credentials; the drivers wait at the hub."""
    async with works.open() as work:
        market = await make_market(work, **dials)
        lat, lon = place_of(HUB)
        hub = await make_hub(work, market, lat=lat, lon=lon)
        keys = [await _key(work, market) for _ in range(shippers)]
        people = [await make_driver(work, market, place=Point(lat=lat, lon=lon)) for _ in range(drivers)]
        tokens = {driver.id: await token_of_driver(work, driver.id) for driver in people}
    return Town(market, hub, keys, tokens)


def rows_to_post(town: Town, *references: str) -> list[dict[str, Any]]:
    """Small parcels from the hub to homes some blocks away, wanted within three hours."""
    local = machine().astimezone(ZoneInfo(town.market.time_zone)).replace(tzinfo=None, microsecond=0)
    window = {"opens": local.isoformat(), "closes": (local + timedelta(hours=3)).isoformat()}
    return [
        {
            "externalId": reference,
            "hubId": to_wire("hub", town.hub.id),
            "dropoff": _home(Random(reference)),
            "packages": [{"weightG": 900, "lengthMm": 300, "widthMm": 200, "heightMm": 100}],
            "pickupWindow": window,
            "dropoffWindow": window,
        }
        for reference in references
    ]


def _home(source: Random) -> dict[str, Any]:
    row, column = source.randrange(10), source.randrange(20)
    lat, lon = place_of((row, column))
    address = f"Street {row} and Avenue {column}"
    return {"lat": lat, "lon": lon, "address": address, "name": "Luz Pizarro", "phone": "+56911111111"}


async def _key(work: Work, market: Market) -> str:
    shipper = await make_shipper(work, market)
    return (await create_api_key(work, shipper_id=ShipperId(shipper.id))).secret
