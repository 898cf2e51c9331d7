"""Opens a marketplace for a simulated day: a manual clock, a seeded source, an empty database, and nobody outside."""

import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg

from marketplace.adapters.city import CityPack
from marketplace.adapters.embedded import EmbeddedPostgres
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.adapters.stripe import SimulatedStripe, open_simulated_stripe
from marketplace.app import Marketplace
from marketplace.core.clock import ManualClock, Reading, machine
from marketplace.core.database import connect, open_database
from marketplace.core.errors import CannotStart
from marketplace.core.migrate import migrate
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.matching import SolverPool
from marketplace.routing import Router, TrackMatcher
from marketplace.tracking import EventStreams, PositionBuffer

SOLVER_GRACE_S = 120.0
"""A busy machine may take its time; a plan that were given up would make another day of the same seed."""

HAS_TABLES = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"
HAS_MARKET = "SELECT to_regclass('public.market') IS NOT NULL"
IS_USED = "SELECT EXISTS (SELECT FROM market)"


class DatabaseInUse(CannotStart):
    """A simulation makes up people and money, and wants a database to itself."""


class JumpingClock(ManualClock):
    """A manual clock that takes machine time from this host: nobody else shares a simulation's database."""

    async def read(self, connection: asyncpg.Connection) -> Reading:  # noqa: ARG002 - the protocol's
        """Both times, without a question to the database."""
        return Reading(market_now=self.now, machine_now=machine())


@asynccontextmanager
async def open_simulated(
    settings: Settings, *, seed: int, starts_at: datetime, city: CityPack, router: Router, matcher: TrackMatcher
) -> AsyncIterator[tuple[Marketplace, ManualClock, SimulatedStripe]]:
    """A marketplace in which nothing is left to chance, and its bank; owns the router. Refused in production."""
    settings.refuse_in_production("simulating")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(router.aclose)
        url = await stack.enter_async_context(_empty_database(settings))
        database = await stack.enter_async_context(open_database(url, pool_size=2))
        clock = JumpingClock(starts_at)
        works = Works(database, clock, source=random.Random(seed))  # noqa: S311 - a day to play with, no secret
        solver = stack.enter_context(SolverPool(1, grace_s=SOLVER_GRACE_S))
        stripe = await stack.enter_async_context(open_simulated_stripe(source=random.Random(seed)))  # noqa: S311 - as above
        marketplace = Marketplace(
            settings=settings,
            database_url=url,
            redis_url="",
            clock=clock,
            works=works,
            router=router,
            matcher=matcher,
            solver=solver,
            provider=stripe.provider,
            notifier=InboxNotifier(),
            object_store=MemoryObjectStore(),
            streams=EventStreams(works, url),
            positions=PositionBuffer(works),
            city=city,
        )
        yield marketplace, clock, stripe


@asynccontextmanager
async def _empty_database(settings: Settings) -> AsyncIterator[str]:
    """The database of the environment, if it is empty, or one that is thrown away afterwards; migrated."""
    if settings.database_url is not None:
        await _refuse_used(settings.database_url)
        await migrate(settings.database_url)
        yield settings.database_url
        return
    with tempfile.TemporaryDirectory(prefix="doorstep-simulation-") as folder:
        server = EmbeddedPostgres(Path(folder), is_throwaway=True)
        url = await server.start()
        try:
            await migrate(url)
            yield url
        finally:
            await server.stop()


async def _refuse_used(url: str) -> None:
    connection = await connect(url)
    try:
        if await connection.fetchval(HAS_MARKET):
            is_used = await connection.fetchval(IS_USED)
        else:
            is_used = await connection.fetchval(HAS_TABLES)
    finally:
        await connection.close()
    if is_used:
        raise DatabaseInUse("DATABASE_URL names a database that is in use; a simulation needs an empty one")
