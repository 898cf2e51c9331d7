"""A year of pay: by the quarters of the market's own calendar, tips and fees apart, and no cell is a formula."""

from datetime import UTC, datetime
from typing import Any

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId, RouteId, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import TIPS_CLEARING, Entry, driver_wallet, post_journal
from marketplace.payments import OperationKind
from marketplace.payouts import (
    BadYear,
    PayoutMethod,
    YearOfPay,
    as_csv,
    issue_statement,
    pay_of_year,
    quote_payout,
    request_payout,
    settle_payout,
)
from tests.builders import make_driver
from tests.marketplace.payouts.world import end_operation, make_driven_route, make_pay_world, open_account


async def test_quarters_follow_the_calendar_of_the_market_and_money_is_counted_once(
    works: Works, clock: ManualClock
) -> None:
    # Two hours after midnight UTC it is still March in Chile.
    clock.now = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
    async with works.open() as work:
        world = await make_pay_world(work)
        driver = await make_driver(work, world.market, name="=cmd()")
        driver_id = DriverId(driver.id)
        await open_account(work, world, driver_id, can_pay_at_once=True)
        await issue_statement(work, route_id=RouteId((await make_driven_route(work, world, driver)).id))
        tip = Entry(debit=TIPS_CLEARING, credit=driver_wallet(driver_id), amount=Money(500, "CLP"))
        await post_journal(work, market_id=world.market_id, key="t", kind="TIP", subject_id=driver_id, entries=[tip])
    clock.advance(seconds=3 * 3600)
    async with works.open() as work:
        quote = await quote_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT)
        payout_id = await request_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT, quote_id=quote.id)
        await end_operation(work, OperationKind.TRANSFER, payout_id)
        await settle_payout(work, payout_id=payout_id)
        await end_operation(work, OperationKind.PAYOUT, payout_id, object_state="paid")
        await settle_payout(work, payout_id=payout_id)

        rows = await pay_of_year(work.connection, market_id=world.market_id, year=2026)
        none = await pay_of_year(work.connection, market_id=world.market_id, year=2025)

    about: dict[str, Any] = {"driver_id": driver_id, "name": "=cmd()", "currency": "CLP"}
    assert rows == [
        YearOfPay(**about, quarter=1, gross_minor=4140, tips_minor=500, fees_minor=0, paid_minor=0, count=1),
        YearOfPay(**about, quarter=2, gross_minor=0, tips_minor=0, fees_minor=46, paid_minor=4594, count=0),
    ]
    assert none == []
    wire = to_wire("driver", driver_id)
    assert as_csv(rows) == (
        "driver,name,quarter,currency,gross_minor,tips_minor,fees_minor,paid_minor,count\n"
        f"{wire},'=cmd(),1,CLP,4140,500,0,0,1\n"
        f"{wire},'=cmd(),2,CLP,0,0,46,4594,0\n"
    )


@pytest.mark.parametrize("year", [1999, 2201])
async def test_a_year_that_cannot_be_is_refused(work: Work, year: int) -> None:
    world = await make_pay_world(work)

    with pytest.raises(BadYear):
        await pay_of_year(work.connection, market_id=world.market_id, year=year)
