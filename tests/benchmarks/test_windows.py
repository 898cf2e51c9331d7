"""How long it takes to say which of a day's windows can be kept, in a market with a full day before it.

Through the product: SQL, street router behind its cache, probe in a thread. A recipient's door is new to the cache each
time; the other places of the plan are known, as they are after any look of the matcher. CPU is that of this process.
"""

import json
import os
import random
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import pytest

from marketplace.adapters.city import PlaceSampler, load_city_pack, make_grid_city
from marketplace.adapters.routers import CachedRouter, GraphRouter
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.hubs import Opening
from marketplace.windows import WindowQuestion, delivery_windows
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_shipper

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

DRIVERS, WAITING, ASKED = 40, 110, 60
TODAY = date(2026, 3, 2)
HALF_HOURS = Opening(window_s=1_800, notice_s=0)
"""Sixteen windows of half an hour are left of the tests' day, which begins at noon."""


async def test_how_long_a_look_at_a_day_takes(committed_works: Works, tmp_path: Path) -> None:
    pack = os.environ.get("DOORSTEP_BENCH_CITY")
    city = load_city_pack(Path(pack)) if pack else make_grid_city(tmp_path / "city")
    draw = random.Random(5)
    places = [one.point for one in PlaceSampler(city).draw_places(draw, DRIVERS + WAITING + ASKED + 1)]
    asking = await _furnish(committed_works, draw, places)
    router = CachedRouter(GraphRouter(city.folder))
    try:
        walls, cpus, windows = [], [], 0
        for delivery_id in asking:
            wall, cpu = time.perf_counter(), time.process_time()
            question = WindowQuestion(day=TODAY, shipper_id=None, delivery_id=delivery_id)
            day = await delivery_windows(committed_works, router=router, question=question)
            walls.append(1000 * (time.perf_counter() - wall))
            cpus.append(1000 * (time.process_time() - cpu))
            windows += len(day.windows)
    finally:
        await router.aclose()

    warm, warm_cpu = walls[1:], cpus[1:]
    figures = {
        "first_ms": round(walls[0]), "p50_ms": round(median(warm)), "p95_ms": round(quantiles(warm, n=20)[-1]),
        "cpu_p50_ms": round(median(warm_cpu)), "cpu_p95_ms": round(quantiles(warm_cpu, n=20)[-1]),
        "windows_offered": round(windows / ASKED, 1), "drivers": DRIVERS, "waiting": WAITING,
    }  # fmt: skip
    sys.stdout.write(f"\nwindows of a day: {json.dumps(figures)}\n")
    assert windows > ASKED


async def _furnish(works: Works, draw: random.Random, places: list[Point]) -> list[UUID]:
    """Drivers all over the city, a hub, deliveries that wait through the day, and those whose recipients ask."""
    async with works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market)
        middle = places.pop()
        hub = await make_hub(work, market, lat=middle.lat, lon=middle.lon, opening=HALF_HOURS.as_json())
        batch = await make_batch(work, market, shipper)
        for _ in range(DRIVERS):
            await make_driver(work, market, place=places.pop())
        posted = []
        for number in range(WAITING + ASKED):
            opens = work.now + timedelta(minutes=draw.randrange(0, 360) if number < WAITING else 24 * 60)
            place = places.pop()
            posted.append(
                await make_delivery(
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
            )
        return [delivery.id for delivery in posted[WAITING:]]
