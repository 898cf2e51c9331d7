"""Positions of one driver: gathered on the way, reported many at a time, kept while there is no network."""

import time
from collections import deque
from datetime import datetime
from typing import Any

from marketplace.core.geo import Point
from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable
from workers.simulator.tally import Tally
from workers.simulator.wire import instant

EVERY_S = 15.0
"""Market seconds between two positions."""
CALLS_APART_S = 1.0
"""Machine seconds between two reports, as the API asks for."""
IN_A_CALL = 100
KEPT = 1_000
PATIENCE_S = 0.5
"""A report that does not get through at once is sent with the next one."""


class Positions:
    """What is still to be reported of a driver's way."""

    def __init__(self, api: ApiClient, tally: Tally) -> None:
        self._api = api
        self._tally = tally
        self._waiting: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._reported_at_s = 0.0

    def add(self, moment: datetime, place: Point) -> None:
        """Remembers where the driver was at a moment of market time."""
        point = {"lat": round(place.lat, 6), "lon": round(place.lon, 6)}
        self._waiting.append({"point": point, "occurredAt": instant(moment), "accuracyM": 8.0})

    async def report(self) -> bool:
        """Reports what waits, unless the last report was a moment ago; tells whether the API was reached."""
        if not self._waiting or time.monotonic() - self._reported_at_s < CALLS_APART_S:
            return self._api.network.is_up
        self._reported_at_s = time.monotonic()
        positions = list(self._waiting)[:IN_A_CALL]
        try:
            await self._api.ask("report_positions", {"positions": positions}, patience_s=PATIENCE_S)
        except Unreachable:
            return False
        except Refused:
            # Nothing depends on one position; what is refused once would be refused for ever.
            self._drop(positions)
            return True
        self._tally.positions_sent += len(positions)
        self._drop(positions)
        return True

    def _drop(self, positions: list[dict[str, Any]]) -> None:
        for _ in positions:
            self._waiting.popleft()
