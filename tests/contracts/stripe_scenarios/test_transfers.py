"""Transfers: from the platform to drivers, now or when the charge settles, and back as far as it is still there."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import DAY_S, StripeWorld


async def test_a_transfer_without_money_is_refused(world: StripeWorld) -> None:
    driver = await world.driver()

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.transfers.create_async({"amount": 99_999_999, "currency": "usd", "destination": driver})

    assert (refusal.value.http_status, refusal.value.code) == (400, "balance_insufficient")


async def test_a_transfer_is_at_the_driver_at_once(world: StripeWorld) -> None:
    await world.float()
    driver = await world.driver()

    transfer = await world.v1.transfers.create_async(
        {
            "amount": 2_500,
            "currency": "usd",
            "destination": driver,
            "transfer_group": world.run,
            "metadata": {"operation": "op_1"},
            "expand": ["balance_transaction", "destination_payment"],
        },
        world.key("transfer"),
    )

    assert await world.balance(driver) == (2_500, 0)
    assert (transfer.balance_transaction.type, transfer.balance_transaction.net) == ("transfer", -2_500)
    assert (transfer.destination_payment.amount, transfer.destination_payment.source_transfer) == (2_500, transfer.id)
    found = await world.v1.transfers.list_async({"transfer_group": world.run})
    assert [(one.id, one.metadata["operation"]) for one in found.data] == [(transfer.id, "op_1")]
    money = await world.v1.balance_transactions.list_async(options={"stripe_account": driver})
    assert [(line.type, line.net) for line in money.data] == [("payment", 2_500)]


async def test_a_transfer_from_a_charge_waits_until_the_charge_settles(world: StripeWorld) -> None:
    driver = await world.driver()
    intent = await world.charge(10_000, transfer_group=world.run)

    transfer = await world.v1.transfers.create_async(
        {"amount": 7_000, "currency": "usd", "destination": driver, "source_transaction": intent.latest_charge}
    )
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.transfers.create_async(
            {"amount": 3_001, "currency": "usd", "destination": driver, "source_transaction": intent.latest_charge}
        )

    assert transfer.transfer_group == world.run
    assert await world.balance(driver) == (0, 7_000)
    if world.stand_in:
        await world.pass_time(2 * DAY_S)
        assert await world.balance(driver) == (7_000, 0)
        assert await world.balance() == (10_000 - 320 - 7_000, 0)


async def test_a_transfer_is_taken_back_as_far_as_the_driver_has_it(world: StripeWorld) -> None:
    await world.float()
    driver = await world.driver()
    transfer = await world.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})

    part = await world.v1.transfers.reversals.create_async(transfer.id, {"amount": 2_000}, world.key("reversal"))
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.transfers.reversals.create_async(transfer.id, {"amount": 3_001})

    after = await world.v1.transfers.retrieve_async(transfer.id)
    assert (after.amount_reversed, after.reversed, [one.id for one in after.reversals.data]) == (
        2_000,
        False,
        [part.id],
    )
    assert await world.balance(driver) == (3_000, 0)
    await world.v1.payouts.create_async({"amount": 3_000, "currency": "usd"}, {"stripe_account": driver})
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.transfers.reversals.create_async(transfer.id, {"amount": 3_000})
