"""What a driver reads about money: totals that add up, statements with their lines, payouts with their state."""

import pytest

from marketplace.core.ids import DriverId, RouteId, to_wire
from marketplace.core.work import Work, Works
from marketplace.payments import OperationKind
from marketplace.payouts import (
    find_earnings,
    issue_statement,
    page_payouts,
    page_statements,
    request_payout,
    settle_payout,
)
from marketplace.payouts.payable import ENTRIES
from marketplace.payouts.queries import EARNINGS, PAYOUTS, STATEMENTS
from marketplace.payouts.schedule_payouts import PAYEES
from marketplace.payouts.sweep_payouts import DUE_PAYOUTS
from marketplace.payouts.under_way import UNDER_WAY
from tests.builders import make_driver
from tests.marketplace.payouts.world import (
    end_operation,
    make_driven_route,
    make_paid_driver,
    make_pay_world,
    open_account,
)


async def test_earnings_tell_where_every_peso_is(works: Works) -> None:
    async with works.open() as work:
        world = await make_pay_world(work, payout_minimum_minor=10)
        driver = await make_driver(work, world.market)
        driver_id = DriverId(driver.id)
        await open_account(work, world, driver_id)
        await issue_statement(work, route_id=RouteId((await make_driven_route(work, world, driver)).id))
        paid = await request_payout(work, driver_id=driver_id)
        await end_operation(work, OperationKind.TRANSFER, paid)
        await settle_payout(work, payout_id=paid)
        await end_operation(work, OperationKind.PAYOUT, paid, object_state="paid")
        await settle_payout(work, payout_id=paid)
    async with works.open() as work:
        await issue_statement(work, route_id=RouteId((await make_driven_route(work, world, driver)).id))
        await request_payout(work, driver_id=driver_id)
        for guarantee_minor, is_flagged in ((5000, False), (7000, True)):
            route = await make_driven_route(work, world, driver, guarantee_minor=guarantee_minor, is_flagged=is_flagged)
            await issue_statement(work, route_id=RouteId(route.id))

        earnings = await find_earnings(work.connection, driver_id=driver_id)

    assert earnings == {
        "currency": "CLP",
        "payout_minimum_minor": 10,
        "next_payout_at": None,
        "available_minor": 5000,
        "on_the_way_minor": 4140,
        "held_minor": 7000,
        "paid_minor": 4140,
        "tips_minor": 0,
        "true_ups_minor": 0,
        "debt_minor": 0,
        "route_count": 4,
    }


async def test_a_driver_who_has_earned_nothing_has_zeros(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)

    earnings = await find_earnings(work.connection, driver_id=driver.id)

    assert earnings is not None
    assert [earnings[name] for name in ("available_minor", "on_the_way_minor", "held_minor", "paid_minor")] == [0] * 4
    assert await find_earnings(work.connection, driver_id=work.new_id()) is None


async def test_statements_come_newest_first_with_their_lines_in_pages(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, statements = await make_paid_driver(work, world, routes=3)
    await make_paid_driver(work, world)

    first = await page_statements(work.connection, driver_id=driver_id, before=None, limit=2)
    rest = await page_statements(work.connection, driver_id=driver_id, before=first[-1][0], limit=2)

    assert [key for key, _ in first + rest] == sorted(statements, reverse=True)
    _, statement = rest[0]
    assert statement["id"] == to_wire("statement", rest[0][0])
    assert (statement["state"], statement["total_minor"], statement["payout_id"]) == ("PAYABLE", 4140, None)
    assert sum(line["amount_minor"] for line in statement["lines"]) == 4140
    assert statement["lines"][0]["rule"] == "pay_policy:1:base_minor"


async def test_payouts_come_newest_first_and_say_why_they_failed(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    failed = await request_payout(work, driver_id=driver_id)
    await work.execute("UPDATE payout SET state = 'FAILED', reason = 'account_closed'")
    other_id, _ = await make_paid_driver(work, world)
    await request_payout(work, driver_id=other_id)

    [(payout_id, payout)] = await page_payouts(work.connection, driver_id=driver_id, before=None, limit=10)

    assert payout_id == failed
    assert (payout["id"], payout["amount_minor"]) == (to_wire("payout", failed), 4140)
    assert (payout["state"], payout["error"], payout["settled_at"]) == ("FAILED", "account_closed", None)


async def test_a_payout_that_waits_says_for_what(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    await request_payout(work, driver_id=driver_id)
    await work.execute("UPDATE payout SET state = 'ON_HOLD', reason = 'ACCOUNT'")

    [(_, payout)] = await page_payouts(work.connection, driver_id=driver_id, before=None, limit=10)

    assert (payout["state"], payout["waits_for"], payout["error"]) == ("ON_HOLD", "ACCOUNT", None)


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (EARNINGS, "d"),
        (STATEMENTS, "dd1"),
        (PAYOUTS, "dd1"),
        (ENTRIES, "dcct1"),
        (PAYEES, "dc1td1"),
        (UNDER_WAY, "d"),
        (DUE_PAYOUTS, "dt1"),
    ],
)
async def test_no_question_about_pay_reads_a_whole_table(work: Work, question: str, values: str) -> None:
    known = {"d": work.new_id(), "c": "CLP", "t": work.now, "1": 1}
    await work.execute("SET LOCAL enable_seqscan = off")

    plan = await work.fetch(f"EXPLAIN {question}", *(known[letter] for letter in values))

    # Which index a small table is read by is the planner's choice; that there is one is ours.
    text = "\n".join(line[0] for line in plan)
    assert "Seq Scan" not in text
    assert "Index" in text
