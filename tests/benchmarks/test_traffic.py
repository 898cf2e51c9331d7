"""How well trip times are told on seeded days whose traffic the product does not know, and what learning it costs.

Drivers drive in hidden traffic and report every ten seconds, seven metres off; the market learns through its own tables
and verbs, and routers take over what it has learnt. Then unseen trips on later days are told beforehand, and driven. A
route here is one drive between two homes anywhere in the city, eleven kilometres in the middle.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import numpy as np
import pytest

from marketplace.adapters.city import CityPack, PlaceSampler, ensure_city_pack
from marketplace.adapters.routers import GraphEngine
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.ids import DriverId, MarketId
from marketplace.core.work import Works
from marketplace.fleet.models import Driver
from marketplace.markets.models import Market
from marketplace.routing import GROUPS, SLOTS, Fix, Traffic, Traversal, read_traffic
from marketplace.tracking import LearnTraffic, PositionBuffer, ReportedPosition
from tests.benchmarks.servers import cpu_s
from tests.builders import make_driver, make_market
from workers.traffic import HiddenTraffic, TrueDrive

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1_800)]

MONDAY = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
"""Midnight in Chile."""
ROUTES = (50, 200, 500, 1_000)
TRAINING_DAYS = 14
UNSEEN = 400
DAY_S = (7 * 3_600, 22 * 3_600)
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
ROUTE = """
INSERT INTO route (id, market_id, state, driver_id, planned_driver_id, distance_m, duration_s, starts_at, is_degraded,
                   currency, policy_version, guarantee_minor, accepted_at, created_at, started_at, ended_at)
VALUES ($1, $2, 'COMPLETED', $3, $3, 1000, 600, $4, false, 'CLP', 1, 1000, $4, $4, $4, $5)
"""
STOP = """
INSERT INTO stop (id, market_id, route_id, place, kind, state, lat, lon, leg_m, leg_s, planned_arrival,
                  planned_departure, arrived_at, ended_at)
VALUES ($1, $2, $3, 0, 'DROPOFF', 'COMPLETED', 0, 0, 1000, 600, $4, $4, $4, $4)
"""


@dataclass(frozen=True)
class Trip:
    """One drive of the hidden world."""

    origin: Point
    target: Point
    departs_at: datetime
    drive: TrueDrive


class World:
    """One seed's city: where people live, and how full the streets really are."""

    def __init__(self, city: CityPack, seed: int) -> None:
        self.truth = HiddenTraffic(city, seed=seed, time_zone="America/Santiago")
        self.source = Random(seed)
        self.homes = [place.point for place in PlaceSampler(city).draw_places(self.source, 2_000)]

    def trips(self, count: int, *, first_day: int, days: int) -> list[Trip]:
        """Trips on some days, in order of departure."""
        departures = sorted(
            MONDAY
            + timedelta(days=self.source.randrange(first_day, first_day + days), seconds=self.source.uniform(*DAY_S))
            for _ in range(count)
        )
        trips = []
        for departs_at in departures:
            origin, target = self.source.sample(self.homes, 2)
            drive = self.truth.drive(origin, target, departs_at=departs_at, source=self.source)
            trips.append(Trip(origin, target, departs_at, drive))
        return trips


