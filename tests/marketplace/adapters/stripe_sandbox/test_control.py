"""What only a stand-in can do: its clock, the bank's questions, the driver's onboarding, and a list that teaches."""

import httpx
import pytest
import stripe

from marketplace.adapters.stripe_sandbox.control import COMMANDS
from tests.contracts.stripe_scenarios.world import ONBOARDED_BY_STRIPE, StripeWorld, stand_in_world
from tests.waiting import until


async def test_the_control_lists_its_commands() -> None:
    async with stand_in_world() as world:
        listed = (await world.control("GET", ""))["commands"]

    assert len(listed) == len(COMMANDS)
    assert all(sentence.endswith((".", "…")) for sentence in listed.values())


async def test_the_clock_goes_forward_only() -> None:
    async with stand_in_world() as world:
        start = (await world.control("POST", "/clock", rate=0))["now"]

        forward = await world.control("POST", "/clock", advance_s=100)
        back = await world.control("POST", "/clock", now=start)

    assert (forward, back) == ({"now": start + 100, "rate": 0}, {"now": start + 100, "rate": 0})


async def test_time_passes_by_itself_at_its_pace() -> None:
    async with stand_in_world() as world:
        topup = await world.v1.topups.create_async({"amount": 5_000, "currency": "usd"})

        await world.control("POST", "/clock", rate=864_000)

        assert world.stand_in is not None
        kept = world.stand_in.sandbox.store.tables["topup"]
        await until(lambda: kept[topup.id]["status"] == "succeeded")


async def test_the_onboarding_page_verifies_once() -> None:
    async with stand_in_world() as world, httpx.AsyncClient(trust_env=False) as browser:
        account = await world.v1.accounts.create_async(
            {"controller": ONBOARDED_BY_STRIPE, "capabilities": {"transfers": {"requested": True}}}
        )
        asked = {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "https://example.com/again",
            "return_url": "https://example.com/done",
        }
        link = await world.v1.account_links.create_async(asked)

        first = await browser.get(link.url)
        again = await browser.get(link.url)

        verified = await world.v1.accounts.retrieve_async(account.id)
        assert [first.headers["location"], again.headers["location"]] == [asked["return_url"], asked["refresh_url"]]
        assert (verified.payouts_enabled, verified.capabilities.transfers) == (True, "active")
        assert verified.external_accounts.data[0].last4 == "6789"


@pytest.mark.parametrize(("succeeds", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
async def test_a_card_holder_answers_the_bank(succeeds: bool, status: str) -> None:
    async with stand_in_world() as world:
        asked = {
            "amount": 5_000,
            "currency": "usd",
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
        }
        intent = await world.v1.payment_intents.create_async(asked | {"return_url": "https://example.com/back"})

        await world.control("POST", f"/payment_intents/{intent.id}/authenticate", succeeds=succeeds)

        assert (await world.v1.payment_intents.retrieve_async(intent.id)).status == status


async def test_a_card_that_was_set_up_is_charged_without_a_question() -> None:
    async with stand_in_world() as world:
        customer = await world.v1.customers.create_async({})
        setup = await world.v1.setup_intents.create_async(
            {
                "customer": customer.id,
                "payment_method": "pm_card_authenticationRequiredOnSetup",
                "confirm": True,
                "return_url": "https://example.com/back",
            }
        )
        await world.control("POST", f"/setup_intents/{setup.id}/authenticate")

        intent = await world.v1.payment_intents.create_async(
            {
                "amount": 5_000,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": setup.payment_method,
                "off_session": True,
                "confirm": True,
            }
        )

        assert (setup.status, intent.status) == ("requires_action", "succeeded")


async def test_a_good_card_can_be_made_to_fail_and_healed() -> None:
    async with stand_in_world() as world:
        customer, card = await world.shipper()
        asked = {"amount": 900, "currency": "usd", "customer": customer, "payment_method": card, "confirm": True}

        await world.control("POST", f"/payment_methods/{card}/fail", reason="lost_card")
        with pytest.raises(stripe.CardError) as refusal:
            await world.v1.payment_intents.create_async(asked | {"off_session": True})
        await world.control("POST", f"/payment_methods/{card}/fail", reason=None)

        assert refusal.value.json_body["error"]["decline_code"] == "lost_card"  # type: ignore[index]  # untyped there
        assert (await world.v1.payment_intents.create_async(asked | {"off_session": True})).status == "succeeded"


async def test_a_wrong_command_says_what_is_wrong() -> None:
    async with stand_in_world() as world, httpx.AsyncClient(base_url=url_of(world), trust_env=False) as http:
        unknown = await http.post("/_sandbox/nothing", json={})
        strange = await http.post("/_sandbox/faults", json={"fault": "earthquake"})
        broken = await http.post("/_sandbox/clock", content=b"{")

    assert [answer.status_code for answer in (unknown, strange, broken)] == [404, 400, 400]
    assert "timeout_after" in strange.json()["error"]["message"]


def url_of(world: StripeWorld) -> str:
    """Where the stand-in answers."""
    assert world.stand_in is not None
    return world.stand_in.url
