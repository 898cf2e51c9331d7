"""A payout takes the steps that are known to have happened, each once, in whatever order they become known."""

from datetime import timedelta
from random import Random

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, PayoutId, StatementId
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    CONNECTED_FUNDS,
    GATEWAY_AVAILABLE,
    INSTANT_FEE_REVENUE,
    LedgerAccount,
    balance_of,
    check_ledger,
    driver_connected,
)
from marketplace.payments import OperationKind
from marketplace.payouts import (
    PayoutMethod,
    PayoutState,
    quote_payout,
    request_payout,
    settle_payout,
    sweep_payouts,
)
from marketplace.payouts.events import PayoutFailed, PayoutHeld, PayoutPaid, PayoutScheduled, PayoutTransferred
from tests.conftest import NOW
from tests.marketplace.payouts.world import (
    PayWorld,
    end_operation,
    make_paid_driver,
    make_pay_world,
    payout_row,
    statement_row,
    wallet_minor,
    wanted,
)

TRANSFER, PAYOUT = OperationKind.TRANSFER, OperationKind.PAYOUT


async def minor(work: Work, world: PayWorld, account: LedgerAccount) -> int:
    """What stands on an account."""
    return (await balance_of(work, market_id=world.market.id, account=account, currency="CLP")).minor


async def on_its_way(work: Work, world: PayWorld, **account: object) -> tuple[DriverId, PayoutId, StatementId]:
    """A payout whose money lies on the driver's own account, and whose sending is wanted."""
    driver_id, [statement_id] = await make_paid_driver(work, world)
    for name, value in account.items():
        await work.execute(f"UPDATE payout_account SET {name} = $1", value)
    payout_id = await request_payout(work, driver_id=driver_id)
    await end_operation(work, TRANSFER, payout_id)
    await settle_payout(work, payout_id=payout_id)
    return driver_id, payout_id, statement_id


async def instant(work: Work, world: PayWorld) -> tuple[DriverId, PayoutId]:
    """An instant payout whose transfer is done."""
    driver_id, _ = await make_paid_driver(work, world)
    await work.execute("UPDATE payout_account SET can_pay_at_once = true")
    quote = await quote_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT)
    payout_id = await request_payout(work, driver_id=driver_id, method=PayoutMethod.INSTANT, quote_id=quote.id)
    await end_operation(work, TRANSFER, payout_id)
    await settle_payout(work, payout_id=payout_id)
    return driver_id, payout_id


