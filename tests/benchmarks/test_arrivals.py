"""Timing 1,000 routes under way: everything but the streets, which are the router's affair.

CPU seconds of this process and of its database session, for one look at every route: when nothing is known yet, when
every driver has moved, and when nobody has.
"""

import sys
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.routers import StraightLineRouter
from marketplace.arrivals import retime_due
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.work import Works
from tests.benchmarks.servers import cpu_s
from tests.benchmarks.world import World

ROUTES = 1_000
DOORS = 8

START = """
WITH taken AS (
    UPDATE route SET state = 'STARTED', started_at = now() WHERE id = ANY($1) RETURNING id
), loaded AS (
    UPDATE delivery SET state = 'PICKED_UP' FROM taken WHERE delivery.route_id = taken.id
), left_hub AS (
    UPDATE stop SET state = 'COMPLETED', arrived_at = now(), ended_at = now() FROM taken
    WHERE stop.route_id = taken.id AND stop.kind = 'PICKUP'
)
INSERT INTO route_timing (route_id, market_id, claim, due_at, legs) SELECT id, $2, 0, now(), '{}' FROM taken
"""
MOVE = """
UPDATE presence SET lat = lat - 0.001 * random(), lon = lon - 0.001 * random(), position_at = clock_timestamp()
WHERE driver_id = ANY($1)
"""


@pytest.fixture
async def database(fresh_url: str) -> AsyncIterator[AsyncpgDBClient]:
    """One connection, whose session's CPU can be told."""
    async with open_database(fresh_url, pool_size=1) as database:
        yield database


@pytest.mark.bench
async def test_timing_a_thousand_routes(world: World, admin: asyncpg.Connection, database: AsyncpgDBClient) -> None:
    offers = await world.make_offers(ROUTES, deliveries=DOORS)
    await world.give_routes(offers)
    driver_ids = [offer.driver_id for offer in offers]
    await admin.execute(START, [offer.route_id for offer in offers], world.market_id)
    await admin.execute("ANALYZE")
    works = Works(database, DatabaseClock())
    async with works.read() as connection:
        session = await connection.fetchval("SELECT pg_backend_pid()")

    async def look(what: str) -> None:
        await admin.execute("UPDATE route_timing SET due_at = now()")
        own, other = time.process_time(), cpu_s(session)
        began = time.perf_counter()
        timed = await retime_due(works, router=StraightLineRouter(), market_id=world.market_id)
        own, other = time.process_time() - own, cpu_s(session) - other
        assert timed == ROUTES
        took = time.perf_counter() - began
        sys.stdout.write(
            f"\n{what}: {ROUTES} routes of {DOORS} doors in {took:.2f} s; CPU {own:.2f} s here, {other:.2f} s there\n"
        )

    await look("nothing known yet")
    await admin.execute(MOVE, driver_ids)
    await look("everybody has moved")
    await admin.execute(MOVE, driver_ids)
    await look("everybody has moved again")
    await look("nobody has moved")
    kept = await admin.fetchval("SELECT count(*) FROM arrival WHERE market_id = $1", world.market_id)
    assert kept == ROUTES * DOORS
