"""A block's end: who came, what was attended and earned, and what is made up to the floor on a statement."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson
import pytest

from marketplace.blocks import look_after_blocks
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import RouteId, StatementId
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.ledger import check_ledger
from marketplace.payouts import issue_statement, recompute_statement
from marketplace.pricing import BlockFacts, block_floor_lines, total_minor
from tests.marketplace.blocks.worlds import AHEAD, BlockWorld, join, look, make_block_world, make_drivers, states
from tests.marketplace.payouts.world import make_driven_route

KEPT = """
SELECT state, attended_s, earned_minor, top_up_minor, statement_id FROM sign_up WHERE driver_id = $1
"""
FAR = Point(lat=-29.6, lon=-71.2)


async def come(work: Work, driver: Driver, place: Point | None = None) -> None:
    """The driver is online until long after the block, at the hub unless elsewhere."""
    await work.execute(
        "UPDATE presence SET state = 'AVAILABLE', online_until = $2::timestamptz + interval '1 day'"
        " WHERE driver_id = $1",
        driver.id,
        work.now,
    )
    if place is not None:
        await work.execute("UPDATE presence SET cell = $2 WHERE driver_id = $1", driver.id, place.cell)


async def drive(work: Work, world: BlockWorld, driver: Driver, accepted_at: datetime, ended_at: datetime) -> UUID:
    """A route of 4140 when it took 25 minutes, with its statement."""
    route = await make_driven_route(work, world.pay, driver, accepted_at=accepted_at, ended_at=ended_at)
    await issue_statement(work, route_id=RouteId(route.id))
    return route.id


async def test_pay_below_the_floor_is_made_up_once_with_evidence(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        driver, absent = await make_drivers(work, world, 2)
        for one in (driver, absent):
            await join(work, world, one)
        await work.execute("UPDATE presence SET state = 'OFFLINE' WHERE driver_id = $1", absent.id)
    clock.advance(seconds=AHEAD.total_seconds())
    async with works.open() as work:
        await come(work, driver)
        assert await look_after_blocks(work, market_id=world.market_id) == 1
    clock.advance(seconds=3600)
    async with works.open() as work:
        route_id = await drive(work, world, driver, work.now - timedelta(minutes=25), work.now)
        assert await look_after_blocks(work, market_id=world.market_id) == 1
        assert await states(work, world) == ["SIGNED", "NO_SHOW"]
    clock.advance(seconds=3600)

    assert await look(works, world) == 2
    assert await look(works, world) == 0

    async with works.open() as work:
        row = await work.fetch_row(KEPT, driver.id)
        assert row is not None
        # Two hours of 6,000 less the route's 4,140
        assert tuple(row)[:4] == ("KEPT", 7200, 4140, 7860)
        statement = await work.fetch_row("SELECT * FROM pay_statement WHERE id = $1", row["statement_id"])
        assert statement is not None
        assert (statement["kind"], statement["total_minor"], statement["state"]) == ("BLOCK", 7860, "PAYABLE")
        lines = [(line["code"], line["amount_minor"]) for line in orjson.loads(statement["lines"])]
        assert lines == [("block_floor", 12_000), ("earned", -4140)]
        assert orjson.loads(statement["facts"])["evidence"]["routes"] == [str(route_id)]
        assert await recompute_statement(work, statement_id=StatementId(statement["id"]))
        assert (await check_ledger(work, market_id=world.market_id)).findings == ()
        assert await work.fetch_value("SELECT state FROM block WHERE id = $1", world.block_id) == "ENDED"


async def test_an_overrun_is_attended_and_waits_for_its_route(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        [driver] = await make_drivers(work, world, 1)
        await join(work, world, driver)
    clock.advance(seconds=AHEAD.total_seconds())
    assert await look(works, world) == 1
    clock.advance(seconds=7200 + 600)
    async with works.open() as work:
        accepted = world.opens_at + timedelta(minutes=105)
        route = await make_driven_route(work, world.pay, driver, accepted_at=accepted, ended_at=work.now)
        assert await look_after_blocks(work, market_id=world.market_id) == 0
        await issue_statement(work, route_id=RouteId(route.id))

        assert await look_after_blocks(work, market_id=world.market_id) == 2

        row = await work.fetch_row(KEPT, driver.id)
        assert row is not None
        assert tuple(row)[:4] == ("KEPT", 7800, 4140, 8860)


async def test_time_offline_and_routes_from_before_are_not_counted(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        [driver] = await make_drivers(work, world, 1)
        await join(work, world, driver)
    clock.advance(seconds=AHEAD.total_seconds())
    assert await look(works, world) == 1
    async with works.open() as work:
        await drive(work, world, driver, work.now - timedelta(minutes=15), work.now + timedelta(minutes=10))
        await work.execute(
            "INSERT INTO event (id, market_id, name, payload, occurred_at, driver_id)"
            " SELECT gen_random_uuid(), $1, name, '{}', $2::timestamptz + minutes * interval '1 minute', $3"
            " FROM (VALUES ('DriverWentOnline', -60), ('DriverWentOffline', 60)) AS e(name, minutes)",
            world.market_id,
            work.now,
            driver.id,
        )
    clock.advance(seconds=7200)

    assert await look(works, world) == 2

    async with works.open() as work:
        row = await work.fetch_row(KEPT, driver.id)
        assert row is not None
        # An hour online, ten minutes of which the route from before has paid
        assert tuple(row)[:4] == ("KEPT", 3000, 0, 5000)


async def test_whoever_is_online_elsewhere_has_not_come(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        [driver] = await make_drivers(work, world, 1)
        await join(work, world, driver)
        await come(work, driver, FAR)
    clock.advance(seconds=AHEAD.total_seconds())

    assert await look(works, world) == 0
    clock.advance(seconds=1800)
    assert await look(works, world) == 1

    async with works.open() as work:
        assert await states(work, world) == ["NO_SHOW"]


@pytest.mark.parametrize(
    ("attended_s", "floor", "earned", "total"),
    [(3600, 6000, 0, 6000), (3600, 6000, 6000, 0), (3600, 6000, 9000, 0), (1, 6000, 0, 2), (0, 6000, 0, 0)],
)
def test_a_floor_is_reckoned_by_the_second_and_takes_nothing_back(
    attended_s: int, floor: int, earned: int, total: int
) -> None:
    facts = BlockFacts(attended_s=attended_s, floor_per_hour_minor=floor, earned_minor=earned)

    assert total_minor(block_floor_lines(facts)) == total
