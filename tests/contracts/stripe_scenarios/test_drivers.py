"""Drivers at Stripe: what they may do before and after they are verified, and their bank accounts."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import DAY_S, GOOD_BANK, ONBOARDED_BY_STRIPE, StripeWorld


async def test_a_driver_must_be_verified_before_money_comes(world: StripeWorld) -> None:
    await world.float()
    account = await world.v1.accounts.create_async(
        {
            "country": "US",
            "controller": ONBOARDED_BY_STRIPE,
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"driver": "drv_1"},
        }
    )

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.transfers.create_async({"amount": 1_000, "currency": "usd", "destination": account.id})

    assert refusal.value.code == "insufficient_capabilities_for_transfer"
    assert (account.payouts_enabled, account.details_submitted) == (False, False)
    assert account.capabilities.transfers == "inactive"
    assert "external_account" in account.requirements.currently_due
    assert account.requirements.disabled_reason == "requirements.past_due"
    link = await world.v1.account_links.create_async(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "https://example.com/again",
            "return_url": "https://example.com/done",
        }
    )
    assert link.expires_at > link.created


async def test_a_verified_driver_may_be_asked_again_and_stopped(stand_in: StripeWorld) -> None:
    driver = await stand_in.driver()
    now = (await stand_in.control("GET", "/clock"))["now"]

    await stand_in.control("POST", f"/accounts/{driver}/require", fields=["individual.id_number"], deadline=now + DAY_S)
    asked = await stand_in.v1.accounts.retrieve_async(driver)
    await stand_in.pass_time(DAY_S)
    stopped = await stand_in.v1.accounts.retrieve_async(driver)
    await stand_in.control("POST", f"/accounts/{driver}/verify")
    again = await stand_in.v1.accounts.retrieve_async(driver)

    assert (asked.payouts_enabled, asked.requirements.currently_due) == (True, ["individual.id_number"])
    assert asked.requirements.current_deadline == now + DAY_S
    assert (stopped.payouts_enabled, stopped.requirements.disabled_reason) == (False, "requirements.past_due")
    assert stopped.capabilities.transfers == "inactive"
    assert (again.payouts_enabled, again.capabilities.transfers) == (True, "active")


async def test_a_rejected_driver_gets_nothing(world: StripeWorld) -> None:
    await world.float()
    driver = await world.driver()

    rejected = await world.v1.accounts.reject_async(driver, {"reason": "fraud"})

    assert rejected.requirements.disabled_reason == "rejected.fraud"
    assert rejected.payouts_enabled is False
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.transfers.create_async({"amount": 1_000, "currency": "usd", "destination": driver})


async def test_a_driver_changes_bank(world: StripeWorld) -> None:
    driver = await world.driver()
    old = (await world.v1.accounts.external_accounts.list_async(driver)).data[0]

    new = await world.v1.accounts.external_accounts.create_async(
        driver, {"external_account": GOOD_BANK, "default_for_currency": True}
    )
    await world.v1.accounts.external_accounts.delete_async(driver, old.id)

    kept = await world.v1.accounts.external_accounts.list_async(driver)
    assert [(bank.id, bank.last4, bank.default_for_currency) for bank in kept.data] == [(new.id, "6789", True)]
