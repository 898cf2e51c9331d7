"""A stream that is open ends soon after its credential has, and says why: as server-sent events and over a socket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from marketplace.accounts import (
    Tokens,
    create_api_key,
    create_tracking_link,
    revoke_api_key,
    revoke_tracking_links,
    sign_out,
)
from marketplace.core.ids import DeliveryId, ShipperId, to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.tracking import EventStreams
from schema.asgi import build_app
from schema.conversation import Patience
from schema.documents import load_document
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.schema.conftest import Caller, sign_in_driver
from tests.schema.live import LiveMarketplace
from tests.schema.test_sockets import Server, closing, serve, subscribe

End = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who follows a stream, how their credential ends, and what they are told then."""

    caller: Caller
    payload: dict[str, Any]
    end: End
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server that looks at credentials again and again, and believes nobody for longer."""

    works: Works
    tokens: Tokens
    server: Server


@pytest.fixture
async def place(committed_works: Works, fresh_url: str, settings: Settings, tokens: Tokens) -> AsyncIterator[Place]:
    """The whole schema over real streams."""
    async with EventStreams(committed_works, fresh_url) as streams:
        await streams.until_connected()
        marketplace = LiveMarketplace(settings=settings, works=committed_works, streams=streams)
        app = build_app(marketplace, patience=Patience(look_every_s=0.1))
        app.state.edge.authenticator.believed_for = timedelta(0)
        async with serve(app) as server:
            yield Place(works=committed_works, tokens=tokens, server=server)


async def a_driver(place: Place) -> Reader:
    caller = await sign_in_driver(place.works, place.tokens)

    async def end() -> None:
        async with place.works.open() as work:
            await sign_out(work, principal=place.tokens.read_access(caller.credential))

    return Reader(
        caller=caller,
        payload={"query": load_document("driver", "offer_events"), "variables": {}},
        end=end,
        code="UNAUTHENTICATED",
        message="this session has ended; sign in again",
    )


async def a_shipper(place: Place) -> Reader:
    async with place.works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market, is_test=True)
        key = await create_api_key(work, shipper_id=ShipperId(shipper.id))

    async def end() -> None:
        async with place.works.open() as work:
            await revoke_api_key(work, shipper_id=ShipperId(shipper.id), key_id=key.id)

    return Reader(
        caller=Caller(id=shipper.id, market_id=market.id, credential=key.secret),
        payload={
            "query": load_document("portal", "delivery_events"),
            "variables": {"marketId": to_wire("market", market.id)},
        },
        end=end,
        code="UNAUTHENTICATED",
        message="this API key is not known or was revoked",
    )


async def a_recipient(place: Place) -> Reader:
    async with place.works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market)
        batch = await make_batch(work, market, shipper)
        delivery = await make_delivery(work, market, shipper, await make_hub(work, market), batch)
        token = await create_tracking_link(work, delivery_id=DeliveryId(delivery.id), tokens=place.tokens)

    async def end() -> None:
        async with place.works.open() as work:
            await revoke_tracking_links(work, delivery_ids=[delivery.id])

    return Reader(
        caller=Caller(id=delivery.id, market_id=market.id, credential=token),
        payload={"query": load_document("recipient", "delivery_events"), "variables": {}},
        end=end,
        code="LINK_ENDED",
        message="this link is not good, or not any more; ask the sender for a new one",
    )


READERS = [a_driver, a_shipper, a_recipient]


@pytest.mark.parametrize("make", READERS)
async def test_server_sent_events_end_with_the_reason(place: Place, make: Callable[[Place], Awaitable[Reader]]) -> None:
    reader = await make(place)
    headers = {**reader.caller.headers, "accept": "text/event-stream"}
    url = f"http://127.0.0.1:{place.server.port}/graphql"

    async with (
        httpx.AsyncClient(timeout=10) as http,
        http.stream("POST", url, json=reader.payload, headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        await reader.end()
        lines = [line async for line in response.aiter_lines() if line and not line.startswith(":")]

    assert [line for line in lines if line.startswith("event")] == ["event: next", "event: complete"]
    [error] = orjson.loads(lines[1].removeprefix("data: "))["errors"]
    assert (error["extensions"]["code"], error["message"]) == (reader.code, reader.message)


@pytest.mark.parametrize("make", READERS)
async def test_a_socket_is_closed_with_the_reason(place: Place, make: Callable[[Place], Awaitable[Reader]]) -> None:
    reader = await make(place)

    async with place.server.socket(reader.caller) as socket:
        await subscribe(socket, "a", reader.payload)
        await reader.end()
        code, reason = await closing(socket)

    assert (code, reason) == (4403, f"Forbidden: {reader.message}")
