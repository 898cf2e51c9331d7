"""A client that loses its connection again and again misses nothing, over a socket and over server-sent events."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from marketplace.batches.events import DeliveryMoved
from marketplace.core.ids import from_wire
from schema.documents import load_document
from schema.sockets import PROTOCOL
from tests.conftest import NOW
from tests.schema.test_cursors import World, city, world
from tests.schema.test_sockets import Server, greet, hear, serve, subscribe
from tests.waiting import until

__all__ = ["city", "world"]

DELIVERIES, STEPS, DISCONNECTS = 6, 60, 20
DOCUMENT = load_document("portal", "delivery_events")
Told = AsyncGenerator[dict[str, Any], None]


async def over_socket(server: Server, world: World, variables: dict[str, Any]) -> Told:
    """What a subscription tells over a socket."""
    async with connect(server.url, subprotocols=[Subprotocol(PROTOCOL)], proxy=None) as socket:
        await greet(socket, world.shipper)
        await subscribe(socket, "1", {"query": DOCUMENT, "variables": variables})
        try:
            while (message := await hear(socket))["type"] == "next":
                yield message["payload"]
            yield {"errors": message["payload"]}
        finally:
            # Lost, not taken leave of: with messages unread, a client's farewell waits ten seconds for its answer.
            socket.transport.abort()


async def over_events(server: Server, world: World, variables: dict[str, Any]) -> Told:
    """What a subscription tells over server-sent events."""
    headers = {**world.shipper.headers, "accept": "text/event-stream"}
    url = server.url.replace("ws://", "http://")
    content = {"query": DOCUMENT, "variables": variables}
    async with (
        httpx.AsyncClient(timeout=30, trust_env=False) as http,
        http.stream("POST", url, json=content, headers=headers) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                yield json.loads(line.removeprefix("data: "))


WAYS = pytest.mark.parametrize("listen", [over_socket, over_events])


def step(world: World, delivery: int, sequence: int) -> DeliveryMoved:
    return DeliveryMoved(
        market_id=world.operator.market_id,
        shipper_id=world.shipper.id,
        delivery_id=UUID(int=delivery),
        batch_id=UUID(int=9),
        sequence=sequence,
        state="EN_ROUTE_TO_DROPOFF",
        route_id=UUID(int=5),
        driver_id=UUID(int=6),
        occurred_at=NOW,
    )


@WAYS
@pytest.mark.parametrize("from_memory", [False, True])
async def test_twenty_disconnects_miss_nothing_and_turn_nothing_around(
    world: World, listen: Callable[[Server, World, dict[str, Any]], Told], from_memory: bool
) -> None:
    """What was missed comes from the table, or from memory where somebody else has gone on listening."""
    source = random.Random(5)
    cursor = (await world.api.ask(load_document("portal", "event_cursor"), {"marketId": world.market}, world.shipper))[
        "eventCursor"
    ]
    places = dict.fromkeys(range(DELIVERIES), 0)

    async def happen() -> None:
        for _ in range(STEPS):
            chosen = source.sample(range(DELIVERIES), 4)
            for delivery in chosen:
                places[delivery] += 1
            await world.tell(*(step(world, delivery, places[delivery]) for delivery in chosen))

    total = 4 * STEPS
    stops = [*sorted(source.sample(range(1, total), DISCONNECTS)), total]
    heard: list[tuple[int, int]] = []
    async with AsyncExitStack() as stack, serve(world.api.app) as server:
        if from_memory:
            await stack.enter_async_context(
                world.listening("portal/delivery_events", world.shipper, marketId=world.market)
            )
        happening = asyncio.create_task(happen())
        for stop in stops:
            told = listen(server, world, {"marketId": world.market, "after": cursor})
            async with asyncio.timeout(60), aclosing(told):
                while len(heard) < stop:
                    event = (await anext(told))["data"]["deliveryEvents"]
                    cursor = event["cursor"]
                    heard.append((from_wire("delivery", event["deliveryId"]).int, event["sequence"]))
        await happening

    expected = {delivery: list(range(1, places[delivery] + 1)) for delivery in range(DELIVERIES)}
    assert {delivery: [place for one, place in heard if one == delivery] for delivery in expected} == expected
    assert len(heard) == total


@WAYS
async def test_an_expired_cursor_is_refused_with_the_present_state_and_where_to_go_on(
    world: World, listen: Callable[[Server, World, dict[str, Any]], Told]
) -> None:
    await world.tell(step(world, 1, 1))
    async with serve(world.api.app) as server:
        told = listen(server, world, {"marketId": world.market, "after": "of-another-stream"})
        async with asyncio.timeout(60), aclosing(told):
            [error] = (await anext(told))["errors"]
        again = listen(server, world, {"marketId": world.market, "after": error["extensions"]["cursor"]})
        async with asyncio.timeout(60), aclosing(again):
            waiting = asyncio.create_task(anext(again))
            await asyncio.sleep(0.3)
            await world.tell(step(world, 1, 2))
            event = (await waiting)["data"]["deliveryEvents"]

    assert error["extensions"]["code"] == "CURSOR_EXPIRED"
    assert error["extensions"]["snapshot"] == {"deliveries": [], "isWhole": True}
    assert event["sequence"] == 2


async def test_a_stream_ends_when_its_client_leaves_and_gives_its_seats_back(world: World) -> None:
    app = world.api.app
    async with serve(app) as server:
        for _ in range(25):
            told = over_events(server, world, {"marketId": world.market})
            waiting = asyncio.create_task(anext(told))
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await told.aclose()

        last = over_events(server, world, {"marketId": world.market})
        async with asyncio.timeout(60), aclosing(last):
            waiting = asyncio.create_task(anext(last))
            await asyncio.sleep(0.3)
            await world.tell(step(world, 1, 1))
            assert (await waiting)["data"]["deliveryEvents"]["sequence"] == 1


async def test_what_everybody_is_told_alike_is_written_out_once(world: World) -> None:
    operation = world.api.app.state.edge.documents.prepare(DOCUMENT).select(None)
    async with (
        world.listening("portal/delivery_events", world.shipper, marketId=world.market) as first,
        world.listening("portal/delivery_events", world.shipper, marketId=world.market) as second,
    ):
        await world.tell(step(world, 1, 1), step(world, 1, 2))
        await until(lambda: len(first.events) == len(second.events) == 2)

    assert operation.told is not None
    assert first.events == second.events
    assert [json.loads(text)["data"]["deliveryEvents"] for text in operation.told._texts.values()] == first.events


async def test_a_selection_that_hangs_on_a_variable_is_answered_for_each(world: World) -> None:
    text = (
        "subscription($marketId: ID!, $with: Boolean!)"
        " {deliveryEvents(marketId: $marketId) {name sequence @include(if: $with)}}"
    )

    prepared = world.api.app.state.edge.documents.prepare(text)

    assert prepared.select(None).told is None


async def test_a_subscription_needs_somebody_who_asks(world: World) -> None:
    content = {"query": DOCUMENT, "variables": {"marketId": world.market}}

    response = await world.api.http.post("/graphql", json=content, headers={"accept": "text/event-stream"})

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
