"""How long it takes to say which of a day's windows can be kept, in a market with a full day before it.

Through the product: SQL, street router behind its cache, probe in a thread. A recipient's door is new to the cache each
time; the other places of the plan are known, as they are after any look of the matcher. CPU is that of this process.
Beside it stands bare insertion: one door tried in every window at every position of the same drivers' days, in plain
loops, with travel times and days already there. Only this part: `make bench ARGS='-k look_at_a_day'`.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import pytest

from marketplace.adapters.city import PlaceSampler, load_city_pack, make_grid_city
from marketplace.adapters.routers import CachedRouter, GraphRouter
from marketplace.batches.models import Delivery
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.hubs import Opening
from marketplace.routes import RouteState
from marketplace.windows import WindowQuestion, delivery_windows
from tests.benchmarks.bare_insertion import fleet_of_a_day, insert_everywhere
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

DRIVERS, ASKED = 60, 60
DRIVEN, ON_OFFER, ON_A_ROUTE, WAITING = 25, 15, 5, 300
"""Routes with a driver, routes on offer, deliveries of each; with those that wait 500 deliveries are open."""
TODAY = date(2026, 3, 2)
HALF_HOURS = Opening(window_s=1_800, notice_s=0)
"""Sixteen windows of half an hour are left of the tests' day, which begins at noon."""


class Clocks:
    """Wall and CPU milliseconds of one thing that is done again and again."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.cpus: list[float] = []

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Times one turn."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.walls.append(1000 * (time.perf_counter() - wall))
        self.cpus.append(1000 * (time.process_time() - cpu))

    def figures(self) -> dict[str, int]:
        """Middle and 95th percentile of all turns but the first, which finds nothing in any cache."""
        kept = {"wall": self.walls[1:], "cpu": self.cpus[1:]}
        return {f"{name}_p50_ms": round(median(one)) for name, one in kept.items()} | {
            f"{name}_p95_ms": round(quantiles(one, n=20)[-1]) for name, one in kept.items()
        }


async def test_how_long_a_look_at_a_day_takes(committed_works: Works, tmp_path: Path) -> None:
    pack = os.environ.get("DOORSTEP_BENCH_CITY")
    city = load_city_pack(Path(pack)) if pack else make_grid_city(tmp_path / "city")
    draw = random.Random(5)
    count = DRIVERS + (DRIVEN + ON_OFFER) * ON_A_ROUTE + WAITING + ASKED + 1
    places = [one.point for one in PlaceSampler(city).draw_places(draw, count)]
    asking = await _furnish(committed_works, draw, places)
    router = CachedRouter(GraphRouter(city.folder))
    looks, windows = Clocks(), 0
    try:
        for delivery_id in asking:
            with looks.turn():
                question = WindowQuestion(day=TODAY, shipper_id=None, delivery_id=delivery_id)
                day = await delivery_windows(committed_works, router=router, question=question)
            windows += len(day.windows)
    finally:
        await router.aclose()
    bare = Clocks()
    for number in range(len(asking)):
        fleet, durations_s = fleet_of_a_day(drivers=DRIVERS, visits=WAITING // DRIVERS * 2, seed=number)
        with bare.turn():
            insert_everywhere(fleet, durations_s, windows=16)

    told = looks.figures() | {"first_wall_ms": round(looks.walls[0]), "windows_offered": round(windows / ASKED, 1)}
    sys.stdout.write(f"\nwindows of a day, {DRIVERS} drivers, 500 open deliveries: {json.dumps(told)}\n")
    sys.stdout.write(f"bare insertion into as many full days: {json.dumps(bare.figures())}\n")
    assert windows > ASKED


async def _furnish(works: Works, draw: random.Random, places: list[Point]) -> list[UUID]:
    """Drivers all over the city, some of them busy, a hub, a full day's deliveries, and those whose recipients ask."""
    async with works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market)
        middle = places.pop()
        hub = await make_hub(work, market, lat=middle.lat, lon=middle.lon, opening=HALF_HOURS.as_json())
        batch = await make_batch(work, market, shipper)
        drivers = [await make_driver(work, market, place=places.pop()) for _ in range(DRIVERS)]

        async def post(opens_in: timedelta) -> Delivery:
            place, opens = places.pop(), work.now + opens_in
            return await make_delivery(
                work,
                market,
                shipper,
                hub,
                batch,
                dropoff_lat=place.lat,
                dropoff_lon=place.lon,
                dropoff_opens_at=opens,
                dropoff_closes_at=opens + timedelta(hours=2),
                pickup_closes_at=opens + timedelta(hours=2),
            )

        for driver in drivers[: DRIVEN + ON_OFFER]:
            state = RouteState.ASSIGNED if driver in drivers[:DRIVEN] else RouteState.OFFERING
            deliveries = [await post(timedelta(0)) for _ in range(ON_A_ROUTE)]
            await make_route(work, market, deliveries, driver=driver, state=state)
        for _ in range(WAITING):
            await post(timedelta(minutes=draw.randrange(0, 360)))
        return [(await post(timedelta(days=1))).id for _ in range(ASKED)]
