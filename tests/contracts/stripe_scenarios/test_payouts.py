"""Payouts: from a driver's balance to the bank, and sometimes back again."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import DAY_S, GOOD_BANK, StripeWorld


async def test_a_payout_goes_from_pending_to_paid(stand_in: StripeWorld) -> None:
    await stand_in.float()
    driver = await stand_in.driver()
    await stand_in.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})
    account = {"stripe_account": driver}

    payout = await stand_in.v1.payouts.create_async(
        {"amount": 5_000, "currency": "usd", "metadata": {"operation": "op_2"}}, account
    )
    states = [payout.status]
    for seconds in (3_600, 2 * DAY_S):
        await stand_in.pass_time(seconds)
        states.append((await stand_in.v1.payouts.retrieve_async(payout.id, options=account)).status)

    assert states == ["pending", "in_transit", "paid"]
    assert await stand_in.balance(driver) == (0, 0)
    found = await stand_in.v1.payouts.list_async({"status": "paid"}, account)
    assert [one.metadata["operation"] for one in found.data] == ["op_2"]


async def test_a_payout_above_the_balance_is_refused(world: StripeWorld) -> None:
    driver = await world.driver()

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.payouts.create_async({"amount": 1, "currency": "usd"}, {"stripe_account": driver})

    assert refusal.value.code == "balance_insufficient"


async def test_an_instant_payout_needs_a_debit_card_and_arrives_within_the_hour(stand_in: StripeWorld) -> None:
    await stand_in.float()
    driver = await stand_in.driver()
    account = {"stripe_account": driver}
    await stand_in.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})
    asked = {"amount": 5_000, "currency": "usd", "method": "instant"}

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stand_in.v1.payouts.create_async(asked, account)
    card = await stand_in.v1.accounts.external_accounts.create_async(
        driver, {"external_account": "tok_visa_debit_us_transferSuccess"}
    )
    payout = await stand_in.v1.payouts.create_async(asked | {"destination": card.id}, account)
    await stand_in.pass_time(1_800)

    assert refusal.value.code == "instant_payouts_unsupported"
    assert (payout.method, payout.type, payout.status) == ("instant", "card", "pending")
    assert (await stand_in.v1.payouts.retrieve_async(payout.id, options=account)).status == "paid"


async def test_a_paid_payout_may_still_come_back_and_stops_the_bank_account(stand_in: StripeWorld) -> None:
    await stand_in.float()
    driver = await stand_in.driver()
    account = {"stripe_account": driver}
    await stand_in.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})
    payout = await stand_in.v1.payouts.create_async({"amount": 5_000, "currency": "usd"}, account)
    await stand_in.pass_time(3 * DAY_S)

    await stand_in.control("POST", f"/payouts/{payout.id}/fail", reason="account_closed")

    failed = await stand_in.v1.payouts.retrieve_async(
        payout.id, {"expand": ["destination", "failure_balance_transaction"]}, account
    )
    assert (failed.status, failed.failure_code, failed.destination.status) == ("failed", "account_closed", "errored")
    assert failed.failure_balance_transaction.net == 5_000
    assert await stand_in.balance(driver) == (5_000, 0)
    assert (await stand_in.v1.accounts.retrieve_async(driver)).payouts_enabled is False
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stand_in.v1.payouts.create_async({"amount": 5_000, "currency": "usd"}, account)
    assert refusal.value.code == "payouts_not_allowed"


async def test_a_bank_may_be_scripted_to_send_paid_payouts_back(stand_in: StripeWorld) -> None:
    await stand_in.float()
    driver = await stand_in.driver()
    account = {"stripe_account": driver}
    await stand_in.control(
        "POST", f"/accounts/{driver}/bank", account_number="000123456789", returns_with="could_not_process"
    )
    await stand_in.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})
    payout = await stand_in.v1.payouts.create_async({"amount": 5_000, "currency": "usd"}, account)

    states = []
    for _ in range(3):
        await stand_in.pass_time(DAY_S)
        states.append((await stand_in.v1.payouts.retrieve_async(payout.id, options=account)).status)

    assert states == ["in_transit", "paid", "failed"]
    assert await stand_in.balance(driver) == (5_000, 0)


async def test_a_new_bank_account_lets_money_out_again(stand_in: StripeWorld) -> None:
    await stand_in.float()
    driver = await stand_in.driver(bank=GOOD_BANK | {"account_number": "000111111113"})
    account = {"stripe_account": driver}
    await stand_in.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})
    payout = await stand_in.v1.payouts.create_async({"amount": 5_000, "currency": "usd"}, account)
    await stand_in.pass_time(3 * DAY_S)
    failed = await stand_in.v1.payouts.retrieve_async(payout.id, options=account)

    await stand_in.v1.accounts.external_accounts.create_async(
        driver, {"external_account": GOOD_BANK, "default_for_currency": True}
    )
    again = await stand_in.v1.payouts.create_async({"amount": 5_000, "currency": "usd"}, account)
    await stand_in.pass_time(3 * DAY_S)

    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert (await stand_in.v1.payouts.retrieve_async(again.id, options=account)).status == "paid"


async def test_a_payout_that_has_not_left_is_called_back(stand_in: StripeWorld) -> None:
    await stand_in.float()
    driver = await stand_in.driver()
    account = {"stripe_account": driver}
    await stand_in.v1.transfers.create_async({"amount": 5_000, "currency": "usd", "destination": driver})
    payout = await stand_in.v1.payouts.create_async({"amount": 5_000, "currency": "usd"}, account)

    cancelled = await stand_in.v1.payouts.cancel_async(payout.id, options=account)

    assert cancelled.status == "canceled"
    assert await stand_in.balance(driver) == (5_000, 0)


async def test_a_top_up_is_there_a_day_later(stand_in: StripeWorld) -> None:
    topup = await stand_in.v1.topups.create_async({"amount": 50_000, "currency": "usd"})
    await stand_in.pass_time(DAY_S)

    arrived = await stand_in.v1.topups.retrieve_async(topup.id)
    assert (topup.status, arrived.status) == ("pending", "succeeded")
    assert await stand_in.balance() == (50_000, 0)
