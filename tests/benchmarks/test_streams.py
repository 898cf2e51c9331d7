"""Fan-out: 200 sockets that follow a market, against a bare server that sends ready-made texts to 200 sockets."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

import orjson
import pytest

from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.notices import PUBLISHED
from marketplace.core.outbox import publish_events
from marketplace.core.work import Works
from marketplace.fleet.events import DriverWentOnline
from schema.documents import load_document
from tests.benchmarks.listeners import Listener, open_listeners
from tests.benchmarks.load import Load, post
from tests.benchmarks.measure import Contender, Result, Round, report
from tests.benchmarks.servers import Servers
from tests.benchmarks.world import World
from tests.waiting import until

OPERATORS, SOCKETS_EACH = 40, 5
LISTENERS = OPERATORS * SOCKETS_EACH
EVENTS_A_ROUND = 40
ROUNDS = 5
READY_MADE = (
    '{"type":"next","id":"1","payload":{"data":{"marketEvents":{"name":"DriverWentOnline","cursor":"'
    + "x" * 40
    + '","occurredAt":"2026-03-02T15:00:00.123456Z","marketId":"mkt_'
    + "0" * 32
    + '","driverId":"drv_'
    + "0" * 32
    + '"}}}}'
)


@pytest.mark.bench
async def test_telling_200_sockets(servers: Servers, world: World, fresh_url: str) -> None:
    tokens = await world.make_operators(OPERATORS)
    sayings = [_sayings(world, token) for token in tokens for _ in range(SOCKETS_EACH)]
    ours = Result(Contender(name="marketEvents", server=servers.api, requests=lambda _: ()))
    bare = Result(Contender(name="bare broadcast", server=servers.bare, requests=lambda _: ()))

    async with (
        open_database(fresh_url, pool_size=2) as database,
        open_listeners(servers.api.port, "/graphql", sayings, b'"DriverWentOnline"') as our_listeners,
        open_listeners(servers.bare.port, "/listen", [()] * LISTENERS, b'"DriverWentOnline"') as bare_listeners,
        Load.open(servers.bare.port, 1) as load,
    ):
        works = Works(database, DatabaseClock())
        await _until_all_hear(works, world, our_listeners)
        for number in range(ROUNDS + 1):
            for result, listeners in ((ours, our_listeners), (bare, bare_listeners)):
                wanted = len(listeners) * EVENTS_A_ROUND + sum(listener.heard for listener in listeners)
                began, cpu_s = perf_counter(), result.contender.server.cpu_s()
                if result is ours:
                    await _publish(works, world, EVENTS_A_ROUND)
                else:
                    await load.send([post("/tell", [READY_MADE] * EVENTS_A_ROUND)])
                await until(lambda heard=listeners, wanted=wanted: _heard(heard) >= wanted)  # type: ignore[misc]
                seconds, cpu_s = perf_counter() - began, result.contender.server.cpu_s() - cpu_s
                assert _heard(listeners) == wanted
                if number:
                    result.rounds.append(Round(LISTENERS * EVENTS_A_ROUND, seconds, cpu_s, 0.0, ()))

    title = f"streams: {EVENTS_A_ROUND} events told to {LISTENERS} sockets"
    report(
        title,
        {"bare broadcast": bare, "marketEvents": ours},
        baseline={"marketEvents": "bare broadcast"},
        unit="messages",
    )


async def _until_all_hear(works: Works, world: World, listeners: Sequence[Listener]) -> None:
    """Subscribing takes a moment for each; it is done when an event reaches everybody."""
    while not all(listener.heard for listener in listeners):
        await _publish(works, world, 1)
        await asyncio.sleep(0.5)
    await asyncio.sleep(0.5)


async def _publish(works: Works, world: World, count: int) -> None:
    """What the relay does: commits events, gives them their places, and says so."""
    market_id = MarketId(world.market_id)
    async with works.open() as work:
        for _ in range(count):
            work.emit(DriverWentOnline(market_id=market_id, driver_id=work.new_id()))
    async with works.open() as work:
        await publish_events(work, market_id)
    await world.admin.execute("SELECT pg_notify($1, $2)", PUBLISHED, str(market_id))


def _heard(listeners: Sequence[Listener]) -> int:
    return sum(listener.heard for listener in listeners)


def _sayings(world: World, token: str) -> list[bytes]:
    operation = {
        "query": load_document("operations", "market_events"),
        "variables": {"marketId": to_wire("market", world.market_id)},
    }
    return [
        orjson.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}),
        orjson.dumps({"type": "subscribe", "id": "1", "payload": operation}),
    ]
