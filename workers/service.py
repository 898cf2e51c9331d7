"""The worker process of a marketplace, from its start to the word to stop."""

import asyncio
from functools import partial

from marketplace.adapters.metrics_door import metrics_door
from marketplace.adapters.tracing import traced
from marketplace.app import Marketplace, open_marketplace, open_servers
from marketplace.core.settings import Settings
from workers.deadlines import DEADLINES
from workers.engine import Engine
from workers.jobs import BOUNDS, jobs_of, turns_of
from workers.schedule import schedule_of
from workers.told import told_by_signal


async def serve_work(settings: Settings) -> None:
    """Opens the marketplace and works until told to stop."""
    with metrics_door(settings), traced(settings, service="doorstep-work"):
        async with open_servers(settings) as servers, open_marketplace(settings, servers) as marketplace:
            await work(marketplace)


async def work(marketplace: Marketplace, *, stop: asyncio.Event | None = None) -> None:
    """Works off what follows from events until `stop` is set or, without one, until SIGTERM or Ctrl-C."""
    engine = Engine(
        works=marketplace.works,
        database_url=marketplace.database_url,
        redis_url=marketplace.redis_url,
        queue_name=marketplace.settings.queue,
        jobs=jobs_of(marketplace),
        bounds=BOUNDS,
        turns=turns_of(marketplace),
        deadlines=DEADLINES,
        schedule=partial(schedule_of, marketplace),
    )
    if stop is not None:
        await engine.run(stop)
        return
    with told_by_signal() as told:
        await engine.run(told)
