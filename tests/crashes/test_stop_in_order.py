"""SIGTERM ends a process in order: what is under way is finished, sockets are told, and nothing is left behind."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from marketplace.core.ids import MarketId, to_wire
from marketplace.core.jobs import WantedJob, make_jobs
from marketplace.core.work import Works
from schema.documents import load_document
from tests.clients import Client, token_of_driver
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave
from tests.processes import Process, Stage
from tests.races.together import until_one_waits
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)

STOP_WITHIN_S = 10.0
LOCK_ROUTE = "SELECT id FROM route WHERE id = $1 FOR UPDATE"
GOING_AWAY = {1001, 1012}


@dataclass(frozen=True, slots=True)
class Offered:
    """A route that is on offer to a driver."""

    route_id: UUID
    offer_id: UUID
    token: str


async def make_offered(works: Works) -> Offered:
    """A market with a driver and an offer."""
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    [route_id] = world.route_ids
    await send_wave(works, route_id)
    async with works.open() as work:
        [(driver_id, offer_id)] = (await open_offers(work, route_id)).items()
        return Offered(route_id, offer_id, await token_of_driver(work, driver_id))


@asynccontextmanager
async def subscribed(
    url: str,
    token: str,
    *,
    app: str = "driver",
    document: str = "offer_events",
    variables: dict[str, Any] | None = None,
) -> AsyncIterator[ClientConnection]:
    """A socket with a live subscription, a driver's to offers unless another one is named."""
    async with connect(url.replace("http:", "ws:") + "/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        query = {"query": load_document(app, document), "variables": variables or {}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": query}))
        yield socket


async def close_code(socket: ClientConnection) -> int | None:
    """Reads a socket to its end and returns the code with which it was closed."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else None


async def stopped(process: Process, told_at: float) -> None:
    """Waits for the end of a process that was told to stop, and asserts that it was one in order."""
    assert await process.ended() == 0, process.log
    took_s = asyncio.get_running_loop().time() - told_at
    sys.stdout.write(f"\n{process.name} has ended {took_s:.2f} s after the word to stop\n")
    assert took_s < STOP_WITHIN_S
    assert "Traceback" not in process.log
    await until(lambda: not process.has_left_somebody)


async def test_an_api_that_is_told_to_stop_answers_what_it_has_taken_in(stage: Stage, stage_works: Works) -> None:
    api = await stage.serve(has_streets=True)
    offered = await make_offered(stage_works)

    async with httpx.AsyncClient(timeout=60) as http, subscribed(api.url, offered.token) as socket:
        driver = Client(http, api.url, "driver", offered.token)
        async with stage_works.open() as work:
            await work.execute(LOCK_ROUTE, offered.route_id)
            yes = {"offerId": to_wire("offer", offered.offer_id), "idempotencyKey": "yes"}
            accepting = asyncio.create_task(driver.once("accept_offer", **yes))
            await until_one_waits(stage_works)
            told_at = asyncio.get_running_loop().time()
            api.tell_to_stop()
            assert await close_code(socket) in GOING_AWAY

        accepted = await accepting
        assert accepted["route"]["id"] == to_wire("route", offered.route_id)
        assert await driver.once("my_offers") is None
    await stopped(api, told_at)


async def test_a_worker_that_is_told_to_stop_ends_the_job_that_it_has_begun(stage: Stage, stage_works: Works) -> None:
    worker = await stage.work()
    async with stage_works.open() as work:
        world = await make_world(work, drivers=1)
    await stage.until_working()
    [route_id] = world.route_ids

    async with stage_works.open() as work:
        await work.execute(LOCK_ROUTE, route_id)
        async with stage_works.open() as other:
            job = WantedJob(market_id=MarketId(world.market.id), kind="send_wave", subject=str(route_id))
            await make_jobs(other, [job])
        await until_one_waits(stage_works)
        told_at = asyncio.get_running_loop().time()
        worker.tell_to_stop()
        await asyncio.sleep(0.5)

    await stopped(worker, told_at)
    async with stage_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM job WHERE kind = 'send_wave'") == 0
        assert len(await open_offers(work, route_id)) == 1