async def test_a_payout_is_transferred_sent_and_paid_each_once(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, [statement_id] = await make_paid_driver(work, world)
    work.events.clear()
    payout_id = await request_payout(work, driver_id=driver_id)
    assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED

    await end_operation(work, TRANSFER, payout_id)
    for _ in range(2):
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED
    assert await wallet_minor(work, world, driver_id) == (0, 0)
    assert await minor(work, world, driver_connected(driver_id)) == 4140
    await end_operation(work, PAYOUT, payout_id, object_state="pending", arrival_date=1_772_600_000)
    for _ in range(2):
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.IN_TRANSIT
    await end_operation(work, PAYOUT, payout_id, object_state="paid")
    for _ in range(2):
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.PAID

    assert await wanted(work, payout_id) == [("TRANSFER", 1, "DONE"), ("PAYOUT", 1, "DONE")]
    assert (await statement_row(work, statement_id))["state"] == "PAID"
    assert await minor(work, world, GATEWAY_AVAILABLE) == -4140
    assert await minor(work, world, driver_connected(driver_id)) == 0
    assert await minor(work, world, CONNECTED_FUNDS) == 0
    told = [type(event) for event in work.events if event.name.startswith("Payout")]
    assert told == [PayoutScheduled, PayoutTransferred, PayoutPaid]
    assert (await check_ledger(work, market_id=world.market.id)).is_sound


async def test_news_that_skips_steps_ends_in_the_same(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, payout_id, statement_id = await on_its_way(work, world)

    await end_operation(work, PAYOUT, payout_id, object_state="failed", failure_code="account_closed")

    assert await settle_payout(work, payout_id=payout_id) is PayoutState.FAILED
    assert await minor(work, world, driver_connected(driver_id)) == 4140
    assert (await statement_row(work, statement_id))["state"] == "PAYABLE"
    assert (await payout_row(work, payout_id))["reason"] == "account_closed"


async def test_paid_is_not_the_end_and_the_money_is_sent_again_when_the_bank_is_mended(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        driver_id, payout_id, statement_id = await on_its_way(work, world)
        await end_operation(work, PAYOUT, payout_id, object_state="paid")
        await settle_payout(work, payout_id=payout_id)
        await end_operation(work, PAYOUT, payout_id, object_state="failed", failure_code="no_account")
        assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
        for _ in range(2):
            assert await settle_payout(work, payout_id=payout_id) is PayoutState.FAILED
        failed = await payout_row(work, payout_id)
        assert (failed["failures"], failed["retry_at"]) == (1, NOW + timedelta(days=1))
        assert await minor(work, world, driver_connected(driver_id)) == 4140
        assert await wallet_minor(work, world, driver_id) == (0, 0)
        assert [type(event) for event in work.events if isinstance(event, PayoutFailed)] == [PayoutFailed]
        await work.execute("UPDATE payout_account SET can_pay_out = false")
        assert await sweep_payouts(work, market_id=world.market_id) == []
    clock.advance(seconds=86_400)
    async with works.open() as work:
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.ON_HOLD
        assert await sweep_payouts(work, market_id=world.market_id) == []
        await work.execute("UPDATE payout_account SET can_pay_out = true")
        assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED
        await end_operation(work, PAYOUT, payout_id, object_state="paid")
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.PAID

        assert await wanted(work, payout_id) == [("TRANSFER", 1, "DONE"), ("PAYOUT", 1, "DONE"), ("PAYOUT", 2, "DONE")]
        assert await minor(work, world, driver_connected(driver_id)) == 0
        assert await minor(work, world, GATEWAY_AVAILABLE) == -4140
        assert (await statement_row(work, statement_id))["state"] == "PAID"
        assert (await check_ledger(work, market_id=world.market.id)).is_sound


async def test_banks_are_tried_three_times_more_and_then_a_person_has_to_look(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        _, payout_id, _ = await on_its_way(work, world)
    waits = []
    for _ in range(4):
        async with works.open() as work:
            await end_operation(work, PAYOUT, payout_id, object_state="failed", failure_code="no_account")
            await settle_payout(work, payout_id=payout_id)
            retry_at = (await payout_row(work, payout_id))["retry_at"]
            waits.append((retry_at - work.now).days if retry_at else None)
        if retry_at is not None:
            clock.advance(seconds=(retry_at - clock.now).total_seconds())
            async with works.open() as work:
                assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED

    assert waits == [1, 3, 7, None]
    async with works.open() as work:
        assert await sweep_payouts(work, market_id=world.market_id) == []


async def test_a_transfer_that_is_refused_for_good_gives_everything_back(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, [statement_id] = await make_paid_driver(work, world)
    payout_id = await request_payout(work, driver_id=driver_id)
    await end_operation(work, TRANSFER, payout_id, error_code="insufficient_capabilities_for_transfer")

    for _ in range(2):
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.FAILED

    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    assert (await statement_row(work, statement_id))["payout_id"] is None
    assert await work.fetch_value("SELECT count(*) FROM payout_entry") == 0
    assert [event.is_given_back for event in work.events if isinstance(event, PayoutFailed)] == [True]
    again = await request_payout(work, driver_id=driver_id)
    assert (await payout_row(work, again))["amount_minor"] == 4140
    assert (await check_ledger(work, market_id=world.market.id)).is_sound


async def test_an_account_that_is_stopped_midway_holds_the_money_on_it(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    payout_id = await request_payout(work, driver_id=driver_id)
    await end_operation(work, TRANSFER, payout_id)
    await work.execute("UPDATE payout_account SET can_pay_out = false")

    for _ in range(2):
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.ON_HOLD

    assert await wanted(work, payout_id) == [("TRANSFER", 1, "DONE")]
    assert (await payout_row(work, payout_id))["reason"] == "ACCOUNT"
    assert [event.reason for event in work.events if isinstance(event, PayoutHeld)] == ["ACCOUNT"]
    assert await sweep_payouts(work, market_id=world.market_id) == []
    await work.execute("UPDATE payout_account SET can_pay_out = true")
    assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
    assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED


async def test_a_bank_that_was_changed_is_sent_nothing_for_72_hours(works: Works, clock: ManualClock) -> None:
    until = NOW + timedelta(hours=72)
    async with works.open() as work:
        world = await make_pay_world(work)
        driver_id, _ = await make_paid_driver(work, world)
        payout_id = await request_payout(work, driver_id=driver_id)
        await work.execute("UPDATE payout_account SET held_until = $1", until)
        await end_operation(work, TRANSFER, payout_id)
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.ON_HOLD
        row = await payout_row(work, payout_id)
        assert (row["reason"], row["retry_at"]) == ("ACCOUNT_CHANGED", until)
        assert await sweep_payouts(work, market_id=world.market_id) == []
    clock.advance(seconds=72 * 3600)
    async with works.open() as work:
        assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED


async def test_an_account_that_refuses_to_send_is_asked_again_later_only(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        _, payout_id, _ = await on_its_way(work, world)
        await end_operation(work, PAYOUT, payout_id, error_code="payouts_not_allowed")
        for _ in range(2):
            assert await settle_payout(work, payout_id=payout_id) is PayoutState.ON_HOLD
        assert len(await wanted(work, payout_id)) == 2
    clock.advance(seconds=300)
    async with works.open() as work:
        assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
        assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED
        assert (await wanted(work, payout_id))[2:] == [("PAYOUT", 2, "READY")]


async def test_the_fee_of_an_instant_payout_is_taken_when_it_has_left(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, payout_id = await instant(work, world)
    assert await wallet_minor(work, world, driver_id) == (0, 41)
    assert await minor(work, world, INSTANT_FEE_REVENUE) == 0

    await end_operation(work, PAYOUT, payout_id, object_state="pending")
    await settle_payout(work, payout_id=payout_id)

    row = await payout_row(work, payout_id)
    assert (row["amount_minor"], row["fee_minor"], row["method"]) == (4099, 41, "INSTANT")
    assert await wallet_minor(work, world, driver_id) == (0, 0)
    assert await minor(work, world, INSTANT_FEE_REVENUE) == 41


async def test_what_cannot_be_paid_at_once_is_paid_as_usual_and_for_nothing(work: Work) -> None:
    world = await make_pay_world(work)
    driver_id, payout_id = await instant(work, world)
    await end_operation(work, PAYOUT, payout_id, error_code="instant_payouts_unsupported")

    assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED
    await end_operation(work, PAYOUT, payout_id, object_state="paid")
    assert await settle_payout(work, payout_id=payout_id) is PayoutState.PAID

    row = await payout_row(work, payout_id)
    assert (row["amount_minor"], row["fee_minor"], row["method"]) == (4099, 0, "STANDARD")
    assert await wallet_minor(work, world, driver_id) == (41, 0)
    assert await minor(work, world, INSTANT_FEE_REVENUE) == 0
    # The fee that was not taken is carried forward to the next payout.
    again = await request_payout(work, driver_id=driver_id)
    row = await payout_row(work, again)
    assert (row["amount_minor"], row["entries_minor"], row["carried_minor"]) == (41, 0, 41)


async def test_an_instant_payout_that_came_back_costs_nothing_in_the_end(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        driver_id, payout_id = await instant(work, world)
        await end_operation(work, PAYOUT, payout_id, object_state="paid")
        await settle_payout(work, payout_id=payout_id)
        await end_operation(work, PAYOUT, payout_id, object_state="failed", failure_code="declined")
        await settle_payout(work, payout_id=payout_id)
        assert await wallet_minor(work, world, driver_id) == (41, 0)
        assert await minor(work, world, INSTANT_FEE_REVENUE) == 0
    clock.advance(seconds=86_400)
    async with works.open() as work:
        await settle_payout(work, payout_id=payout_id)
        row = await payout_row(work, payout_id)
        assert (row["method"], row["fee_minor"], row["state"]) == ("STANDARD", 0, "SCHEDULED")


@pytest.mark.parametrize("seed", range(8))
async def test_whenever_somebody_looks_and_however_often_the_end_is_the_same(work: Work, seed: int) -> None:
    source = Random(seed)
    world = await make_pay_world(work)
    driver_id, _ = await make_paid_driver(work, world)
    payout_id = await request_payout(work, driver_id=driver_id)

    async def look() -> None:
        for _ in range(source.choice((0, 0, 1, 3))):
            await settle_payout(work, payout_id=payout_id)

    await look()
    await end_operation(work, TRANSFER, payout_id)
    await look()
    await settle_payout(work, payout_id=payout_id)
    for object_state in ("pending", "in_transit", "paid", "failed"):
        await end_operation(work, PAYOUT, payout_id, object_state=object_state, failure_code="declined")
        await look()
    await settle_payout(work, payout_id=payout_id)

    row = await payout_row(work, payout_id)
    assert (row["state"], row["failures"], row["booked_sends"], row["returned_send"]) == ("FAILED", 1, 1, 1)
    assert await minor(work, world, driver_connected(driver_id)) == 4140
    assert await minor(work, world, GATEWAY_AVAILABLE) == -4140
    assert [event.name for event in work.events].count("PayoutFailed") == 1
    assert (await check_ledger(work, market_id=world.market.id)).is_sound


async def test_an_unknown_payout_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await settle_payout(work, payout_id=PayoutId(work.new_id()))
