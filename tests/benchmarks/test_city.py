"""A city of 10,000 open deliveries and 2,500 drivers: planned from nothing, and then one more order.

Through the product: snapshots, plans in solver processes, and commits on a real database; straight lines for streets,
since what streets cost is the router's affair. CPU seconds are those of this process, its solvers and its database
sessions. The order is timed from its commit until its route is committed, through relay, waker, queue and jobs.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.embedded import EmbeddedValkey
from marketplace.adapters.routers import StraightLineRouter
from marketplace.app import Marketplace
from marketplace.batches.events import BatchPosted
from marketplace.core.clock import DatabaseClock
from marketplace.core.errand import run_errand
from marketplace.core.ids import MarketId
from marketplace.core.nudge import Nudger
from marketplace.core.work import Works
from marketplace.matching import MatchMarket, MatchZone, SolverPool, zones_of
from tests.benchmarks.servers import cpu_s
from tests.marketplace.matching.cities import City, make_city
from tests.waiting import until
from workers.deadlines import DEADLINES
from workers.engine import Engine
from workers.jobs import BOUNDS, JOBS, turns_of
from workers.relay import publish_market
from workers.runner import RunJob

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1_800)]

RADIUS_KM_OF_1000 = 6.3
"""A larger city is a wider one, not a denser one."""
DRIVERS_EACH = 4
"""One driver for so many deliveries."""
ORDERS = 40
TICK_S = 0.005
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
MATCHING = ("match_market", "match_zone", "match_border", "match_near_driver")


async def city_of(works: Works, deliveries: int, **dials: Any) -> City:
    """A market in which everything waits and nobody has work."""
    async with works.open() as work:
        radius_km = RADIUS_KM_OF_1000 * (deliveries / 1_000) ** 0.5
        city = await make_city(work, shops=deliveries // 12, radius_km=radius_km, **dials)
        await work.execute("INSERT INTO stream_head (market_id) VALUES ($1)", city.market.id)
        await city.post(work, deliveries)
        await city.bring_online(work, deliveries // DRIVERS_EACH)
    async with works.read() as connection:
        await connection.execute("ANALYZE")
    return city


class Meter:
    """CPU seconds of this process, its solvers and its database sessions since the last call."""

    def __init__(self, works: Works, solver: SolverPool) -> None:
        self._works, self._solver = works, solver
        self._before: dict[int, float] = {}

    async def read(self) -> float:
        """What was used since the last reading, by processes that were there then or are new."""
        async with self._works.read() as connection:
            sessions = [row["pid"] for row in await connection.fetch(SESSIONS)]
        now = {pid: cpu_s(pid) for pid in [*sessions, *self._solver.process_ids]} | {0: time.process_time()}
        used = sum(seconds - self._before.get(pid, 0.0) for pid, seconds in now.items())
        self._before = now
        return used


async def plan_all(works: Works, solver: SolverPool, city: City) -> list[float]:
    """One look at the market and at each of its zones, one after the other; how long each zone's snapshot took."""
    router, reads = StraightLineRouter(), []
    await run_errand(works, MatchMarket(router=router, solver=solver, market_id=city.market.id))
    async with works.open() as work:
        zones = await zones_of(work, market_id=city.market.id)
    for zone in zones if len(zones) > 1 else ():
        look = MatchZone(router=router, solver=solver, zone_id=zone.id)
        began = time.perf_counter()
        async with works.open() as work:
            found = await look.read(work)
        reads.append(time.perf_counter() - began)
        if found is not None:
            answer = await look.call(found)
            async with works.open() as work:
                await look.record(work, found, answer)
    return reads


@pytest.mark.parametrize("deliveries", [1_000, 10_000])
async def test_a_city_is_planned_from_nothing(fresh_database: AsyncpgDBClient, deliveries: int) -> None:
    works = Works(fresh_database, DatabaseClock(), source=random.Random(7))
    with SolverPool(1, grace_s=60) as solver:
        warm = await city_of(works, 200)
        await plan_all(works, solver, warm)
        city = await city_of(works, deliveries)
        meter = Meter(works, solver)
        await meter.read()
        began = time.perf_counter()

        reads = await plan_all(works, solver, city)

        used_s, wall_s = await meter.read(), time.perf_counter() - began
    async with works.read() as connection:
        on_routes = await connection.fetchval(
            "SELECT count(*) FROM delivery WHERE market_id = $1 AND state = 'OFFERING'", city.market.id
        )
        routes = await connection.fetchval("SELECT count(*) FROM route WHERE market_id = $1", city.market.id)
    figures = {
        "cpu_s": round(used_s, 1),
        "wall_s": round(wall_s, 1),
        "zones": len(reads),
        "snapshot_p50_ms": round(median(reads) * 1e3, 1),
        "snapshot_p95_ms": round(quantiles(reads, n=20)[18] * 1e3, 1),
        "routes": routes,
        "on_routes": on_routes,
    }
    title = f"city of {deliveries} open deliveries and {deliveries // DRIVERS_EACH} drivers, from nothing"
    sys.stdout.write(f"\n{title}: {figures}\n" + json.dumps({"benchmark": title, "figures": figures}) + "\n")
    assert on_routes > 0.9 * deliveries


