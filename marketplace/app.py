"""The composition root: settings, clock and adapters become one Marketplace.

What a process does with it, answering requests or working off jobs, is not decided here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import SecretStr
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.city import BadCityPack, CityPack, ensure_city_pack, load_city_pack, make_grid_city
from marketplace.adapters.embedded import EmbeddedPostgres, EmbeddedValkey, ServerUnavailable
from marketplace.adapters.geocoders import PhotonGeocoder, StreetGeocoder
from marketplace.adapters.notifiers import (
    AppriseNotifier,
    ByChannelNotifier,
    ConsoleNotifier,
    HttpNotifier,
    PushNotifier,
    development_key,
    new_key,
)
from marketplace.adapters.object_stores import FolderObjectStore
from marketplace.adapters.routers import CachedRouter, FallbackRouter, GraphRouter, OsrmRouter, StraightLineRouter
from marketplace.adapters.stripe import ClosedProvider, DevelopmentStripe, StripeProvider, fixed_secrets
from marketplace.adapters.webhooks import HttpCourier
from marketplace.addresses import Geocoder
from marketplace.alerts import LONGEST_ENDPOINT, PushDoor
from marketplace.core.clock import Clock, DatabaseClock, pace
from marketplace.core.database import open_database
from marketplace.core.errors import CannotStart
from marketplace.core.failpoints import check_failpoint
from marketplace.core.grants import ROLE, can_rewrite_history
from marketplace.core.metrics import CONNECTIONS, watch
from marketplace.core.migrate import check_version
from marketplace.core.notifier import Channel, Notifier
from marketplace.core.nudge import Nudger
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.matching import SolverPool
from marketplace.payments import PaymentProvider
from marketplace.routes import ObjectStore
from marketplace.routing import Router, TrackMatcher
from marketplace.tracking import EventStreams, PositionBuffer, TrafficFollower
from marketplace.webhooks import SecretBox, WebhookSender

log = structlog.get_logger(__name__)

LOOK_AFTER_SERVERS_EVERY_S = 1.0
STAND_IN_KEY = "sk_test_stand_in"
"""What a stand-in of one's own takes where no key is set."""


@dataclass(slots=True, kw_only=True)
class Marketplace:
    """Everything a process needs, opened and ready."""

    settings: Settings
    database_url: str
    """Where a connection is a session of its own, for notices: the server itself, also where a pooler is in between."""
    redis_url: str
    clock: Clock
    works: Works
    router: Router
    matcher: TrackMatcher
    solver: SolverPool
    provider: PaymentProvider
    notifier: Notifier
    object_store: ObjectStore
    streams: EventStreams
    positions: PositionBuffer
    webhooks: WebhookSender
    city: CityPack
    geocoder: Geocoder | None = None
    pushes: PushDoor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where PostgreSQL and Valkey answer."""

    database_url: str
    redis_url: str


@asynccontextmanager
async def open_servers(settings: Settings) -> AsyncIterator[Servers]:
    """The servers that the environment names, or embedded ones in the state folder, started if nobody has yet.

    Settings that are unsafe are refused before anything is started: production never has servers of its own.
    """
    settings.check()
    async with AsyncExitStack() as stack:
        database_url, redis_url = settings.database_url, settings.redis_url
        if database_url is None:
            postgres = EmbeddedPostgres(settings.state_folder / "postgres")
            database_url = await stack.enter_async_context(kept_running(postgres))
        if redis_url is None:
            valkey = EmbeddedValkey(settings.state_folder / "valkey")
            redis_url = await stack.enter_async_context(kept_running(valkey))
        yield Servers(database_url=database_url, redis_url=redis_url)


@asynccontextmanager
async def kept_running(server: EmbeddedPostgres | EmbeddedValkey) -> AsyncIterator[str]:
    """An embedded server's URL; the server is started again when it dies, and stopped at the end."""
    url = await server.start()

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_AFTER_SERVERS_EVERY_S)
            try:
                await server.start()
            except ServerUnavailable as failure:
                log.warning("an embedded server does not come back yet", failure=str(failure))

    watching = asyncio.create_task(watch(), name=f"keep {type(server).__name__}")
    try:
        yield url
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await server.stop()


@asynccontextmanager
async def open_marketplace(settings: Settings, servers: Servers) -> AsyncIterator[Marketplace]:
    """Opens every part in order, closes them in reverse; refuses unsafe settings and a database of another version."""
    settings.check()
    check_failpoint(is_production=settings.is_production)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(servers.database_url, pool_size=settings.pool_size))
        _watch_pool(database)
        session_url = settings.session_url or servers.database_url
        nudger = await stack.enter_async_context(Nudger(session_url))
        clock = DatabaseClock()
        works = Works(database, clock, after_commit=nudger.nudge)
        async with works.read() as connection:
            await check_version(connection)
            if settings.is_production and await can_rewrite_history(connection):
                log.warning(
                    "this database user owns the ledger; use one of the role", role=ROLE, see="deploy/users.sql"
                )
        city = await open_city(settings)
        streets = GraphRouter(city.folder)  # also matches tracks where another engine routes; starts when it is asked
        stack.push_async_callback(streets.aclose)
        router = await open_router(settings, streets)
        stack.push_async_callback(router.aclose)
        geocoder = await open_geocoder(settings, city)
        if geocoder is not None:
            stack.push_async_callback(geocoder.aclose)
        await stack.enter_async_context(TrafficFollower(works, router, city_pack=city.meta.name))
        solver = stack.enter_context(SolverPool(settings.solver_processes))
        async with works.read() as connection:
            factor = await pace(connection)
        provider = open_provider(settings, factor=factor)
        stack.push_async_callback(provider.aclose)
        notifier, pushes = open_notifier(settings), open_pushes(settings)
        notifier.ways[Channel.PUSH] = pushes
        stack.push_async_callback(notifier.aclose)
        streams = await stack.enter_async_context(EventStreams(works, session_url))
        positions = await stack.enter_async_context(PositionBuffer(works))
        webhooks = await stack.enter_async_context(open_webhooks(settings, works))
        yield Marketplace(
            settings=settings,
            database_url=session_url,
            redis_url=servers.redis_url,
            clock=clock,
            works=works,
            router=router,
            geocoder=geocoder,
            matcher=streets,
            solver=solver,
            provider=provider,
            notifier=notifier,
            pushes=pushes,
            object_store=FolderObjectStore(settings.state_folder / "objects"),
            streams=streams,
            positions=positions,
            webhooks=webhooks,
            city=city,
        )


