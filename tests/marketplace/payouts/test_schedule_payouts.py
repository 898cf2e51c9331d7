"""A payout run reserves what each driver can be paid, a bounded number at a time, and not before it is due."""

from datetime import datetime, timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, RouteId
from marketplace.core.work import Work, Works
from marketplace.ledger import check_ledger
from marketplace.payouts import issue_statement, schedule_payouts
from marketplace.payouts.events import PayoutScheduled
from tests.builders import make_driver
from tests.conftest import NOW
from tests.marketplace.payouts.world import (
    PayWorld,
    make_driven_route,
    make_paid_driver,
    make_pay_world,
    payout_row,
    statement_row,
    wallet_minor,
)


async def next_run(work: Work, world: PayWorld) -> datetime | None:
    moment: datetime | None = await work.fetch_value("SELECT next_payout_at FROM market WHERE id = $1", world.market.id)
    return moment


async def test_a_payout_takes_all_payable_statements_of_a_driver(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, statements = await make_paid_driver(work, world, routes=2)
    work.events.clear()

    [payout_id] = await schedule_payouts(work, market_id=world.market_id)

    payout = await payout_row(work, payout_id)
    assert (payout["driver_id"], payout["amount_minor"], payout["currency"]) == (driver_id, 8280, "CLP")
    assert (payout["state"], payout["attempts"], payout["lease_until"]) == ("SCHEDULED", 0, None)
    rows = [await statement_row(work, statement_id) for statement_id in statements]
    assert [(row["payout_id"], row["state"]) for row in rows] == [(payout_id, "PAYABLE")] * 2
    assert work.events == [
        PayoutScheduled(
            market_id=world.market.id, payout_id=payout_id, driver_id=driver_id, amount_minor=8280, currency="CLP"
        )
    ]


async def test_the_money_is_on_hold_before_it_is_sent(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)

    [payout_id] = await schedule_payouts(work, market_id=world.market_id)

    assert await wallet_minor(work, world, driver_id) == (0, 4140)
    hold = await work.fetch_row("SELECT * FROM posting WHERE state = 'PENDING'")
    assert hold is not None
    assert (hold["id"], hold["amount_minor"]) == ((await payout_row(work, payout_id))["hold_id"], 4140)
    assert (await check_ledger(work, market_id=world.market_id)).open_holds == 1


async def test_a_second_run_reserves_nothing_twice(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    await schedule_payouts(work, market_id=world.market_id)
    await work.execute("UPDATE market SET next_payout_at = $1", work.now)

    assert await schedule_payouts(work, market_id=world.market_id) == []

    assert await wallet_minor(work, world, driver_id) == (0, 4140)


async def test_what_is_earned_while_a_payout_is_under_way_waits_for_the_next(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    first = await make_driven_route(work, world, driver)
    await issue_statement(work, route_id=RouteId(first.id))
    [payout_id] = await schedule_payouts(work, market_id=world.market_id)
    second = await make_driven_route(work, world, driver)
    statement_id = await issue_statement(work, route_id=RouteId(second.id))
    await work.execute("UPDATE market SET next_payout_at = $1", work.now)

    assert await schedule_payouts(work, market_id=world.market_id) == []

    assert (await statement_row(work, statement_id))["payout_id"] is None
    await work.execute("UPDATE payout SET state = 'PAID' WHERE id = $1", payout_id)
    await work.execute("UPDATE market SET next_payout_at = $1", work.now)
    assert len(await schedule_payouts(work, market_id=world.market_id)) == 1


async def test_below_the_minimum_the_money_is_carried_forward(work: Work) -> None:
    world = await make_pay_world(work, payout_minimum_minor=4141)
    driver_id, [statement_id] = await make_paid_driver(work, world)

    assert await schedule_payouts(work, market_id=world.market_id) == []

    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    assert (await statement_row(work, statement_id))["payout_id"] is None
    await work.execute("UPDATE market SET payout_minimum_minor = 4140, next_payout_at = $1", work.now)
    assert len(await schedule_payouts(work, market_id=world.market_id)) == 1


async def test_held_statements_are_left_out(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    flagged = await make_driven_route(work, world, driver, is_flagged=True)
    await issue_statement(work, route_id=RouteId(flagged.id))

    assert await schedule_payouts(work, market_id=world.market_id) == []

    assert await work.fetch_value("SELECT count(*) FROM payout") == 0


async def test_a_run_is_for_its_own_market_only(work: Work) -> None:
    here, there = await make_pay_world(work), await make_pay_world(work)
    await make_paid_driver(work, here)
    driver_id, _ = await make_paid_driver(work, there)

    await schedule_payouts(work, market_id=here.market_id)

    assert await wallet_minor(work, there, driver_id) == (4140, 0)


async def test_a_run_that_is_not_due_does_nothing(work: Work) -> None:
    world = await make_pay_world(work, next_payout_at=NOW + timedelta(seconds=1))
    await make_paid_driver(work, world)

    assert await schedule_payouts(work, market_id=world.market_id) == []

    assert await next_run(work, world) == NOW + timedelta(seconds=1)


async def test_a_late_run_keeps_to_the_rhythm(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_pay_world(work, payout_every_s=3600, next_payout_at=NOW)
    clock.advance(seconds=2 * 3600 + 600)

    async with works.open() as work:
        await schedule_payouts(work, market_id=world.market_id)

        assert await next_run(work, world) == NOW + timedelta(hours=3)


async def test_a_first_run_is_due_at_once(work: Work) -> None:
    world = await make_pay_world(work, payout_every_s=3600)

    await schedule_payouts(work, market_id=world.market_id)

    assert await next_run(work, world) == NOW + timedelta(hours=1)


async def test_a_large_run_goes_on_in_the_next_call(work: Work) -> None:
    world = await make_pay_world(work)
    for _ in range(51):
        await make_paid_driver(work, world)

    first = await schedule_payouts(work, market_id=world.market_id)
    assert (len(first), await next_run(work, world)) == (50, None)
    second = await schedule_payouts(work, market_id=world.market_id)

    assert len(second) == 1
    assert await next_run(work, world) == NOW + timedelta(seconds=604_800)
    assert (await check_ledger(work, market_id=world.market_id)).is_sound


async def test_a_wallet_that_cannot_give_the_sum_stops_no_other(work: Work) -> None:
    world = await make_pay_world(work)
    short, _ = await make_paid_driver(work, world)
    driver_id, _ = await make_paid_driver(work, world)
    await work.execute("ALTER TABLE account DISABLE TRIGGER USER")
    await work.execute("UPDATE account SET debits_posted = 1 WHERE code LIKE '%' || $1 || ':wallet'", str(short))

    [payout_id] = await schedule_payouts(work, market_id=world.market_id)

    assert (await payout_row(work, payout_id))["driver_id"] == driver_id


async def test_an_unknown_market_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await schedule_payouts(work, market_id=MarketId(work.new_id()))