async def test_one_new_order_in_a_city(fresh_database: AsyncpgDBClient, fresh_url: str, tmp_path: Path) -> None:
    """The other deliveries are planned and held: their shops open in three hours."""
    valkey = EmbeddedValkey(tmp_path / "valkey", is_throwaway=True)
    try:
        redis_url = await valkey.start()
        with SolverPool(1, grace_s=60) as solver:
            async with Nudger(fresh_url) as nudger:
                works = Works(fresh_database, DatabaseClock(), source=random.Random(7), after_commit=nudger.nudge)
                city = await city_of(works, 10_000, replan_after_s=86_400, offer_ttl_s=600)
                async with works.open() as work:
                    await work.execute(
                        "UPDATE delivery SET pickup_opens_at = $1, pickup_closes_at = $2, dropoff_closes_at = $2",
                        work.now + timedelta(hours=3),
                        work.now + timedelta(hours=8),
                    )
                await plan_all(works, solver, city)
                await settle(works, city)
                meter = Meter(works, solver)
                async with working(works, fresh_url, redis_url, solver):
                    for _ in range(3):
                        await post_one(works, city)
                    lags = asyncio.create_task(lag())
                    await meter.read()
                    times = [await post_one(works, city) for _ in range(ORDERS)]
                    used_s = await meter.read()
                    lags.cancel()
                    late = await lags
    finally:
        await valkey.stop()
    spread = quantiles(times, n=20)
    figures = {
        "p50_ms": round(median(times) * 1e3),
        "p95_ms": round(spread[18] * 1e3),
        "cpu_ms_each": round(used_s / ORDERS * 1e3),
        "loop_lag_p99_ms": round(quantiles([one.wall_s for one in late], n=100)[98] * 1e3, 1),
        "loop_busy_p99_ms": round(quantiles([one.cpu_s for one in late], n=100)[98] * 1e3, 1),
        "loop_busy_max_ms": round(max(one.cpu_s for one in late) * 1e3, 1),
    }
    title = "one new order in a city of 10000 held deliveries, from its commit to its route's"
    sys.stdout.write(f"\n{title}: {figures}\n" + json.dumps({"benchmark": title, "figures": figures}) + "\n")


async def settle(works: Works, city: City) -> None:
    """What the first plans asked for is done already; nothing is due for a while."""
    while (await publish_market(works, MarketId(city.market.id)))[0]:
        pass
    async with works.open() as work:
        await work.execute("DELETE FROM job")
        await work.execute("UPDATE delivery SET plan_after = $1", work.now + timedelta(hours=2))


async def post_one(works: Works, city: City) -> float:
    """Seconds from the commit of an order, which is wanted soon, until it is on a committed route."""
    async with works.open() as work:
        (delivery_id,) = await city.post(work, 1)
        await work.execute(
            "UPDATE delivery SET dropoff_closes_at = $2 WHERE id = $1", delivery_id, work.now + timedelta(hours=1)
        )
        batch_id = await work.fetch_value("SELECT batch_id FROM delivery WHERE id = $1", delivery_id)
        posted = BatchPosted(
            market_id=city.market.id,
            shipper_id=city.shipper.id,
            batch_id=batch_id,
            delivery_count=1,
            price_minor=4200,
            currency="CLP",
        )
        work.emit(posted)
    began = time.perf_counter()
    await until(partial(is_planned, works, delivery_id), patience_s=60)
    return time.perf_counter() - began


async def is_planned(works: Works, delivery_id: UUID) -> bool:
    """Whether a delivery is on a route."""
    async with works.read() as connection:
        return bool(await connection.fetchval("SELECT state = 'OFFERING' FROM delivery WHERE id = $1", delivery_id))


@dataclass(frozen=True, slots=True)
class Late:
    """One return of the event loop: how much later than asked, and how much of that this process itself computed."""

    wall_s: float
    cpu_s: float


async def lag() -> Sequence[Late]:
    """Every return of the event loop until this is cancelled."""
    late: list[Late] = []
    try:
        while True:
            began, used = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK_S)
            late.append(Late(time.perf_counter() - began - TICK_S, time.process_time() - used))
    except asyncio.CancelledError:
        return late


@asynccontextmanager
async def working(works: Works, url: str, redis_url: str, solver: SolverPool) -> AsyncIterator[None]:
    """A worker's engine in this process that matches and does nothing else."""
    parts = cast("Marketplace", SimpleNamespace(works=works, router=StraightLineRouter(), solver=solver))

    async def nothing(_: UUID) -> None:
        return None

    jobs: dict[str, RunJob] = {kind: partial(job, parts) if kind in MATCHING else nothing for kind, job in JOBS.items()}
    engine = Engine(
        works=works,
        database_url=url,
        redis_url=redis_url,
        jobs=jobs,
        bounds=BOUNDS,
        turns=turns_of(parts),
        deadlines=DEADLINES,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(engine.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running
