"""A second driver who said yes and was then not needed is paid for the way, once, by the rules for any route."""

import asyncpg
import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, RouteId, to_wire
from marketplace.core.work import Works
from marketplace.ledger import balance_of, driver_wallet
from marketplace.payouts import held_statements, issue_statement, recompute_statement
from marketplace.reassignments import end_with_route
from tests.builders import HUB_PLACE
from tests.marketplace.reassignments.relief import CORNER, Relief, make_relief

HALF_WAY = Point(lat=(HUB_PLACE.lat + CORNER.lat) / 2, lon=(HUB_PLACE.lon + CORNER.lon) / 2)
MOVE = "UPDATE presence SET lat = $2, lon = $3 WHERE driver_id = $1"


async def agreed(works: Works, clock: ManualClock) -> Relief:
    """A route with parcels aboard, whose second driver is on the way to the corner."""
    relief = await make_relief(works, clock)
    await relief.drive.start()
    await relief.drive.pick_up(0)
    await relief.accept(await relief.ask())
    return relief


async def the_one(relief: Relief) -> asyncpg.Record:
    """The reassignment."""
    [row] = await relief.rows("SELECT * FROM reassignment")
    return row


async def be_at(relief: Relief, place: Point) -> None:
    """The second driver's position comes in."""
    async with relief.drive.works.open() as work:
        await work.execute(MOVE, relief.second.id, place.lat, place.lon)


async def test_the_way_until_then_is_paid_once_by_time_and_distance(works: Works, clock: ManualClock) -> None:
    relief = await agreed(works, clock)
    row = await the_one(relief)
    approach_m, approach_s = row["approach_m"], row["approach_s"]
    assert approach_m > 1000
    clock.advance(seconds=approach_s // 2)
    await be_at(relief, HALF_WAY)

    await relief.cancel(row["id"])
    await relief.cancel(row["id"])
    route_id = RouteId((await the_one(relief))["way_route_id"])
    async with works.open() as work:
        first = await issue_statement(work, route_id=route_id)
        assert await issue_statement(work, route_id=route_id) == first
        assert await recompute_statement(work, statement_id=first)
        wallet = await balance_of(
            work, market_id=relief.drive.market.id, account=driver_wallet(relief.second.id), currency="CLP"
        )

    [statement] = await relief.rows("SELECT * FROM pay_statement")
    facts = orjson.loads(statement["facts"])
    assert (facts["distance_m"], facts["engaged_s"], facts["stop_count"]) == (
        approach_m * (approach_s // 2) // approach_s,
        approach_s // 2,
        0,
    )
    # The one route of the first driver, and the way
    assert len(await relief.rows("SELECT id FROM route WHERE market_id = $1", relief.drive.market.id)) == 2
    assert (statement["driver_id"], statement["state"]) == (relief.second.id, "PAYABLE")
    assert wallet.minor == statement["total_minor"] > 0
    assert await relief.presence_of(relief.second) == "AVAILABLE"


async def test_who_waits_at_the_corner_is_paid_the_whole_way_and_the_wait(works: Works, clock: ManualClock) -> None:
    relief = await agreed(works, clock)
    await be_at(relief, CORNER)
    clock.advance(seconds=3600)
    row = await the_one(relief)

    async with works.open() as work:
        await end_with_route(work, route_id=relief.drive.route.id)

    [way] = await relief.rows("SELECT * FROM route WHERE driver_id = $1", relief.second.id)
    assert (way["state"], way["approach_m"], way["is_flagged"]) == ("COMPLETED", row["approach_m"], False)
    assert (way["ended_at"] - way["accepted_at"]).total_seconds() == 3600


async def test_pay_of_somebody_who_never_set_off_waits_for_a_person(works: Works, clock: ManualClock) -> None:
    relief = await agreed(works, clock)
    clock.advance(seconds=3600)
    row = await the_one(relief)

    async with works.open() as work:
        await end_with_route(work, route_id=relief.drive.route.id)
        route_id = await work.fetch_value("SELECT way_route_id FROM reassignment WHERE id = $1", row["id"])
        await issue_statement(work, route_id=route_id)

        [held] = await held_statements(work.connection, market_id=MarketId(relief.drive.market.id))

    [statement] = await relief.rows("SELECT state, journal_id FROM pay_statement")
    assert tuple(statement) == ("HELD", None)
    assert (held["reassignment_id"], held["flagged_reports"]) == (to_wire("reassignment", row["id"]), [])


@pytest.mark.parametrize("answer", ["no", "none"])
async def test_who_said_no_or_nothing_is_paid_nothing(works: Works, clock: ManualClock, answer: str) -> None:
    relief = await make_relief(works, clock)
    reassignment_id = await relief.ask(meeting_point=None)
    clock.advance(seconds=60)

    if answer == "no":
        await relief.decline(reassignment_id)
    else:
        await relief.cancel(reassignment_id)

    assert (await relief.row(reassignment_id))["way_route_id"] is None
    assert await relief.rows("SELECT id FROM route WHERE driver_id = $1", relief.second.id) == []
