"""What a driver's app has heard and not acted on yet."""

import asyncio
from contextlib import suppress
from typing import Any

ROUTE_NEWS = frozenset({"RouteAssigned", "RouteExtended"})
CALLED_OFF = frozenset({"SKIPPED", "CANCELLED"})
OFFERS_ENDED = frozenset({"OfferWithdrawn", "OfferExpired"})


class News:
    """Flags and a bell: whoever waits is woken, looks, and clears what was looked at."""

    def __init__(self) -> None:
        self.route_changed = True
        self.offers_changed = True
        self.offers_ended: set[str] = set()
        self._bell = asyncio.Event()

    def hear(self, event: dict[str, Any]) -> None:
        """Takes one event of the driver's streams."""
        name = event["name"]
        if name == "OfferSent":
            self.offers_changed = True
        elif name in OFFERS_ENDED:
            self.offers_ended.add(event["offerId"])
        elif name in ROUTE_NEWS or (name == "StopChanged" and event["state"] in CALLED_OFF):
            self.route_changed = True
        else:
            return
        self.ring()

    def look_at_everything(self) -> None:
        """Something may have been missed: offers and route are to be read anew."""
        self.route_changed = self.offers_changed = True
        self.ring()

    def ring(self) -> None:
        """Wakes whoever waits."""
        self._bell.set()

    async def wait(self, machine_s: float) -> bool:
        """Waits for news, at most that long; tells whether there is any."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, machine_s)):
                await self._bell.wait()
        is_rung = self._bell.is_set()
        self._bell.clear()
        return is_rung
