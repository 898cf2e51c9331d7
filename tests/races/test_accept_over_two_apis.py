"""Drivers who accept at the same moment over two API processes: every route has one driver, every driver one route."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Works
from tests.clients import Client, token_of_driver
from tests.marketplace.offers.worlds import make_world, send_wave
from tests.processes import Api, open_stage

pytestmark = pytest.mark.timeout(400)

CONNECTIONS = 40
"""Requests in flight to each API: more than it serves at a time, no more than it lets in."""
PATIENCE_S = 60.0
LOSSES = {"OFFER_TAKEN", "OFFER_WITHDRAWN", "ROUTE_CHANGED", "DRIVER_ENGAGED", "OFFER_EXPIRED"}


@dataclass(frozen=True, slots=True)
class Doors:
    """Two API processes over one database."""

    works: Works
    apis: Sequence[Api]
    https: Sequence[httpx.AsyncClient]

    def client(self, token: str, number: int) -> Client:
        """A driver's app that talks to one of the two."""
        which = number % len(self.apis)
        return Client(self.https[which], self.apis[which].url, "driver", token)


@dataclass(frozen=True, slots=True)
class Asked:
    """A market in which every driver is asked for every route."""

    market_id: UUID
    tokens: dict[UUID, str]
    offers: list[tuple[UUID, UUID, UUID]]
    """Driver, route and offer."""


@pytest.fixture(scope="module")
async def doors(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    """Two API processes for all tests of this module."""
    folder = Path(tmp_path_factory.mktemp("doors"))
    async with open_stage(server_url, template, folder) as stage, stage.works() as works:
        apis = await asyncio.gather(stage.serve(), stage.serve())
        limits = httpx.Limits(max_connections=CONNECTIONS)
        async with AsyncExitStack() as stack:
            https = [
                await stack.enter_async_context(httpx.AsyncClient(limits=limits, timeout=PATIENCE_S)) for _ in apis
            ]
            yield Doors(works, apis, https)


async def ask_all(works: Works, *, drivers: int, routes: int) -> Asked:
    """Offers every route to every driver."""
    async with works.open() as work:
        world = await make_world(
            work, drivers=drivers, routes=routes, wave_size=drivers, open_offers_per_driver=routes, offer_ttl_s=3600
        )
        tokens = {driver.id: await token_of_driver(work, driver.id) for driver in world.drivers}
    for route_id in world.route_ids:
        assert await send_wave(works, route_id) == drivers
    async with works.open() as work:
        rows = await work.fetch("SELECT driver_id, route_id, id FROM offer WHERE market_id = $1", world.market.id)
    offers = [(row["driver_id"], row["route_id"], row["id"]) for row in rows]
    random.Random(4).shuffle(offers)  # so that yeses to all routes arrive at the same time
    return Asked(world.market.id, tokens, offers)


async def kept(works: Works, asked: Asked) -> dict[str, Any]:
    """What the database says of who has what."""
    async with works.open() as work:
        row = await work.fetch_row(
            """
            SELECT (SELECT count(*) FROM offer WHERE market_id = $1 AND state = 'ACCEPTED') AS offers_accepted,
                   (SELECT count(*) FROM offer WHERE market_id = $1 AND state IN ('SENT', 'VIEWED')) AS offers_open,
                   (SELECT count(*) FROM route WHERE market_id = $1 AND state = 'ASSIGNED') AS routes_assigned,
                   (SELECT count(DISTINCT driver_id) FROM route WHERE market_id = $1) AS drivers,
                   (SELECT count(*) FROM offer o JOIN route r ON r.id = o.route_id AND r.driver_id = o.driver_id
                     WHERE o.market_id = $1 AND o.state = 'ACCEPTED') AS pairs,
                   (SELECT count(*) FROM event WHERE market_id = $1 AND name = 'OfferAccepted') AS events
            """,
            asked.market_id,
        )
    assert row is not None
    return dict(row)


async def test_twenty_drivers_who_accept_twenty_routes_at_once_have_one_each(doors: Doors) -> None:
    asked = await ask_all(doors.works, drivers=20, routes=20)
    clients = [doors.client(asked.tokens[driver], i) for i, (driver, _, _) in enumerate(asked.offers)]

    answers = await asyncio.gather(
        *(
            client("accept_offer", offerId=to_wire("offer", offer), idempotencyKey=f"yes-{offer}")
            for client, (_, _, offer) in zip(clients, asked.offers, strict=True)
        )
    )

    won = [
        (driver, route)
        for (driver, route, _), answer in zip(asked.offers, answers, strict=True)
        if answer.get("code") is None
    ]
    losses = Counter(answer["code"] for answer in answers if "code" in answer)
    statuses = sum((client.statuses for client in clients), Counter())
    sys.stdout.write(f"\n{len(won)} winners, losers: {dict(losses)}, answers: {dict(statuses)}\n")
    assert (len({driver for driver, _ in won}), len({route for _, route in won}), len(won)) == (20, 20, 20)
    assert losses.total() == 380
    assert losses.keys() <= LOSSES
    assert statuses.keys() == {200}
    assert await kept(doors.works, asked) == {
        "offers_accepted": 20,
        "offers_open": 0,
        "routes_assigned": 20,
        "drivers": 20,
        "pairs": 20,
        "events": 20,
    }


async def test_ten_yeses_of_one_driver_at_once_are_one_route(doors: Doors) -> None:
    asked = await ask_all(doors.works, drivers=1, routes=10)
    [token] = asked.tokens.values()

    answers = await asyncio.gather(
        *(
            doors.client(token, i)("accept_offer", offerId=to_wire("offer", offer), idempotencyKey=f"yes-{offer}")
            for i, (_, _, offer) in enumerate(asked.offers)
        )
    )

    won = [answer for answer in answers if "code" not in answer]
    assert len(won) == 1
    assert {answer["code"] for answer in answers if "code" in answer} == {"OFFER_WITHDRAWN"}
    found = await kept(doors.works, asked)
    assert (found["offers_accepted"], found["routes_assigned"], found["events"]) == (1, 1, 1)
    assert found["offers_open"] == 0


async def test_one_yes_sent_twenty_times_is_answered_alike_and_told_once(doors: Doors) -> None:
    asked = await ask_all(doors.works, drivers=2, routes=1)
    driver, route, offer = asked.offers[0]

    answers = await asyncio.gather(
        *(
            doors.client(asked.tokens[driver], i)(
                "accept_offer", offerId=to_wire("offer", offer), idempotencyKey="the one yes"
            )
            for i in range(20)
        )
    )

    assert all(answer == answers[0] for answer in answers)
    assert from_wire("route", answers[0]["route"]["id"]) == route
    found = await kept(doors.works, asked)
    assert (found["offers_accepted"], found["drivers"], found["events"]) == (1, 1, 1)
