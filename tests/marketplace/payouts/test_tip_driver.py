"""A tip reaches the driver whole: apart from pay, never counted to a floor, never more often than it was given."""

from typing import Any

import pytest

from marketplace.batches.models import Delivery
from marketplace.batches.states import DeliveryState
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId, DriverId, MarketId, ShipperId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    GATEWAY_PENDING,
    TIPS_CLEARING,
    Entry,
    LedgerAccount,
    balance_of,
    check_ledger,
    driver_debt,
    post_journal,
    shipper_receivable,
)
from marketplace.ledger.chart import GOODWILL
from marketplace.payouts import (
    BadTip,
    TooEarlyToTip,
    TooManyTips,
    book_tip,
    find_earnings,
    recompute_statement,
    request_payout,
    tip_driver,
)
from marketplace.payouts.events import DriverTipped
from tests.marketplace.payouts.laws import LA_WAGE, drive, lines_of, make_law_world, make_worker, true_up
from tests.marketplace.payouts.test_true_up_pay import SETTLED, WORKED, at
from tests.marketplace.payouts.world import (
    PayWorld,
    make_driven_route,
    make_pay_world,
    open_account,
    payout_row,
    statement_row,
    wallet_minor,
)


async def make_delivered(
    work: Work, world: PayWorld, state: DeliveryState = DeliveryState.DELIVERED
) -> tuple[DeliveryId, DriverId]:
    """A delivery that a driver brought."""
    driver, driver_id = await make_worker(work, world)
    route = await make_driven_route(work, world, driver)
    delivery_id = await work.fetch_value("SELECT id FROM delivery WHERE route_id = $1 ORDER BY id LIMIT 1", route.id)
    await Delivery.filter(id=delivery_id).using_db(work.db).update(state=state.value)
    return DeliveryId(delivery_id), driver_id


def of(world: PayWorld) -> ShipperId:
    return ShipperId(world.shipper.id)


async def left_on(work: Work, world: PayWorld, account: LedgerAccount) -> int:
    return (await balance_of(work, market_id=world.market_id, account=account, currency=world.market.currency)).minor


async def test_the_whole_tip_goes_to_the_wallet_through_a_clearing_account_that_stays_empty(work: Work) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world)

    statement_id = await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(700, "CLP"))

    assert await wallet_minor(work, world, driver_id) == (700, 0)
    assert await left_on(work, world, TIPS_CLEARING) == 0
    assert await left_on(work, world, shipper_receivable(world.shipper.id)) == 700
    row = await statement_row(work, statement_id)
    assert (row["kind"], row["delivery_id"], row["route_id"], row["total_minor"], row["state"]) == (
        "TIP", delivery_id, None, 700, "PAYABLE",
    )  # fmt: skip
    assert await lines_of(work, statement_id) == [("tip", 700)]
    assert await recompute_statement(work, statement_id=statement_id)
    assert await work.fetch_value("SELECT count(*) FROM posting WHERE journal_id = $1", row["journal_id"]) == 2
    assert work.events == [
        DriverTipped(
            market_id=world.market.id,
            statement_id=statement_id,
            delivery_id=delivery_id,
            driver_id=driver_id,
            shipper_id=world.shipper.id,
            total_minor=700,
            currency="CLP",
        )
    ]
    assert (await check_ledger(work, market_id=world.market_id)).is_sound


async def test_a_tip_is_paid_out_whole_and_shown_apart_even_to_a_driver_who_owes_us(work: Work) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world)
    await post_journal(
        work,
        market_id=MarketId(world.market.id),
        key="debt",
        kind="DEBT",
        subject_id=driver_id,
        entries=[Entry(debit=driver_debt(driver_id), credit=GOODWILL, amount=Money(5000, "CLP"))],
    )
    await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(700, "CLP"))
    await open_account(work, world, driver_id)

    payout_id = await request_payout(work, driver_id=driver_id)

    assert (await payout_row(work, payout_id))["amount_minor"] == 700
    assert await left_on(work, world, driver_debt(driver_id)) == 5000
    earnings = await find_earnings(work.connection, driver_id=driver_id)
    assert earnings is not None
    assert (earnings["tips_minor"], earnings["route_count"]) == (700, 0)


