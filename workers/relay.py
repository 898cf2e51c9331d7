"""The relay: gives committed events their place in the stream, makes the jobs that follow, and tells both onward.

It looks when it is nudged and once a second anyway. Any number of relays may run: for each market one at a time works.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from marketplace.core.ids import MarketId
from marketplace.core.jobs import ReadyJob, make_jobs
from marketplace.core.metrics import EVENTS
from marketplace.core.notices import PUBLISHED, Notices
from marketplace.core.outbox import PublishedEvent, markets_with_unpublished, publish_events
from marketplace.core.work import DatabaseUnavailable, Works
from workers.reactions import jobs_after

LOOK_EVERY_S = 1.0
SOMEBODY_ELSE_S = 0.02
"""Pause after a round in which another relay held every market that has something to publish."""
ROUNDS_AT_ONCE = 200

log = structlog.get_logger(__name__)


class Relay:
    """Publishes for all markets; `start_jobs` has what follows run, and is not waited for."""

    def __init__(self, works: Works, notices: Notices, start_jobs: Callable[[Sequence[ReadyJob]], None]) -> None:
        self._works = works
        self._notices = notices
        self._start_jobs = start_jobs
        self._look = asyncio.Event()

    def ring(self) -> None:
        """Says that there may be something to publish."""
        self._look.set()

    async def run(self) -> None:
        """Publishes whenever it is rung and at least every `LOOK_EVERY_S`, for ever."""
        while True:
            try:
                await self.publish_all()
            except DatabaseUnavailable:
                log.warning("nothing is published: the database is away")
            except Exception:
                log.exception("publishing failed; trying again")
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()

    async def publish_all(self) -> None:
        """Publishes until nothing waits, also what another relay left because we held the market when it came."""
        for _ in range(ROUNDS_AT_ONCE):
            async with self._works.read() as connection:
                markets = await markets_with_unpublished(connection)
            if not markets:
                return
            count = 0
            for market_id in markets:
                events, jobs = await publish_market(self._works, market_id)
                count += len(events)
                if events:
                    await self._notices.send(PUBLISHED, str(market_id))
                self._start_jobs(jobs)
            if count == 0:
                await asyncio.sleep(SOMEBODY_ELSE_S)


async def publish_market(works: Works, market_id: MarketId) -> tuple[list[PublishedEvent], list[ReadyJob]]:
    """Publishes a bounded number of events of one market and makes the jobs that follow, in one commit."""
    async with works.open() as work:
        events = await publish_events(work, market_id)
        jobs = await make_jobs(work, jobs_after(events)) if events else []
    for event in events:
        EVENTS.labels(event.name).inc()
    return events, jobs
