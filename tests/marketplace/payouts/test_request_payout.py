"""A driver can ask for what is payable, once at a time, and hears why not."""

from datetime import timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, RouteId
from marketplace.core.work import Work, Works
from marketplace.payments.events import OperationWanted
from marketplace.payouts import (
    BelowPayoutMinimum,
    NoPayoutAccount,
    NothingToPay,
    PayoutMethod,
    PayoutUnderWay,
    QuoteChanged,
    QuoteNeeded,
    issue_statement,
    quote_payout,
    request_payout,
    schedule_payouts,
)
from marketplace.payouts.events import PayoutScheduled
from tests.builders import make_driver
from tests.marketplace.payouts.world import (
    make_driven_route,
    make_paid_driver,
    make_pay_world,
    open_account,
    payout_row,
    statement_row,
    wallet_minor,
)


async def test_a_driver_gets_everything_payable_as_one_payout(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, statements = await make_paid_driver(work, world, routes=2)
    work.events.clear()

    payout_id = await request_payout(work, driver_id=driver_id)

    assert (await payout_row(work, payout_id))["amount_minor"] == 8280
    assert [(await statement_row(work, each))["payout_id"] for each in statements] == [payout_id, payout_id]
    assert await wallet_minor(work, world, driver_id) == (0, 8280)
    assert [type(event) for event in work.events] == [OperationWanted, PayoutScheduled]


async def test_nobody_elses_money_is_touched(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    other_id, _ = await make_paid_driver(work, world)

    await request_payout(work, driver_id=driver_id)

    assert await wallet_minor(work, world, other_id) == (4140, 0)


async def test_a_second_request_hears_that_a_payout_is_under_way(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    await request_payout(work, driver_id=driver_id)

    with pytest.raises(PayoutUnderWay) as refusal:
        await request_payout(work, driver_id=driver_id)

    assert refusal.value.code == "PAYOUT_UNDER_WAY"
    assert await work.fetch_value("SELECT count(*) FROM payout") == 1


async def test_a_driver_without_statements_has_nothing_to_pay(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)

    with pytest.raises(NothingToPay) as refusal:
        await request_payout(work, driver_id=DriverId(driver.id))

    assert refusal.value.code == "NOTHING_TO_PAY"


async def test_a_held_statement_is_nothing_to_pay(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    await open_account(work, world, driver.id)
    route = await make_driven_route(work, world, driver, is_flagged=True)
    await issue_statement(work, route_id=RouteId(route.id))

    with pytest.raises(NothingToPay):
        await request_payout(work, driver_id=DriverId(driver.id))


async def test_below_the_minimum_the_money_stays(work: Work) -> None:
    world = await make_pay_world(work, payout_minimum_minor=5000)
    driver_id, _ = await make_paid_driver(work, world)

    with pytest.raises(BelowPayoutMinimum, match="5000 CLP") as refusal:
        await request_payout(work, driver_id=driver_id)

    assert refusal.value.code == "BELOW_PAYOUT_MINIMUM"
    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    assert await work.fetch_value("SELECT count(*) FROM payout") == 0


async def test_a_run_leaves_out_who_has_asked(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    await request_payout(work, driver_id=driver_id)

    assert await schedule_payouts(work, market_id=world.market_id) == []


async def test_an_unknown_driver_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await request_payout(work, driver_id=DriverId(work.new_id()))


async def test_an_instant_payout_is_had_on_the_terms_that_were_shown_and_no_others(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    await work.execute("UPDATE payout_account SET can_pay_at_once = true")
    with pytest.raises(QuoteNeeded):
        await request_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT)
    quote = await quote_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT)
    assert (quote.amount_minor, quote.fee_minor, quote.arrives_at) == (4099, 41, work.now + timedelta(minutes=30))
    await work.execute("UPDATE market SET instant_fee_basis_points = 200")

    with pytest.raises(QuoteChanged):
        await request_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT, quote_id=quote.id)
    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    await work.execute("UPDATE market SET instant_fee_basis_points = 100")
    payout_id = await request_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT, quote_id=quote.id)

    row = await payout_row(work, payout_id)
    assert (row["amount_minor"], row["fee_minor"], row["method"]) == (4099, 41, "INSTANT")
    assert await wallet_minor(work, world, driver_id) == (0, 4140)


async def test_a_quote_of_somebody_else_or_of_yesterday_is_worth_nothing(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        first, second = [(await make_paid_driver(work, world))[0] for _ in range(2)]
        quote = await quote_payout(work, driver_id=first, method=PayoutMethod.STANDARD)
        with pytest.raises(NotFound):
            await request_payout(work, driver_id=second, quote_id=quote.id)
    clock.advance(seconds=600)
    async with works.open() as work:
        with pytest.raises(QuoteChanged):
            await request_payout(work, driver_id=first, quote_id=quote.id)


async def test_a_bank_that_cannot_be_paid_at_once_is_told_before_a_fee_is_shown(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)

    with pytest.raises(NoPayoutAccount, match="costs nothing"):
        await quote_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT)
