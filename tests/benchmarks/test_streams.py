"""Fan-out: 200 sockets that follow a market, against a bare server that sends ready-made texts to 200 sockets.

And at the pace of a market: 1,000 sockets, two events a second each, beside what strawberry serves by itself.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
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
from tests.benchmarks.listeners import Listener, TimedListener, open_listeners
from tests.benchmarks.load import Load, post
from tests.benchmarks.measure import Contender, Result, Round, report
from tests.benchmarks.servers import Server, Servers, open_plain
from tests.benchmarks.world import World
from tests.waiting import until

OPERATORS, SOCKETS_EACH = 40, 5
LISTENERS = OPERATORS * SOCKETS_EACH
EVENTS_A_ROUND = 40
SOCKETS, EVENTS_A_SECOND, PACED_S = 1_000, 2, 10
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
        open_listeners(servers.api.port, "/graphql", sayings, b'"DriverWentOnline"', Listener) as our_listeners,
        open_listeners(
            servers.bare.port, "/listen", [()] * LISTENERS, b'"DriverWentOnline"', Listener
        ) as bare_listeners,
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


@pytest.mark.bench
@pytest.mark.timeout(600)
async def test_a_thousand_sockets_at_two_events_a_second(
    servers: Servers, world: World, fresh_url: str, tmp_path: Path
) -> None:
    tokens = await world.make_operators(SOCKETS // SOCKETS_EACH)
    sayings = [_sayings(world, token) for token in tokens for _ in range(SOCKETS_EACH)]
    async with (
        open_database(fresh_url, pool_size=2) as database,
        open_plain(tmp_path) as plain,
        Load.open(plain.port, 1) as load,
    ):
        works = Works(database, DatabaseClock())

        async def tell_ours(count: int) -> None:
            await _publish(works, world, count)

        async def tell_plain(count: int) -> None:
            await load.send([post("/tell", count)])

        paces = {
            "marketEvents": await _keep_pace(servers.api, sayings, tell_ours),
            "plain strawberry": await _keep_pace(plain, sayings, tell_plain),
        }

    lines = ["", f"streams: {SOCKETS:,} sockets, {EVENTS_A_SECOND} events a second each, for {PACED_S} s"]
    lines.append(f"{'':28}{'messages/s':>12}{'CPU us':>9}{'p50 ms':>8}{'p99 ms':>8}{'lost':>6}")
    for name, pace in paces.items():
        lines.append(
            f"{name:28}{pace['per_s']:12,.0f}{pace['server_us']:9,.0f}{pace['p50_ms']:8.1f}{pace['p99_ms']:8.1f}"
            f"{pace['lost']:6.0f}"
        )
    lines.append(orjson.dumps({"benchmark": "streams at a pace", "figures": paces}).decode())
    sys.stdout.write("\n".join(lines) + "\n")
    assert all(pace["lost"] == 0 for pace in paces.values())


async def _keep_pace(
    server: Server, sayings: Sequence[Sequence[bytes]], tell: Callable[[int], Awaitable[None]]
) -> dict[str, float]:
    """CPU for each message, and how late messages are by the clock of this machine, which their events carry."""
    events = PACED_S * EVENTS_A_SECOND
    async with open_listeners(server.port, "/graphql", sayings, b'"DriverWentOnline"', TimedListener) as listeners:
        while not all(listener.heard for listener in listeners):
            await tell(1)
            await asyncio.sleep(1)
        await asyncio.sleep(2)
        before, cpu_s, began = _heard(listeners), server.cpu_s(), perf_counter()
        for listener in listeners:
            listener.log.clear()
        for number in range(events):
            await asyncio.sleep(max(0.0, began + number / EVENTS_A_SECOND - perf_counter()))
            await tell(1)
        wanted = before + events * len(listeners)
        with suppress(TimeoutError):
            await until(lambda: _heard(listeners) >= wanted, patience_s=20)
        seconds, cpu_s = perf_counter() - began, server.cpu_s() - cpu_s
        late = [_late_ms(at, payload) for listener in listeners for at, payload in listener.log]
    count = len(late)
    return {
        "per_s": count / seconds,
        "server_us": cpu_s / count * 1e6,
        "p50_ms": median(late),
        "p99_ms": quantiles(late, n=100)[98],
        "lost": float(wanted - before - count),
    }


def _late_ms(at: float, payload: bytes) -> float:
    said = payload.partition(b'"occurredAt":')[2].partition(b'"')[2].partition(b'"')[0].decode()
    return (at - datetime.fromisoformat(said).timestamp()) * 1e3


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