def _watch_pool(database: AsyncpgDBClient) -> None:
    """Shows how many connections are in use. The pool is looked up each time: it is made anew after a server's end."""

    def idle() -> int:
        return database._pool.get_idle_size() if database._pool is not None else 0

    watch(CONNECTIONS, idle, use="idle")
    watch(CONNECTIONS, lambda: database._pool.get_size() - idle() if database._pool is not None else 0, use="busy")


async def open_city(settings: Settings) -> CityPack:
    """The streets of the settings: the default city, the generated grid, or a pack in a folder of its own."""
    folder = settings.state_folder / "city"
    match settings.city:
        case "coquimbo":
            return await ensure_city_pack(folder)
        case "grid":
            return await asyncio.to_thread(_load_or_draw_grid, folder / "grid-city")
        case place:
            return await asyncio.to_thread(load_city_pack, Path(place))


def _load_or_draw_grid(folder: Path) -> CityPack:
    with suppress(BadCityPack):
        return load_city_pack(folder)
    return make_grid_city(folder)


def open_provider(settings: Settings, *, factor: float) -> PaymentProvider:
    """Stripe, where there is a key for it; in development a stand-in that lives at the market's pace."""
    key = settings.stripe_secret_key
    if key is None and settings.is_production:
        return ClosedProvider()
    if key is None and settings.stripe_url is None:
        return DevelopmentStripe(settings.state_folder / "stripe", public_url=settings.public_url, factor=factor)
    return StripeProvider(
        key.get_secret_value() if key else STAND_IN_KEY,
        url=settings.stripe_url,
        secrets=fixed_secrets(_each(settings.stripe_webhook_secrets), _each(settings.stripe_connect_webhook_secrets)),
    )


def _each(secrets: SecretStr | None) -> list[str]:
    """The secrets of a setting that may hold several, with commas between."""
    return [one.strip() for one in secrets.get_secret_value().split(",") if one.strip()] if secrets else []


def open_webhooks(settings: Settings, works: Works) -> WebhookSender:
    """The senders of webhooks; they begin when a worker asks them to look."""
    courier = HttpCourier(
        may_loop_back=settings.webhooks_on_this_machine, only_loop_back_to=settings.webhook_receiver_on_this_machine
    )
    return WebhookSender(works, courier, SecretBox(settings.secret.get_secret_value()))


def open_notifier(settings: Settings) -> ByChannelNotifier:
    """A way for each channel: the company's message services, Apprise for operations, the console in development.

    One-time codes may be read on the console, so production must name where they go.
    """
    ways: dict[Channel, Notifier] = {}
    if settings.email_url:
        ways[Channel.EMAIL] = HttpNotifier(settings.email_url, _said(settings.email_token))
    if settings.apprise_urls:
        ways[Channel.OPERATORS] = AppriseNotifier(settings.apprise_urls.get_secret_value().split())
    if settings.notifier_url:
        return ByChannelNotifier(HttpNotifier(settings.notifier_url, _said(settings.notifier_token)), ways)
    if settings.is_production:
        raise CannotStart("production mode: DOORSTEP_NOTIFIER_URL must name the service that sends codes and messages")
    return ByChannelNotifier(ConsoleNotifier(), ways)


def open_pushes(settings: Settings) -> PushNotifier:
    """The way to browsers. Whoever changes its key ends every subscription, so production names one and keeps it."""
    if settings.push_key is None and settings.is_production:
        raise CannotStart(f"production mode: DOORSTEP_PUSH_KEY must be your own, kept for good (try {new_key()})")
    key = settings.push_key.get_secret_value() if settings.push_key else development_key(settings.state_folder)
    courier = HttpCourier(may_loop_back=settings.webhooks_on_this_machine, longest_url=LONGEST_ENDPOINT)
    return PushNotifier(courier, key, public_url=settings.public_url)


def _said(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


async def open_router(settings: Settings, streets: GraphRouter) -> Router:
    """The street router of the settings, cached, with the straight line behind it for when it does not answer."""
    if settings.router_url:
        return FallbackRouter(CachedRouter(OsrmRouter(settings.router_url)), StraightLineRouter())
    await streets.start()  # or the first questions would run into the time-out while the streets are loaded
    return FallbackRouter(CachedRouter(streets), StraightLineRouter())


async def open_geocoder(settings: Settings, city: CityPack) -> Geocoder | None:
    """The geocoder of the settings; in development the city's streets; in production none unless one is named."""
    if settings.geocoder_url:
        return PhotonGeocoder(settings.geocoder_url)
    return None if settings.is_production else await asyncio.to_thread(StreetGeocoder, city)
