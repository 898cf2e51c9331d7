"""A driver can ask for what is payable, once at a time, and hears why not."""

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, RouteId
from marketplace.core.work import Work
from marketplace.payouts import (
    BelowPayoutMinimum,
    NothingToPay,
    PayoutUnderWay,
    issue_statement,
    request_payout,
    schedule_payouts,
)
from marketplace.payouts.events import PayoutScheduled
from tests.builders import make_driver
from tests.marketplace.payouts.world import (
    make_driven_route,
    make_paid_driver,
    make_pay_world,
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
    assert [type(event) for event in work.events] == [PayoutScheduled]


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