async def test_tips_are_no_pay_to_the_law(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=0, paid_minor=6000)
        delivery_id = await work.fetch_value("SELECT id FROM delivery ORDER BY id LIMIT 1")
        await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE id = $1", delivery_id)
        await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(9000, "USD"))
    at(clock, SETTLED)

    async with works.open() as work:
        [statement_id] = await true_up(work, world)

        assert (await statement_row(work, statement_id))["total_minor"] == 2054
        assert await wallet_minor(work, world, driver_id) == (6000 + 9000 + 2054, 0)


async def test_a_tip_that_was_paid_by_card_stands_at_the_gateway_and_not_with_the_shipper(work: Work) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world)

    await book_tip(work, delivery_id=delivery_id, amount=Money(300, "CLP"), debit=GATEWAY_PENDING)

    assert await wallet_minor(work, world, driver_id) == (300, 0)
    assert await left_on(work, world, GATEWAY_PENDING) == 300
    assert await left_on(work, world, shipper_receivable(world.shipper.id)) == 0


@pytest.mark.parametrize("state", [one for one in DeliveryState if one is not DeliveryState.DELIVERED])
async def test_a_delivery_that_has_not_arrived_is_not_tipped(work: Work, state: DeliveryState) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world, state)

    with pytest.raises(TooEarlyToTip):
        await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(700, "CLP"))

    assert await wallet_minor(work, world, driver_id) == (0, 0)
    assert await work.fetch_value("SELECT count(*) FROM pay_statement") == 0
    assert work.events == []


@pytest.mark.parametrize("amount", [Money(0, "CLP"), Money(-5, "CLP"), Money(700, "USD")])
async def test_a_tip_of_nothing_or_in_another_currency_is_refused(work: Work, amount: Money) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world)

    with pytest.raises(BadTip):
        await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=amount)

    assert await wallet_minor(work, world, driver_id) == (0, 0)


async def test_nobody_tips_for_somebody_elses_delivery(work: Work) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world)
    values: dict[str, Any] = {"amount": Money(700, "CLP")}

    with pytest.raises(NotFound):
        await tip_driver(work, delivery_id=delivery_id, shipper_id=ShipperId(work.new_id()), **values)
    with pytest.raises(NotFound):
        await tip_driver(work, delivery_id=DeliveryId(work.new_id()), shipper_id=of(world), **values)

    assert await wallet_minor(work, world, driver_id) == (0, 0)


async def test_a_delivery_is_tipped_ten_times_at_most(work: Work) -> None:
    world = await make_pay_world(work)
    delivery_id, driver_id = await make_delivered(work, world)
    for _ in range(10):
        await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(1, "CLP"))

    with pytest.raises(TooManyTips):
        await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(1, "CLP"))

    assert await wallet_minor(work, world, driver_id) == (10, 0)


async def test_a_tip_is_on_the_bill_of_the_shipper_who_gave_it_once(work: Work) -> None:
    world = await make_pay_world(work)
    delivery_id, _ = await make_delivered(work, world)

    await tip_driver(work, delivery_id=delivery_id, shipper_id=of(world), amount=Money(700, "CLP"))

    lines = await work.fetch("SELECT kind, amount_minor, delivery_id, journal_id, charge_id FROM bill_line")
    journal_id = await work.fetch_value("SELECT journal_id FROM pay_statement WHERE kind = 'TIP'")
    assert [tuple(line.values()) for line in lines] == [("TIP", 700, delivery_id, journal_id, None)]
    assert await left_on(work, world, shipper_receivable(of(world))) == 700
