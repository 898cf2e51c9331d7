"""Streams begin where a reader says: at the cursor of the state it has read, or with the latest events of a market."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from marketplace.accounts import PrincipalKind, Tokens, add_operator, create_api_key, open_session
from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.batches.events import DeliveryPosted
from marketplace.core.errors import Refusal
from marketplace.core.events import Event
from marketplace.core.ids import MarketId, ShipperId, to_wire
from marketplace.core.outbox import publish_events
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.fleet.events import DriverWentOnline
from marketplace.offers.events import OfferSent
from marketplace.tracking import EventStreams
from schema.asgi import build_app
from schema.documents import load_document
from schema.edge import Edge
from schema.execution import stream
from tests.builders import make_driver, make_market, make_shipper
from tests.conftest import NOW
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.waiting import until


@dataclass(slots=True, kw_only=True)
class LiveMarketplace(TestMarketplace):
    """The parts of a marketplace that streams need."""

    streams: EventStreams


@dataclass(slots=True, kw_only=True)
class Listener:
    """What one subscriber has heard."""

    events: list[dict[str, Any]] = field(default_factory=list)
    refusal: str | None = None

    @property
    def names(self) -> list[str]:
        return [event["name"] for event in self.events]

    @property
    def drivers(self) -> list[str]:
        return [event["driverId"] for event in self.events]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A market whose streams run, with an operator and a driver."""

    api: Api
    streams: EventStreams
    works: Works
    operator: Caller
    driver: Caller
    shipper: Caller

    @property
    def market(self) -> str:
        return to_wire("market", self.operator.market_id)

    async def publish(self, *numbers: int) -> None:
        """Drivers with these numbers come online, and an offer goes to the driver of this world."""
        market_id = self.operator.market_id
        for number in numbers:
            await self.tell(
                DriverWentOnline(market_id=market_id, driver_id=UUID(int=number)),
                OfferSent(
                    market_id=market_id,
                    offer_id=UUID(int=number),
                    route_id=UUID(int=1),
                    driver_id=self.driver.id,
                    wave_number=1,
                    pay_minor=number,
                    currency="CLP",
                    expires_at=NOW,
                ),
            )

    async def tell(self, *events: Event) -> None:
        """Lets something happen in the market; subscribers see it when they look next."""
        async with self.works.open() as work:
            for event in events:
                work.emit(event)
        async with self.works.open() as work:
            await publish_events(work, MarketId(self.operator.market_id))
        for feed in self.streams._feeds.values():
            feed.bell.set()

    @asynccontextmanager
    async def listening(self, document: str, caller: Caller, **variables: Any) -> AsyncIterator[Listener]:
        """Listens until the block ends."""
        edge: Edge = self.api.app.state.edge
        principal = await edge.authenticator.principal_of(f"Bearer {caller.credential}", address="test")
        context = edge.context(principal=principal, address="test", request_id="test")
        operation = edge.documents.prepare(load_document(*document.split("/"))).select(None)
        listener = Listener()

        async def listen() -> None:
            try:
                async for answer in stream(edge.schema, operation, variables, context):
                    [event] = orjson.loads(answer)["data"].values()
                    listener.events.append(event)
            except Refusal as refusal:
                listener.refusal = refusal.code

        before = self.subscribers
        task = asyncio.create_task(listen())
        await until(lambda: task.done() or self.subscribers > before)
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def subscribers(self) -> int:
        return sum(len(feed._subscribers) for feed in self.streams._feeds.values())


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    """A small city of straight streets."""
    return make_grid_city(Path(tmp_path_factory.mktemp("city")), blocks=6)


@pytest.fixture
async def world(committed_works: Works, fresh_url: str, city: CityPack) -> AsyncIterator[World]:
    """A market in a database of its own, with streams over it."""
    settings = Settings()
    tokens = Tokens(settings.secret.get_secret_value())
    async with EventStreams(committed_works, fresh_url) as streams:
        await streams.until_connected()
        marketplace = LiveMarketplace(settings=settings, works=committed_works, streams=streams, city=city)
        async with committed_works.open() as work:
            market = await make_market(work)
            driver = await make_driver(work, market)
            ana = await make_shipper(work, market)
            key = await create_api_key(work, shipper_id=ShipperId(ana.id))
            marta = await add_operator(work, name="Marta", email="marta@example.com", market_id=MarketId(market.id))
            sessions = {
                principal_id: await open_session(work, kind=kind, principal_id=principal_id, tokens=tokens)
                for kind, principal_id in ((PrincipalKind.DRIVER, driver.id), (PrincipalKind.OPERATOR, marta))
            }

        def caller(id_: UUID, credential: str) -> Caller:
            return Caller(id=id_, market_id=market.id, credential=credential)

        api = Api(build_app(marketplace))
        async with api.http:
            yield World(
                api=api,
                streams=streams,
                works=committed_works,
                operator=caller(marta, sessions[marta].access_token),
                driver=caller(driver.id, sessions[driver.id].access_token),
                shipper=caller(ana.id, key.secret),
            )


