"""acceptOffer while operations pile up before a payment provider that hangs, beside the same with a healthy one.

A worker process sends what waits in the outbox through a tap before the Stripe stand-in. Rounds with the tap open and
rounds with it shut take turns, so that whatever else happens on the machine happens to both.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from uuid import UUID

import pytest

from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.payments import OperationKind, want_operation
from schema.documents import load_document
from tests.benchmarks.load import Load, Reply, post
from tests.benchmarks.servers import Servers, is_answering, start_process
from tests.benchmarks.tap import Tap, open_tap
from tests.benchmarks.world import OpenOffer, World
from tests.processes import NO_ROUTER, free_port
from tests.waiting import until

ROUNDS = 3
ROUTES_A_ROUND = 100
OPERATIONS_A_ROUND = 100
BEGUN_S = 1.0
"""So long does the worker have operations under way before the first accept of a round."""
MODES = {True: "healthy", False: "hanging"}
OPEN = "SELECT count(*) FROM stripe_operation WHERE state IN ('READY', 'SENT', 'UNKNOWN')"
TAKEN_UP = "SELECT count(*) FROM stripe_operation WHERE attempts > 0"


@pytest.mark.bench
@pytest.mark.timeout(400)
async def test_accepting_offers_while_the_payment_provider_hangs(
    servers: Servers, world: World, fresh_url: str, tmp_path: Path
) -> None:
    offers = await world.make_offers(ROUTES_A_ROUND * (ROUNDS + 1) * 2, deliveries=4)
    await world.admin.execute("ANALYZE")
    speeds: dict[str, list[float]] = {name: [] for name in MODES.values()}
    replies: dict[str, list[Reply]] = {name: [] for name in MODES.values()}
    piled: dict[str, int] = {}

    async with _payments(fresh_url, tmp_path) as tap, open_database(fresh_url, pool_size=1) as database:
        works = Works(database, DatabaseClock())
        for number in range(ROUNDS + 1):
            for is_open in (True, False) if number % 2 else (False, True):
                some = [offers.pop() for _ in range(ROUTES_A_ROUND)]
                tap.turn(is_open=is_open)
                await _pile_up(works, world.market_id)
                await asyncio.sleep(BEGUN_S)
                seconds, heard = await _accept_all(servers, some)
                assert all(b'"guaranteeMinor":4930' in reply.body for reply in heard)
                piled[MODES[is_open]] = await world.admin.fetchval(OPEN)
                if number:
                    speeds[MODES[is_open]].append(len(some) / seconds)
                    replies[MODES[is_open]] += heard
        assert await world.admin.fetchval(TAKEN_UP) > 0, "the worker has sent"

    _report(speeds, replies, piled)


def _report(speeds: dict[str, list[float]], replies: dict[str, list[Reply]], piled: dict[str, int]) -> None:
    figures = {
        name: {
            "accepts_per_s": round(median(found), 1),
            "p50_ms": round(median(reply.seconds for reply in replies[name]) * 1e3, 2),
            "p99_ms": round(quantiles([reply.seconds for reply in replies[name]], n=100)[98] * 1e3, 2),
            "open_operations": piled[name],
        }
        for name, found in speeds.items()
    }
    ratio = figures["hanging"]["accepts_per_s"] / figures["healthy"]["accepts_per_s"]
    title = f"accept beside a payment provider: {OPERATIONS_A_ROUND} more operations wanted in each round"
    lines = ["", title, f"{'':10}{'accepts/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'operations open':>18}"]
    lines += [
        f"{name:10}{own['accepts_per_s']:12,.0f}{own['p50_ms']:9.1f}{own['p99_ms']:9.1f}{own['open_operations']:18,.0f}"
        for name, own in figures.items()
    ]
    lines.append(f"hanging / healthy: {ratio:.2f}")
    lines.append(json.dumps({"benchmark": title, "figures": figures, "hanging_to_healthy": round(ratio, 3)}))
    sys.stdout.write("\n".join(lines) + "\n")


async def _accept_all(servers: Servers, offers: Sequence[OpenOffer]) -> tuple[float, list[Reply]]:
    async with Load.open(servers.api.port) as load:
        await load.send([post("/graphql", {"query": load_document("driver", "me")}, token=one.token) for one in offers])
        began = perf_counter()
        heard = await load.send([_accept(one) for one in offers])
        return perf_counter() - began, heard


def _accept(offer: OpenOffer) -> bytes:
    variables = {"offerId": to_wire("offer", offer.offer_id), "idempotencyKey": offer.offer_id.hex}
    query = load_document("driver", "accept_offer")
    return post("/graphql", {"query": query, "variables": variables}, token=offer.token)


async def _pile_up(works: Works, market_id: UUID) -> None:
    async with works.open() as work:
        for _ in range(OPERATIONS_A_ROUND):
            await want_operation(
                work, market_id=market_id, kind=OperationKind.CREATE_CUSTOMER, subject_id=work.new_id(), params={}
            )


@asynccontextmanager
async def _payments(url: str, folder: Path) -> AsyncIterator[Tap]:
    """A stand-in, the tap before it, and a worker that sends through the tap."""
    log, port = folder / "payments.log", free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOORSTEP_", "REDIS_"))}
    environment |= {
        "DATABASE_URL": url,
        "DOORSTEP_STATE_FOLDER": str(folder / "worker"),
        "DOORSTEP_CITY": "grid",
        "ROUTER_URL": NO_ROUTER,
    }
    async with AsyncExitStack() as stack:
        stand_in = start_process(["-m", "marketplace", "stripe-sandbox", "--port", str(port)], environment, log)
        stack.push_async_callback(asyncio.to_thread, stand_in.wait)
        stack.callback(stand_in.terminate)
        await until(lambda: is_answering(stand_in, port, log), patience_s=60)
        tap = await stack.enter_async_context(open_tap(port))
        at_tap = {"DOORSTEP_STRIPE_URL": f"http://127.0.0.1:{tap.port}"}
        worker = start_process(["-m", "marketplace", "work"], environment | at_tap, log)
        stack.push_async_callback(asyncio.to_thread, worker.wait)
        stack.callback(worker.terminate)
        await _until_it_sends(url)
        yield tap
        tap.turn(is_open=True)  # a worker that is told to stop ends what it has begun


async def _until_it_sends(url: str) -> None:
    """The worker works as soon as a first operation is done."""
    async with open_database(url, pool_size=1) as database:
        works = Works(database, DatabaseClock())
        async with works.open() as work:
            market_id = await work.fetch_value("SELECT id FROM market LIMIT 1")
        await _pile_up(works, market_id)

        async def is_sent() -> bool:
            async with works.open() as work:
                return bool(await work.fetch_value("SELECT EXISTS (SELECT FROM stripe_operation WHERE state = 'DONE')"))

        await until(is_sent, patience_s=90)
