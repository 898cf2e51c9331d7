"""Before a driver accepts a route, nothing says where exactly it goes or to whom; afterwards only the winner knows."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.outbox import publish_events
from marketplace.core.work import Work
from marketplace.fleet.models import Driver
from marketplace.tracking import EventStreams, StreamFilter
from marketplace.tracking.cursor import write_cursor
from schema.events import event_of
from schema.results import engine_schema
from schema.schema import schema as strawberry_schema
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.marketplace.offers.worlds import open_offers, send_wave
from tests.schema.tenants import Tenants, open_tenants
from tests.schema.whole_fields import whole_operations
from tests.waiting import until

SCHEMA = engine_schema(strawberry_schema)
HUB, HOMES = Point(lat=-29.9011, lon=-71.2488), [Point(lat=-29.9622, lon=-71.3377), Point(lat=-29.9433, lon=-71.3166)]
PRIVATE = ("Calle Balmaceda 300", "Centro", "Avenida Privada", "Luz Privada", "+5691111", "timbre privado", "90210")
"""Streets, names, phones, instructions and a PIN, or their beginnings."""
FIND_ALONE_DEGREES = 0.0005
"""Two coordinates as close as this, some fifty metres, would find the door."""
READS = ("myOffers", "myRoute", "myProfile", "myEarnings", "me")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A route with two deliveries that is on offer to two drivers."""

    tenants: Tenants
    market_id: MarketId
    drivers: list[Driver]
    offers: list[str]
    credentials: list[str]

    async def ask(self, who: int, name: str, **variables: Any) -> str:
        """Everything that a field answers to a driver."""
        responses = [
            await self.tenants.ask(text, variables, self.credentials[who]) for text in whole_operations(SCHEMA, name)
        ]
        assert [response.json().get("errors") for response in responses] == [None] * len(responses)
        return "".join(response.text for response in responses)

    async def told(self, who: int) -> list[Any]:
        """Every event of a driver, as the API tells it."""
        async with self.tenants.marketplace.works.open() as work:
            await publish_events(work, self.market_id)
        wanted = StreamFilter(driver_id=self.drivers[who].id)
        heard: list[Any] = []

        async def listen() -> None:
            async for event in streams.subscribe(self.market_id, write_cursor(self.market_id, 0), wanted):
                heard.append(vars(event_of(event)))  # noqa: PERF401 - what was heard stays when the stream is cut

        async with EventStreams(self.tenants.marketplace.works, self.tenants.marketplace.database_url) as streams:
            listening = asyncio.create_task(listen())
            await until(lambda: any(feed._subscribers for feed in streams._feeds.values()))
        await asyncio.gather(listening, return_exceptions=True)
        return heard


@pytest.fixture
async def call(
    fresh_url: str, fresh_database: AsyncpgDBClient, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Call]:
    """Two drivers who are asked at the same time."""
    async with open_tenants(fresh_url, fresh_database, clock, tmp_path) as tenants:
        works = tenants.marketplace.works
        async with works.open() as work:
            market = await make_market(work, wave_size=2)
            drivers = [await make_driver(work, market, place=Point(lat=-29.91, lon=-71.26)) for _ in range(2)]
            route_id = await make_private_route(work, market)
            credentials = [await sign_in(work, tenants, driver) for driver in drivers]
        await send_wave(works, route_id)
        async with works.open() as work:
            offers = await open_offers(work, route_id)
        yield Call(
            tenants=tenants,
            market_id=MarketId(market.id),
            drivers=drivers,
            offers=[to_wire("offer", offers[driver.id]) for driver in drivers],
            credentials=credentials,
        )


