"""Shippers at Stripe: cards on file, charges while their owner is away, authorisations and captures."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import DAY_S, StripeWorld, error_of


async def test_a_card_on_file_is_charged_while_its_owner_is_away(world: StripeWorld) -> None:
    intent = await world.charge(10_000, transfer_group="batch-1", expand=["latest_charge.balance_transaction"])

    money = intent.latest_charge.balance_transaction
    assert (intent.status, intent.amount_received) == ("succeeded", 10_000)
    assert (money.type, money.amount, money.net) == ("charge", 10_000, 10_000 - money.fee)
    assert money.fee > 0


async def test_a_customer_keeps_cards_and_a_default(world: StripeWorld) -> None:
    customer, card = await world.shipper()

    updated = await world.v1.customers.update_async(
        customer, {"invoice_settings": {"default_payment_method": card}, "metadata": {"shipper": "shp_1"}}
    )
    cards = await world.v1.customers.payment_methods.list_async(customer, {"type": "card"})

    assert updated.invoice_settings.default_payment_method == card
    assert updated.metadata.to_dict() == {"shipper": "shp_1"}
    assert [kept.id for kept in cards.data] == [card]


async def test_metadata_is_merged_and_an_empty_value_takes_a_name_away(world: StripeWorld) -> None:
    customer = await world.v1.customers.create_async({"metadata": {"a": "1", "b": "2"}})

    updated = await world.v1.customers.update_async(customer.id, {"metadata": {"a": "", "c": "3"}})

    assert updated.metadata.to_dict() == {"b": "2", "c": "3"}


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
async def test_a_declined_card_leaves_a_failed_charge(
    world: StripeWorld, card: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        await world.v1.payment_intents.create_async(
            {
                "amount": 5_000,
                "currency": "usd",
                "payment_method": card,
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )

    error = error_of(refusal)
    assert (refusal.value.http_status, error["code"], error["decline_code"]) == (402, code, decline_code)
    intent = await world.v1.payment_intents.retrieve_async(error["payment_intent"]["id"])
    charge = await world.v1.charges.retrieve_async(intent.latest_charge)
    assert (intent.status, charge.status, charge.paid) == ("requires_payment_method", "failed", False)


async def test_a_card_that_fails_later_can_be_kept_but_not_charged(world: StripeWorld) -> None:
    customer = await world.v1.customers.create_async({})
    card = await world.v1.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": customer.id})

    with pytest.raises(stripe.CardError):
        await world.v1.payment_intents.create_async(
            {
                "amount": 5_000,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": card.id,
                "off_session": True,
                "confirm": True,
            }
        )


async def test_a_bank_that_asks_cannot_be_asked_while_the_owner_is_away(world: StripeWorld) -> None:
    customer = await world.v1.customers.create_async({})
    card = await world.v1.payment_methods.attach_async("pm_card_authenticationRequired", {"customer": customer.id})
    asked = {"amount": 5_000, "currency": "usd", "customer": customer.id, "payment_method": card.id, "confirm": True}

    with pytest.raises(stripe.CardError) as refusal:
        await world.v1.payment_intents.create_async(asked | {"off_session": True})
    present = await world.v1.payment_intents.create_async(asked | {"return_url": "https://example.com/back"})

    assert refusal.value.code == "authentication_required"
    assert (present.status, present.next_action.type) == ("requires_action", "redirect_to_url")


async def test_a_payment_that_the_bank_refused_in_absence_is_gone_on_with_by_its_owner(world: StripeWorld) -> None:
    customer = await world.v1.customers.create_async({})
    card = await world.v1.payment_methods.attach_async("pm_card_authenticationRequired", {"customer": customer.id})
    asked = {"amount": 5_000, "currency": "usd", "customer": customer.id, "payment_method": card.id, "confirm": True}
    quiet = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    with pytest.raises(stripe.CardError):
        await world.v1.payment_intents.create_async(asked | quiet | {"off_session": True})
    [refused] = (await world.v1.payment_intents.list_async({"customer": customer.id})).data

    confirmed = await world.v1.payment_intents.confirm_async(refused.id, {"payment_method": card.id})

    assert refused.status == "requires_payment_method"
    assert refused.client_secret.startswith(refused.id)
    assert refused.last_payment_error.payment_method.id == card.id
    assert (confirmed.id, confirmed.status) == (refused.id, "requires_action")
    if world.stand_in is not None:
        await world.control("POST", f"/payment_intents/{refused.id}/authenticate")
        after = await world.v1.payment_intents.retrieve_async(refused.id)
        assert (after.status, after.amount_received) == ("succeeded", 5_000)


async def test_an_authorised_amount_is_captured_in_part_and_the_rest_let_go(world: StripeWorld) -> None:
    intent = await world.charge(8_000, capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 8_000, 0)

    captured = await world.v1.payment_intents.capture_async(
        intent.id, {"amount_to_capture": 6_500, "expand": ["latest_charge.balance_transaction"]}
    )

    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 6_500, 0)
    assert captured.latest_charge.balance_transaction.amount == 6_500
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.payment_intents.capture_async(intent.id)
    assert refusal.value.code == "payment_intent_unexpected_state"


async def test_no_more_is_captured_than_was_authorised(world: StripeWorld) -> None:
    intent = await world.charge(8_000, capture_method="manual")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 8_001})

    assert refusal.value.code == "amount_too_large"


async def test_a_cancelled_authorisation_takes_nothing(world: StripeWorld) -> None:
    intent = await world.charge(8_000, capture_method="manual")

    cancelled = await world.v1.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})

    assert (cancelled.status, cancelled.amount_received) == ("canceled", 0)


async def test_an_authorisation_that_nobody_captures_ends_after_a_week(stand_in: StripeWorld) -> None:
    intent = await stand_in.charge(8_000, capture_method="manual")

    await stand_in.pass_time(7 * DAY_S)

    ended = await stand_in.v1.payment_intents.retrieve_async(intent.id)
    assert (ended.status, ended.cancellation_reason) == ("canceled", "automatic")
    assert await stand_in.balance() == (0, 0)
