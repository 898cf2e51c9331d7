"""New York's second minimum: all drivers together are paid for the time they drove and the time they were on call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId
from marketplace.core.work import Work, Works
from marketplace.fleet.events import DriverWentOffline, DriverWentOnline
from marketplace.fleet.models import Driver
from marketplace.ledger import check_ledger
from marketplace.payouts import (
    close_pay_periods,
    explain_statement,
    is_true_up_due,
    pay_pool_shares,
    recompute_statement,
    true_up_market,
)
from tests.marketplace.payouts.laws import drive, lines_of, make_law_world, make_worker, true_up
from tests.marketplace.payouts.test_true_up_pay import at
from tests.marketplace.payouts.world import PayWorld, wallet_minor

# A week of the pack: Monday 2026-03-02 00:00 in New York, without a clock change within it until Sunday.
MONDAY = datetime(2026, 3, 2, 17, tzinfo=UTC)
SETTLED = datetime(2026, 3, 10, 5, tzinfo=UTC)
SHARES = "SELECT id, driver_id, total_minor, state FROM pay_statement WHERE kind = 'POOL_SHARE' ORDER BY driver_id"


async def online(work: Work, world: PayWorld, driver: Driver, begins_at: datetime, hours: int) -> None:
    """The driver was online for so many hours."""
    for event, moment in (
        (DriverWentOnline(market_id=world.market.id, driver_id=driver.id), begins_at),
        (DriverWentOffline(market_id=world.market.id, driver_id=driver.id), begins_at + timedelta(hours=hours)),
    ):
        await work.execute(
            "INSERT INTO event (id, market_id, name, payload, occurred_at, driver_id) VALUES ($1, $2, $3, $4, $5, $6)",
            work.new_id(),
            world.market.id,
            event.name,
            orjson.dumps(event.payload()).decode(),
            moment,
            driver.id,
        )


async def make_week(works: Works, *, paid_minor: int) -> tuple[PayWorld, list[Driver]]:
    """Two drivers: one drove an hour of three online, the other was only on call, for one hour."""
    async with works.open() as work:
        world = await make_law_world(work, "new_york_city_2025", zone="America/New_York")
        drivers = [(await make_worker(work, world))[0] for _ in range(2)]
        drivers.sort(key=lambda driver: driver.id)
        await online(work, world, drivers[0], MONDAY, 3)
        await online(work, world, drivers[1], MONDAY, 1)
        start = MONDAY + timedelta(hours=1)
        await drive(work, world, drivers[0], accepted_at=start, hours=1, metres=0, paid_minor=paid_minor)
    return world, drivers


async def closed_period(work: Work) -> dict[str, Any]:
    """The one closed period, with its facts and lines read."""
    row = await work.fetch_row("SELECT * FROM pay_period")
    assert row is not None
    return dict(row) | {name: orjson.loads(row[name]) for name in ("facts", "lines", "shares")}


async def test_a_shortfall_of_all_is_shared_by_their_time_to_the_last_cent(works: Works, clock: ManualClock) -> None:
    world, drivers = await make_week(works, paid_minor=2144)
    at(clock, SETTLED)
    async with works.open() as work:
        await true_up(work, world)
        assert await close_pay_periods(work, market_id=world.market.id) == 1
        assert await pay_pool_shares(work, market_id=world.market.id) == 2

    async with works.open() as work:
        period = await closed_period(work)
        # One hour driven and three on call at 21.44, of which 21.44 was paid.
        assert [(line["code"], line["amount_minor"]) for line in period["lines"]] == [
            ("floor_time", 2144),
            ("floor_on_call", 6432),
            ("paid", -2144),
        ]
        assert (period["total_minor"], period["number"], period["facts"]["drivers"]) == (6432, 0, 2)
        shares = await work.fetch(SHARES)
        assert [(row["driver_id"], row["total_minor"], row["state"]) for row in shares] == [
            (drivers[0].id, 4824, "PAYABLE"),
            (drivers[1].id, 1608, "PAYABLE"),
        ]
        assert await lines_of(work, shares[0]["id"]) == [("pool_share", 4824)]
        assert [await recompute_statement(work, statement_id=row["id"]) for row in shares] == [True, True]
        assert await wallet_minor(work, world, DriverId(drivers[1].id)) == (1608, 0)
        assert (await check_ledger(work, market_id=world.market.id)).is_sound
        assert not await is_true_up_due(work, market_id=world.market_id)


async def test_nothing_is_shared_where_everybody_was_paid_enough(works: Works, clock: ManualClock) -> None:
    world, _ = await make_week(works, paid_minor=10_000)
    at(clock, SETTLED)

    await true_up_market(works, market_id=world.market_id)

    async with works.open() as work:
        period = await closed_period(work)
        assert (period["total_minor"], period["shares"]) == (0, [])
        assert period["lines"][-1]["code"] == "above_floor"
        assert await work.fetch(SHARES) == []
        assert not await is_true_up_due(work, market_id=world.market_id)


async def test_a_period_is_settled_once_however_often_it_is_tried(works: Works, clock: ManualClock) -> None:
    world, drivers = await make_week(works, paid_minor=0)
    at(clock, SETTLED)

    for _ in range(2):
        await true_up_market(works, market_id=world.market_id)

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM pay_period") == 1
        # The own minimum of the hour, 21.44, and three quarters of the 64.32 that all together lacked.
        assert await wallet_minor(work, world, DriverId(drivers[0].id)) == (2144 + 4824, 0)


async def test_late_work_closes_the_period_again_for_the_rest(works: Works, clock: ManualClock) -> None:
    world, drivers = await make_week(works, paid_minor=2144)
    at(clock, SETTLED)
    await true_up_market(works, market_id=world.market_id)
    async with works.open() as work:
        start = MONDAY + timedelta(hours=10)
        await drive(work, world, drivers[0], accepted_at=start, hours=1, metres=0, paid_minor=0)

    await true_up_market(works, market_id=world.market_id)

    async with works.open() as work:
        # The late hour is made up by the driver's own adjustment; all together lack no more than before.
        rows = await work.fetch("SELECT number, total_minor FROM pay_period ORDER BY number")
        assert [tuple(row) for row in rows] == [(0, 6432), (1, 0)]
        assert await wallet_minor(work, world, DriverId(drivers[0].id)) == (2144 + 4824 + 2144, 0)


async def test_a_share_tells_what_all_lacked_and_notices_when_that_was_changed(
    works: Works, clock: ManualClock
) -> None:
    world, _ = await make_week(works, paid_minor=2144)
    at(clock, SETTLED)
    await true_up_market(works, market_id=world.market_id)
    async with works.open() as work:
        [first, _] = await work.fetch(SHARES)

        found = await explain_statement(work, statement_id=first["id"])

        assert [line["amount_minor"] for line in found["floor_working"]] == [2144, 6432, -2144]
        assert ("time_of_all_s", "14400") in found["inputs"]
        assert found["recomputed_matches"] is True
        await work.execute("ALTER TABLE pay_period DISABLE TRIGGER USER")
        await work.execute("UPDATE pay_period SET facts = facts || '{\"paid_minor\": 1}'")
        assert not await recompute_statement(work, statement_id=first["id"])