class Streets:
    """The product's matcher, in this process, so that its processor time can be told from that of the rest."""

    def __init__(self, city: CityPack) -> None:
        self.engine = GraphEngine(city)
        self.used_s = 0.0

    async def match(self, tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:
        began = time.process_time()
        told = self.engine.match(tracks)
        self.used_s += time.process_time() - began
        return told


@pytest.fixture(scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    kept = Path(".doorstep") / "city"
    return await ensure_city_pack(kept if kept.exists() else tmp_path_factory.mktemp("city"))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_trip_times_on_days_of_hidden_traffic(
    committed_works: Works, clock: ManualClock, city: CityPack, seed: int
) -> None:
    works, world, streets = committed_works, World(city, seed), Streets(city)
    clock.now = MONDAY
    async with works.open() as work:
        market = await make_market(work)
        driver = await make_driver(work, market)
    unseen = world.trips(UNSEEN, first_day=TRAINING_DAYS, days=7)
    errors = {"free flow": errors_of(GraphEngine(city), unseen)}
    positions = driven = 0
    used_s = 0.0
    training = world.trips(ROUTES[-1], first_day=0, days=TRAINING_DAYS)
    world.source.shuffle(training)
    for routes in ROUTES:
        for trip in sorted(training[driven:routes], key=lambda one: one.departs_at):
            positions += await drive(works, clock, market, driver, trip, world.source)
        driven = routes
        clock.now = MONDAY + timedelta(days=TRAINING_DAYS)
        used_s += await learn(works, streets, market.id)
        async with works.open() as work:
            full = await read_traffic(work, market_ids=[market.id], time_zone="America/Santiago")
        full = replace(full, live_from=None)
        errors[f"slot factor, {routes} routes"] = errors_of(GraphEngine(city, traffic=by_slot_alone(full)), unseen)
        errors[f"learnt table, {routes} routes"] = errors_of(GraphEngine(city, traffic=full), unseen)
    errors["truth without the trip's own luck"] = floor_of(world, unseen)
    figures = {name: {"mae_s": round(mae), "mape_pct": round(mape, 1)} for name, (mae, mape) in errors.items()}
    cost = {
        "positions": positions,
        "matching_cpu_s_per_1000": round(1_000 * streets.used_s / positions, 3),
        "learning_cpu_s_per_1000": round(1_000 * used_s / positions, 3),
    }
    show(seed, figures, cost)
    assert figures["learnt table, 500 routes"]["mae_s"] < 0.6 * figures["free flow"]["mae_s"]


async def drive(works: Works, clock: ManualClock, market: Market, driver: Driver, trip: Trip, source: Random) -> int:
    """Drives a route of one leg, reports its positions through the buffer, and returns how many."""
    arrives_at = trip.departs_at + timedelta(seconds=trip.drive.duration_s)
    clock.now = arrives_at
    async with works.open() as work:
        route_id = work.new_id()
        await work.execute(ROUTE, route_id, market.id, driver.id, trip.departs_at, arrives_at)
        await work.execute(STOP, work.new_id(), market.id, route_id, arrives_at)
    buffer = PositionBuffer(works)
    told = trip.drive.reports(trip.departs_at, arrives_at, every_s=10.0, off_by_m=7.0, source=source)
    reported = [ReportedPosition(place=place, occurred_at=at, accuracy_m=7.0) for at, place in told]
    for begin in range(0, len(reported), 100):
        buffer.add(DriverId(driver.id), MarketId(market.id), reported[begin : begin + 100])
    return await buffer.flush()


async def learn(works: Works, streets: Streets, market_id: UUID) -> float:
    """Learns from all that was driven; returns the processor time of this process and of the database."""
    async with works.read() as connection:
        pids = [row["pid"] for row in await connection.fetch(SESSIONS)]
    before = {pid: cpu_s(pid) for pid in pids}
    began = time.process_time()
    while await run_errand(works, LearnTraffic(matcher=streets, market_id=market_id)):
        continue
    return time.process_time() - began + sum(cpu_s(pid) - used for pid, used in before.items())


def by_slot_alone(full: Traffic) -> Traffic:
    """What is known when places and kinds of road are left out."""
    return replace(
        full,
        roads=np.repeat(full.city[:, None], GROUPS, axis=1),
        cells=np.zeros(0, np.int64),
        places=np.ones((0, SLOTS, GROUPS), np.float32),
    )


def errors_of(engine: GraphEngine, trips: Sequence[Trip]) -> tuple[float, float]:
    """Mean error in seconds, and in percent of the true time."""
    told = [
        int(engine.matrix([trip.origin], [trip.target], depart_at=trip.departs_at).durations_s[0, 0]) for trip in trips
    ]
    return _errors(told, trips)


def floor_of(world: World, trips: Sequence[Trip]) -> tuple[float, float]:
    """The errors of somebody who knows everything but the luck of each trip."""
    told = [world.truth.drive(trip.origin, trip.target, departs_at=trip.departs_at).duration_s for trip in trips]
    return _errors(told, trips)


def _errors(told_s: Sequence[float], trips: Sequence[Trip]) -> tuple[float, float]:
    true_s = np.array([trip.drive.duration_s for trip in trips])
    off_s = np.abs(np.array(told_s) - true_s)
    return float(off_s.mean()), float(100 * (off_s / true_s).mean())


def show(seed: int, figures: dict[str, dict[str, float]], cost: dict[str, float]) -> None:
    """Prints the table, and all of it as one line of JSON."""
    title = f"trip times on {UNSEEN} unseen trips in hidden traffic, seed {seed}"
    lines = [f"{name:40} {told['mae_s']:6.0f} s {told['mape_pct']:6.1f} %" for name, told in figures.items()]
    told = json.dumps({"benchmark": title, "figures": figures | {"cost": cost}})
    sys.stdout.write("\n".join(["", title, *lines, f"{cost}", told, ""]))