async def make_private_route(work: Work, market: Any) -> Any:
    shipper = await make_shipper(work, market)
    hub = await make_hub(work, market, lat=HUB.lat, lon=HUB.lon)
    batch = await make_batch(work, market, shipper)
    deliveries = [
        await make_delivery(
            work,
            market,
            shipper,
            hub,
            batch,
            dropoff_lat=home.lat,
            dropoff_lon=home.lon,
            dropoff_address=f"Avenida Privada {number}",
            recipient_name=f"Luz Privada {number}",
            recipient_phone=f"+5691111000{number}",
            instructions="timbre privado",
            requirements=["PIN_AT_DROPOFF"],
            pin=f"90210{number}",
        )
        for number, home in enumerate(HOMES)
    ]
    route, _ = await make_route(work, market, deliveries)
    return route.id


async def sign_in(work: Work, tenants: Tenants, driver: Driver) -> str:
    tokens = Tokens(tenants.marketplace.settings.secret.get_secret_value())
    lasts = timedelta(hours=1)
    opened = await open_session(
        work, kind=PrincipalKind.DRIVER, principal_id=driver.id, tokens=tokens, access_lasts=lasts
    )
    return opened.access_token


def private(text: str) -> list[str]:
    """What in a text would lead to a door: private words, and numbers that are close to a true coordinate."""
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", text)]
    true = [coordinate for place in (HUB, *HOMES) for coordinate in (place.lat, place.lon)]
    close = {str(one) for one in numbers for coordinate in true if abs(one - coordinate) < FIND_ALONE_DEGREES}
    return [word for word in PRIVATE if word in text] + sorted(close)


async def test_before_acceptance_nobody_knows_where_it_goes(call: Call) -> None:
    for who in range(2):
        answers = [await call.ask(who, name) for name in READS]
        answers.append(await call.ask(who, "viewOffer", offerId=call.offers[who], idempotencyKey="look"))
        events = await call.told(who)

        assert call.offers[who] in answers[0]
        assert '"requirements":["PIN_AT_DROPOFF"]' in answers[0]
        assert private("".join(answers)) == []
        assert [event["name"] for event in events] == ["OfferSent"]
        assert private(str(events)) == []


async def test_an_area_is_about_a_kilometre_and_holds_the_stop(call: Call) -> None:
    response = await call.tenants.ask(
        "{ myOffers { route { stops { place area { lat lon } } } } }", {}, call.credentials[0]
    )

    (offer,) = response.json()["data"]["myOffers"]
    areas = [stop["area"] for stop in sorted(offer["route"]["stops"], key=lambda stop: stop["place"])]
    for area, place in zip(areas, [HUB, *HOMES], strict=True):
        assert abs(area["lat"] - place.lat) <= 0.005
        assert abs(area["lon"] - place.lon) <= 0.005
        assert (round(area["lat"] * 1000) % 10, round(area["lon"] * 1000) % 10) == (5, 5)


async def test_after_acceptance_only_the_winner_knows_and_not_the_pin(call: Call) -> None:
    accepted = await call.ask(0, "acceptOffer", offerId=call.offers[0], idempotencyKey="yes")
    late = await call.ask(1, "acceptOffer", offerId=call.offers[1], idempotencyKey="yes")

    words = set(PRIVATE) - {"90210"}
    assert words <= set(private(accepted))
    assert words <= set(private(await call.ask(0, "myRoute")))
    assert "90210" not in accepted + await call.ask(0, "myRoute")

    assert "OFFER_TAKEN" in late
    assert private(late + "".join([await call.ask(1, name) for name in READS])) == []
    events = [await call.told(who) for who in range(2)]
    assert [[event["name"] for event in told] for told in events] == [
        ["OfferSent", "RouteAssigned", "DeliveryAssigned", "DeliveryAssigned", "OfferAccepted"],
        ["OfferSent", "OfferWithdrawn"],
    ]
    assert private(str(events)) == []


async def test_who_says_no_knows_no_more_than_before(call: Call) -> None:
    declined = await call.ask(0, "declineOffer", offerId=call.offers[0], idempotencyKey="no")
    again = await call.ask(0, "acceptOffer", offerId=call.offers[0], idempotencyKey="yes")

    assert "OFFER_DECLINED" in again
    assert private(declined + again + await call.ask(0, "myOffers")) == []
