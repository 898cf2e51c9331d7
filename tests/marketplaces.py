"""A whole marketplace for tests: a database of its own, streets of the generated city, in-memory vendors."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.adapters.routers import GraphRouter
from marketplace.adapters.stripe import open_simulated_stripe
from marketplace.app import Marketplace, open_pushes, open_webhooks
from marketplace.core.clock import Clock
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.matching import SolverPool
from marketplace.payments import PaymentProvider
from marketplace.tracking import EventStreams, PositionBuffer


@dataclass(frozen=True, slots=True)
class Town:
    """What takes long to start and remembers nothing: streets with their router, and the solver."""

    city: CityPack
    router: GraphRouter
    solver: SolverPool


@asynccontextmanager
async def open_town(folder: Path) -> AsyncIterator[Town]:
    """The streets of a generated city, and a solver."""
    city = make_grid_city(folder / "city", blocks=20)
    router = GraphRouter(city.folder)
    await router.start()
    try:
        with SolverPool(1) as solver:
            yield Town(city, router, solver)
    finally:
        await router.aclose()


@asynccontextmanager
async def open_test_marketplace(
    url: str,
    database: AsyncpgDBClient,
    clock: Clock,
    folder: Path,
    town: Town,
    *,
    provider: PaymentProvider | None = None,
) -> AsyncIterator[Marketplace]:
    """Real matcher, real streets of a generated city, and twins of the vendors that tell what they were asked.

    Payments go to a stand-in of the marketplace's own, unless a test brings the `provider` of its payment world.
    """
    works = Works(database, clock, source=random.Random(7))
    pushes = open_pushes(Settings(webhooks_on_this_machine=True, state_folder=folder))
    try:
        async with (
            EventStreams(works, url) as streams,
            PositionBuffer(works) as positions,
            open_webhooks(Settings(webhooks_on_this_machine=True), works) as webhooks,
            open_simulated_stripe() as stripe,
        ):
            yield Marketplace(
                settings=Settings(state_folder=folder),
                database_url=url,
                redis_url="",
                clock=clock,
                works=works,
                router=town.router,
                matcher=town.router,
                solver=town.solver,
                provider=provider or stripe.provider,
                notifier=InboxNotifier(),
                object_store=MemoryObjectStore(),
                streams=streams,
                positions=positions,
                webhooks=webhooks,
                pushes=pushes,
                city=town.city,
            )
    finally:
        await pushes.aclose()
