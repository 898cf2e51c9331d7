"""Following learnt traffic: each process looks whether its market's drivers have taught a newer version, and takes it.

Whoever learns may be any worker; whoever routes is every process. They meet in the database, in a number that is looked
at every few seconds, so that no process has to be restarted or told.
"""

import asyncio

import structlog

from marketplace.core.background import Background
from marketplace.core.notices import GONE
from marketplace.core.work import DatabaseUnavailable, Works
from marketplace.markets import markets_of_city
from marketplace.routing import LearnedRouter, Router, RouterUnavailable, read_traffic, released_traffic

LOOK_EVERY_S = 5.0

log = structlog.get_logger(__name__)


class TrafficFollower(Background):
    """Keeps one process's router at the newest version of what is known about its city's traffic."""

    def __init__(self, works: Works, router: Router, *, city_pack: str) -> None:
        """`city_pack` names the streets that the router knows: markets elsewhere are none of its business."""
        self.version = 0
        self._works = works
        self._router = router
        self._city_pack = city_pack

    async def look(self) -> bool:
        """Takes the newest version over; false where the router has it already."""
        if not isinstance(self._router, LearnedRouter):
            return False
        async with self._works.open() as work:
            markets = await markets_of_city(work, city_pack=self._city_pack)
            market_ids = [market_id for market_id, zone in markets if zone == markets[0][1]]
            release = await released_traffic(work, market_ids=market_ids)
            if release.version == self.version:
                return False
            traffic = await read_traffic(work, market_ids=market_ids, time_zone=markets[0][1])
        await self._router.take_traffic(traffic)
        self.version = traffic.version
        return True

    async def _go_on(self) -> None:
        while True:
            try:
                await self.look()
            except (DatabaseUnavailable, RouterUnavailable, *GONE) as failure:
                log.warning("traffic stays as it was for now", failure=type(failure).__name__)
            await asyncio.sleep(LOOK_EVERY_S)
