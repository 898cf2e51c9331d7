"""A market on the map for the tests of the console: three drivers, a route under way, and a browser to look with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import uvicorn

from marketplace.accounts import PrincipalKind, SignedIn, Tokens, add_operator, open_session
from marketplace.adapters.city import CityPack
from marketplace.adapters.geocoders import StreetGeocoder
from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.events import Event
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.notices import PUBLISHED, Notices
from marketplace.core.outbox import publish_events
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.fleet.events import DriverWentOnline
from marketplace.routes import RouteState
from marketplace.tracking import EventStreams
from schema.asgi import build_app
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.schema.conftest import TestMarketplace
from tests.waiting import until

EMAIL = "marta@example.com"
EVIL_NAME = '<img src=x onerror="document.title=1">'
CENTRE = Point(lat=-29.94, lon=-71.28)
IS_LIVE = "document.getElementById('connection-text').textContent === 'Live'"


@dataclass(slots=True, kw_only=True)
class LiveMarketplace(TestMarketplace):
    """The parts of a marketplace that the live map needs."""

    streams: EventStreams
    router: StraightLineRouter = field(default_factory=StraightLineRouter)
    geocoder: StreetGeocoder | None = None


@dataclass(slots=True, kw_only=True)
class World:
    """A market on the map: three drivers, one of them under way, and two deliveries that wait."""

    marketplace: LiveMarketplace
    notices: Notices
    market_id: UUID
    driver_ids: dict[str, UUID]
    route_id: UUID
    session: SignedIn
    now: datetime
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def signed_in_url(self) -> str:
        return f"{self.url}ops#market={to_wire('market', self.market_id)}&token={self.session.access_token}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answers until the block ends; every time on the same port."""
        config = uvicorn.Config(
            build_app(self.marketplace),
            host="127.0.0.1",
            port=self.port,
            lifespan="off",
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.should_exit = True
            await task

    async def publish(self, *events: Event) -> None:
        """Lets something happen in the market."""
        async with self.marketplace.works.open() as work:
            for event in events:
                work.emit(event)
        async with self.marketplace.works.open() as work:
            await publish_events(work, MarketId(self.market_id))
        await self.notices.send(PUBLISHED, str(self.market_id))

    def came_online(self, name: str) -> DriverWentOnline:
        return DriverWentOnline(market_id=self.market_id, driver_id=self.driver_ids[name])


@asynccontextmanager
async def open_world(works: Works, url: str, city: CityPack) -> AsyncIterator[World]:
    """A market with a little of everything, and its streams."""
    settings = Settings()
    tokens = Tokens(settings.secret.get_secret_value())
    async with EventStreams(works, url) as streams, Notices(url) as notices:
        await streams.until_connected()
        await notices.until_connected()
        marketplace = LiveMarketplace(settings=settings, works=works, city=city, streams=streams)
        yield await make_world(marketplace, notices, tokens)


async def make_world(marketplace: LiveMarketplace, notices: Notices, tokens: Tokens) -> World:
    async with marketplace.works.open() as work:
        market = await make_market(work)
        hub = await make_hub(work, market, lat=CENTRE.lat, lon=CENTRE.lon)
        shipper = await make_shipper(work, market)
        batch = await make_batch(work, market, shipper)
        homes = [{"dropoff_lat": CENTRE.lat + step / 500, "dropoff_lon": CENTRE.lon} for step in range(1, 5)]
        deliveries = [await make_delivery(work, market, shipper, hub, batch, **home) for home in homes]
        drivers = {
            name: await make_driver(work, market, name=name, kind=kind, place=CENTRE)
            for name, kind in (
                ("Ana Rojas", ContractKind.DEDICATED),
                ("Bruno Araya", ContractKind.CONTRACTED),
                (EVIL_NAME, ContractKind.CROWDSOURCED),
            )
        }
        route, _ = await make_route(
            work, market, deliveries[:2], driver=drivers["Ana Rojas"], state=RouteState.STARTED, started_at=work.now
        )
        operator_id = await add_operator(work, name="Marta", email=EMAIL, market_id=MarketId(market.id))
        session = await open_session(work, kind=PrincipalKind.OPERATOR, principal_id=operator_id, tokens=tokens)
    return World(
        marketplace=marketplace,
        notices=notices,
        market_id=market.id,
        driver_ids={name: driver.id for name, driver in drivers.items()},
        route_id=route.id,
        session=session,
        now=work.now,
    )
