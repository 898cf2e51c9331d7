"""Parcels of the demo that are posted with an address alone: the street search places them, or an operator does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workers.simulator.client import ApiClient
from workers.simulator.clock import MarketClock

LOOK_EVERY_S = 1.0
CONFIDENT_PERCENT = 70
"""What the demo's market needs to believe a street; it is the usual dial."""
PLACED = 4
WITHIN = timedelta(hours=4)
PICKUP_WITHIN = timedelta(hours=3)


@dataclass(slots=True, kw_only=True)
class AddressParcels:
    """A few rows without coordinates, and what became of them."""

    shipper: ApiClient
    operator: ApiClient
    market_id: str
    addresses: Sequence[str]
    delivery_ids: Sequence[str] = ()
    by_operator: int = 0

    async def live(self) -> None:
        """Posts the rows, then has the operator place whatever waits, until it is cancelled."""
        await self._post()
        while True:
            for waiting in await self.operator.ask("addresses_to_review", {"marketId": self.market_id}):
                await self._place(waiting)
            await asyncio.sleep(LOOK_EVERY_S)

    async def counts(self) -> dict[str, int]:
        """How many there were, who placed them, and how many arrived."""
        states = [(await self.shipper.ask("delivery", {"id": one}))["state"] for one in self.delivery_ids]
        placed = len(states) - states.count("CREATED")
        return {
            "addresses_posted": len(states),
            "addresses_placed_by_search": placed - self.by_operator,
            "addresses_placed_by_operator": self.by_operator,
            "addresses_delivered": states.count("DELIVERED"),
        }

    async def _post(self) -> None:
        hub = (await self.shipper.ask("hubs", {"marketId": self.market_id}))[0]
        now = (await MarketClock.read(self.shipper)).now.astimezone(ZoneInfo(hub["timeZone"]))
        chosen = await self._choose()
        rows = [_row(hub["id"], f"address-{number}", text, now) for number, text in enumerate(chosen)]
        wanted = {"marketId": self.market_id, "deliveries": rows, "idempotencyKey": "demo-addresses"}
        posted = await self.shipper.ask("post_batch", wanted)
        self.delivery_ids = [row["deliveryId"] for row in posted["rows"] if row["deliveryId"]]

    async def _choose(self) -> list[str]:
        """Some addresses that the street search is sure of, and one that it has to ask about."""
        sure: list[str] = []
        unsure: list[str] = []
        for address in self.addresses:
            found = await self.shipper.ask("search_streets", {"marketId": self.market_id, "text": address})
            if found:
                (sure if found[0]["confidencePercent"] >= CONFIDENT_PERCENT else unsure).append(address)
            if len(sure) >= PLACED and unsure:
                break
        return sure[:PLACED] + unsure[:1]

    async def _place(self, waiting: dict[str, Any]) -> None:
        """Puts a parcel where the search thinks most likely, as somebody does who knows the town."""
        if waiting["deliveryId"] not in self.delivery_ids or not waiting["candidates"]:
            return
        await self.operator.ask(
            "resolve_address",
            {
                "marketId": self.market_id,
                "deliveryId": waiting["deliveryId"],
                "point": waiting["candidates"][0]["point"],
                "idempotencyKey": f"place-{waiting['deliveryId']}",
            },
        )
        self.by_operator += 1


def _row(hub_id: str, external_id: str, address: str, now: datetime) -> dict[str, Any]:
    opens = now.replace(tzinfo=None, second=0, microsecond=0)
    return {
        "externalId": external_id,
        "hubId": hub_id,
        "dropoff": {"address": address, "name": "Olga", "phone": ""},
        "packages": [{"weightG": 800, "lengthMm": 300, "widthMm": 200, "heightMm": 150}],
        "pickupWindow": {"opens": opens.isoformat(), "closes": (opens + PICKUP_WITHIN).isoformat()},
        "dropoffWindow": {"opens": opens.isoformat(), "closes": (opens + WITHIN).isoformat()},
        "requirements": [],
        "serviceLevel": "STANDARD",
        "priority": 0,
    }
