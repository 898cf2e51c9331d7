"""What a pay period lacks to the law is made up once, to the cent, and late work leads to the rest of it."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import asyncpg
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, MarketId, OperatorId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import BLOCK_TOP_UP, PAY_TRUE_UP, Entry, balance_of, check_ledger, driver_wallet
from marketplace.markets import pay_pack, set_pay_policy
from marketplace.payouts import (
    DriverPeriod,
    NewStatement,
    StatementKind,
    due_true_ups,
    recompute_statement,
    release_statement,
    true_up_pay,
    write_statement,
)
from marketplace.payouts.events import PayTruedUp
from marketplace.payouts.true_up_pay import TooManyRoutes
from marketplace.pricing.lines import price_line
from tests.marketplace.ledger.world import refused_by_database
from tests.marketplace.payouts.laws import LA_WAGE, NO_RATES, drive, lines_of, make_law_world, make_worker, true_up
from tests.marketplace.payouts.world import PayWorld, statement_row, wallet_minor

true_ups = import_module("marketplace.payouts.true_up_pay")
MILE = 1609.344
# The clock of the tests begins on Monday 2026-03-02; a fortnight of the pack began on 2026-02-23 at 04:00.
WORKED = datetime(2026, 3, 3, 18, tzinfo=UTC)
SETTLED = datetime(2026, 3, 12, 13, tzinfo=UTC)


def at(clock: ManualClock, moment: datetime) -> None:
    """Puts the clock on a later moment."""
    clock.advance(seconds=(moment - clock.now).total_seconds())


async def test_the_published_example_of_california_comes_out_to_the_cent(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
    at(clock, WORKED + timedelta(hours=5))
    async with works.open() as work:
        await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=round(15 * MILE), paid_minor=6000)
        assert await due_true_ups(work, market_id=world.market_id) == []
    at(clock, SETTLED)

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        assert await lines_of(work, statement_id) == [
            ("floor_time", 8054),
            ("floor_distance", 540),
            ("earned", -6000),
        ]
        row = await statement_row(work, statement_id)
        assert (row["kind"], row["total_minor"], row["state"], row["number"]) == ("TRUE_UP", 2594, "PAYABLE", 0)
        assert (row["jurisdiction"], row["period_starts_at"], row["period_ends_at"]) == (
            "US-CA",
            datetime(2026, 2, 23, 12, tzinfo=UTC),
            datetime(2026, 3, 9, 11, tzinfo=UTC),
        )
        assert await wallet_minor(work, world, driver_id) == (8594, 0)
        spent = await balance_of(work, market_id=world.market_id, account=PAY_TRUE_UP, currency="USD")
        assert spent.minor == 2594
        assert await recompute_statement(work, statement_id=statement_id)
        assert (await check_ledger(work, market_id=world.market_id)).is_sound
        assert [event.total_minor for event in work.events if isinstance(event, PayTruedUp)] == [2594]
        assert await true_up(work, world) == []


async def test_a_driver_above_the_floor_gets_nothing_and_the_period_is_still_settled_once(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=work.now, hours=1, metres=0, paid_minor=9000)
    at(clock, SETTLED)

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        assert await lines_of(work, statement_id) == [("floor_time", 2014), ("earned", -9000), ("above_floor", 6986)]
        row = await statement_row(work, statement_id)
        assert (row["total_minor"], row["journal_id"]) == (0, None)
        assert await wallet_minor(work, world, driver_id) == (9000, 0)
        assert await due_true_ups(work, market_id=world.market_id) == []


async def add_top_up(work: Work, world: PayWorld, driver_id: DriverId, closes_at: datetime, minor: int) -> None:
    """What a block's floor has added, as the block's settling writes it."""
    new = NewStatement(
        kind=StatementKind.BLOCK,
        market_id=world.market_id,
        driver_id=driver_id,
        currency="USD",
        key=f"block:{work.new_id()}",
        facts={"evidence": {"closes_at": closes_at.isoformat()}},
        lines=[price_line(code="block_floor", quantity=1, unit="block", rate_minor=minor, rule="block")],
        digest=b"",
        more={},
    )
    amount = Money(minor, "USD")
    await write_statement(work, new, [Entry(debit=BLOCK_TOP_UP, credit=driver_wallet(driver_id), amount=amount)])


async def test_what_a_blocks_floor_added_is_not_made_up_a_second_time(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
    at(clock, WORKED + timedelta(hours=5))
    async with works.open() as work:
        await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=round(15 * MILE), paid_minor=6000)
        await add_top_up(work, world, driver_id, WORKED + timedelta(hours=4), 1000)
        await add_top_up(work, world, driver_id, SETTLED, 500)  # of the next period
    at(clock, SETTLED)

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        # The floor of the published example is 85.94: 60.00 by routes, 10.00 by the block, 15.94 by the law.
        assert await lines_of(work, statement_id) == [("floor_time", 8054), ("floor_distance", 540), ("earned", -7000)]
        assert (await statement_row(work, statement_id))["total_minor"] == 1594
        assert await wallet_minor(work, world, driver_id) == (8594 + 500, 0)
        assert await recompute_statement(work, statement_id=statement_id)


async def test_a_late_statement_leads_to_the_rest_and_never_to_a_second_whole_true_up(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=round(15 * MILE), paid_minor=6000)
    at(clock, SETTLED)
    async with works.open() as work:
        await true_up(work, world)
    async with works.open() as work:
        after = WORKED + timedelta(hours=6)
        await drive(work, world, driver, accepted_at=after, hours=1, metres=0, paid_minor=1000)

        [adjustment] = await true_up(work, world)

        # Five hours at 120 % of 16.78 are 100.68.
        assert await lines_of(work, adjustment) == [
            ("floor_time", 10068),
            ("floor_distance", 540),
            ("earned", -7000),
            ("paid_before", -2594),
        ]
        row = await statement_row(work, adjustment)
        assert (row["total_minor"], row["number"]) == (1014, 1)
        assert await recompute_statement(work, statement_id=adjustment)
        assert await wallet_minor(work, world, driver_id) == (7000 + 3608, 0)


async def test_a_late_statement_that_paid_well_takes_nothing_back(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=0, paid_minor=0)
    at(clock, SETTLED)
    async with works.open() as work:
        await true_up(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=1, metres=0, paid_minor=50_000)

        [adjustment] = await true_up(work, world)

        assert (await statement_row(work, adjustment))["total_minor"] == 0
        assert await wallet_minor(work, world, driver_id) == (8054 + 50_000, 0)


async def test_overlapping_routes_are_counted_once_and_their_metres_both(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(
            work, "british_columbia_2024", currency="CAD", zone="America/Vancouver", parameters={}
        )
        driver, _ = await make_worker(work, world)
        for minutes in (0, 30):
            start = WORKED + timedelta(minutes=minutes)
            await drive(work, world, driver, accepted_at=start, hours=1, metres=4_000, paid_minor=500)
    at(clock, SETTLED + timedelta(days=14))

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        # An hour and a half at 20.88, 8 km at 0.35, less 10.00.
        assert await lines_of(work, statement_id) == [("floor_time", 3132), ("floor_distance", 280), ("earned", -1000)]


async def test_a_period_waits_for_every_route_that_ended_in_it(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, _ = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=1, metres=0, paid_minor=0)
        unpaid = await drive(work, world, driver, accepted_at=WORKED, hours=2, metres=0, paid_minor=0)
        await work.execute("DELETE FROM pay_statement WHERE id = $1", unpaid)
    at(clock, SETTLED)

    async with works.open() as work:
        assert await due_true_ups(work, market_id=world.market_id) == []


async def test_a_held_statement_counts_in_full_and_its_release_changes_nothing(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        held = await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=0, paid_minor=6000, is_flagged=True)
        operator_id = OperatorId(work.new_id())
        await work.execute(
            "INSERT INTO operator (id, name, email, created_at) VALUES ($1, 'Ines', 'ines@example.org', $2)",
            operator_id,
            work.now,
        )
    at(clock, SETTLED)
    async with works.open() as work:
        [statement_id] = await true_up(work, world)
        assert (await statement_row(work, statement_id))["total_minor"] == 2054
        assert await wallet_minor(work, world, driver_id) == (2054, 0)

        await release_statement(work, statement_id=held, operator_id=operator_id)

        assert await true_up(work, world) == []
        assert await wallet_minor(work, world, driver_id) == (8054, 0)


async def test_a_law_that_changes_within_a_period_pays_each_route_by_its_own(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "new_york_city_2025", zone="America/New_York")
        later = await set_pay_policy(
            work, market_id=world.market.id, rates=NO_RATES, floors=pay_pack("new_york_city_2026").floors({})
        )
        driver, _ = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=1, metres=0, paid_minor=0)
        start = WORKED + timedelta(minutes=30)
        await drive(work, world, driver, accepted_at=start, hours=1, metres=0, paid_minor=0, version=later)
    at(clock, SETTLED)

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        # The half hour of the first route alone by the first law; the half hour of both by the better one.
        assert await lines_of(work, statement_id) == [("floor_time", 1072), ("floor_time", 2213)]
        assert await recompute_statement(work, statement_id=statement_id)


async def test_a_route_over_midnight_belongs_to_the_period_in_which_it_ended(works: Works, clock: ManualClock) -> None:
    # The period ends on Monday 2026-03-09 at 00:00 in New York, which the clock change makes 04:00 in UTC.
    ends_at = datetime(2026, 3, 9, 4, tzinfo=UTC)
    async with works.open() as work:
        world = await make_law_world(work, "new_york_city_2025", zone="America/New_York")
        driver, _ = await make_worker(work, world)
        for before_s in (1, 0):
            start = ends_at - timedelta(hours=1, seconds=before_s)
            await drive(work, world, driver, accepted_at=start, hours=1, metres=0, paid_minor=0)

        rows = await work.fetch("SELECT period_starts_at, period_ends_at FROM pay_statement ORDER BY period_starts_at")

    # The week of the clock change is an hour shorter.
    assert [tuple(row) for row in rows] == [
        (ends_at - timedelta(hours=167), ends_at),
        (ends_at, ends_at + timedelta(hours=168)),
    ]


async def test_time_that_two_periods_share_is_counted_in_the_first(works: Works, clock: ManualClock) -> None:
    ends_at = datetime(2026, 3, 9, 4, tzinfo=UTC)
    async with works.open() as work:
        world = await make_law_world(work, "new_york_city_2025", zone="America/New_York")
        driver, driver_id = await make_worker(work, world)
        for start in (ends_at - timedelta(hours=2), ends_at - timedelta(hours=1, minutes=30)):
            await drive(work, world, driver, accepted_at=start, hours=1.75, metres=0, paid_minor=0)
    at(clock, ends_at + timedelta(days=9))

    async with works.open() as work:
        first, second = await true_up(work, world)

        # From two hours before the end to a quarter before it; and the half hour that the other route adds.
        assert await lines_of(work, first) == [("floor_time", 3752)]
        assert await lines_of(work, second) == [("floor_time", 1072)]
        assert await wallet_minor(work, world, driver_id) == (3752 + 1072, 0)


async def test_the_database_keeps_no_second_true_up_of_a_period(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, _ = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=1, metres=0, paid_minor=0)
    at(clock, SETTLED)
    async with works.open() as work:
        [statement_id] = await true_up(work, world)
        row = await work.fetch_row("SELECT * FROM pay_statement WHERE id = $1", statement_id)
        assert row is not None
        again = list(({**row} | {"id": work.new_id()}).values())
        places = ", ".join(f"${n}" for n in range(1, len(again) + 1))

        async with refused_by_database(work, asyncpg.UniqueViolationError, match="pay_statement_true_up_once"):
            await work.execute(f"INSERT INTO pay_statement VALUES ({places})", *again)


async def test_nobody_is_trued_up_who_is_not_there(work: Work) -> None:
    period = DriverPeriod(
        market_id=MarketId(work.new_id()),
        driver_id=DriverId(work.new_id()),
        jurisdiction="US-CA",
        starts_at=WORKED,
        ends_at=WORKED + timedelta(days=1),
    )

    with pytest.raises(NotFound):
        await true_up_pay(work, period=period)


async def test_a_period_of_more_routes_than_are_read_at_once_is_reckoned_from_all_of_them(
    works: Works, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(true_ups, "ROUTES_AT_ONCE", 2)
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, _ = await make_worker(work, world)
    at(clock, WORKED + timedelta(hours=5))
    async with works.open() as work:
        for hour in range(5):
            begun = WORKED + timedelta(hours=hour)
            await drive(work, world, driver, accepted_at=begun, hours=1, metres=0, paid_minor=1000)
    at(clock, SETTLED)

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        assert await lines_of(work, statement_id) == [("floor_time", 10068), ("earned", -5000)]
        assert await recompute_statement(work, statement_id=statement_id)


async def test_a_period_of_more_routes_than_anybody_drives_is_refused_and_nothing_is_paid(
    works: Works, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(true_ups, "ROUTES_OF_A_PERIOD", 1)
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        for _ in range(2):
            await drive(work, world, driver, accepted_at=work.now, hours=1, metres=0, paid_minor=1000)
    at(clock, SETTLED)

    async with works.open() as work:
        with pytest.raises(TooManyRoutes, match="more than 1 routes"):
            await true_up(work, world)

        assert await wallet_minor(work, world, driver_id) == (2000, 0)