def drivers(*numbers: int) -> list[str]:
    return [to_wire("driver", UUID(int=number)) for number in numbers]


async def test_who_loads_a_market_and_subscribes_after_its_cursor_misses_nothing_and_hears_nothing_twice(
    world: World,
) -> None:
    await world.publish(1, 2)
    loaded = await world.api.ask(load_document("operations", "market"), {"id": world.market}, world.operator)
    await world.publish(3)

    after = loaded["market"]["cursor"]
    async with world.listening("operations/market_events", world.operator, marketId=world.market, after=after) as heard:
        await until(lambda: len(heard.events) == 2)
        await world.publish(4)
        await until(lambda: len(heard.events) == 4)

    assert heard.names == ["DriverWentOnline", "OfferSent"] * 2
    assert [event["driverId"] for event in heard.events[::2]] == drivers(3, 4)


async def test_a_driver_begins_at_the_cursor_that_was_asked_for_before_the_offers(world: World) -> None:
    await world.publish(1)
    cursor = (await world.api.ask(load_document("driver", "event_cursor"), None, world.driver))["eventCursor"]
    await world.publish(2)

    async with world.listening("driver/offer_events", world.driver, after=cursor) as heard:
        await world.publish(3)
        await until(lambda: len(heard.events) == 2)

    assert [event["amountMinor"] for event in heard.events] == [2, 3]


async def test_a_shipper_begins_at_a_cursor_of_the_market(world: World) -> None:
    await world.publish(1)
    variables = {"marketId": world.market}
    cursor = (await world.api.ask(load_document("portal", "event_cursor"), variables, world.shipper))["eventCursor"]
    posted = DeliveryPosted(
        market_id=world.operator.market_id,
        shipper_id=world.shipper.id,
        delivery_id=UUID(int=7),
        batch_id=UUID(int=8),
        sequence=1,
        state="SCHEDULED",
    )
    await world.tell(posted)

    async with world.listening("portal/delivery_events", world.shipper, **variables, after=cursor) as heard:
        await until(lambda: len(heard.events) == 1)

    assert heard.names == ["DeliveryPosted"]


async def test_an_empty_market_has_a_cursor_too(world: World) -> None:
    variables = {"marketId": world.market}
    cursor = (await world.api.ask(load_document("operations", "event_cursor"), variables, world.operator))[
        "eventCursor"
    ]
    await world.publish(1)

    async with world.listening("operations/market_events", world.operator, **variables, after=cursor) as heard:
        await until(lambda: len(heard.events) == 2)

    assert heard.names == ["DriverWentOnline", "OfferSent"]


async def test_a_feed_begins_with_the_latest_events(world: World) -> None:
    await world.publish(1, 2, 3)

    async with world.listening("operations/market_events", world.operator, marketId=world.market, last=3) as heard:
        await until(lambda: len(heard.events) == 3)
        await world.publish(4)
        await until(lambda: len(heard.events) == 5)

    assert [event["amountMinor"] for event in heard.events] == [2, None, 3, None, 4]


async def test_a_longer_backlog_than_there_is_begins_at_the_beginning(world: World) -> None:
    await world.publish(1)

    async with world.listening("operations/market_events", world.operator, marketId=world.market, last=200) as heard:
        await until(lambda: len(heard.events) == 2)

    assert heard.names == ["DriverWentOnline", "OfferSent"]


async def test_a_cursor_counts_more_than_a_backlog(world: World) -> None:
    await world.publish(1, 2)
    variables = {"marketId": world.market}
    cursor = (await world.api.ask(load_document("operations", "event_cursor"), variables, world.operator))[
        "eventCursor"
    ]
    await world.publish(3)

    both = {**variables, "after": cursor, "last": 200}
    async with world.listening("operations/market_events", world.operator, **both) as heard:
        await until(lambda: len(heard.events) == 2)

    assert heard.drivers[0] == drivers(3)[0]


@pytest.mark.parametrize("last", [-1, 201])
async def test_a_backlog_has_bounds(world: World, last: int) -> None:
    async with world.listening("operations/market_events", world.operator, marketId=world.market, last=last) as heard:
        await until(lambda: heard.refusal is not None)

    assert (heard.refusal, heard.events) == ("BAD_BACKLOG", [])


async def test_a_driver_hears_of_no_other_market_and_others_must_name_one(world: World) -> None:
    text = load_document("portal", "event_cursor")
    elsewhere = to_wire("market", UUID(int=5))

    other = await world.api.send(text, {"marketId": elsewhere}, world.driver)
    none = await world.api.send("{ eventCursor }", None, world.operator)

    assert other.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert none.json()["errors"][0]["extensions"] == {"code": "INVALID", "retryable": False, "field": "marketId"}
