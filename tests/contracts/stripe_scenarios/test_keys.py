"""Idempotency keys: one key is one object and one answer."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import StripeWorld, error_of


async def test_one_key_is_one_object_and_one_answer(world: StripeWorld) -> None:
    first = await world.v1.customers.create_async({"name": "Once"}, world.key("once"))
    again = await world.v1.customers.create_async({"name": "Once"}, world.key("once"))

    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers


async def test_a_key_is_not_used_for_something_else(world: StripeWorld) -> None:
    await world.v1.customers.create_async({"name": "Once"}, world.key("once"))

    with pytest.raises(stripe.IdempotencyError):
        await world.v1.customers.create_async({"name": "Twice"}, world.key("once"))


async def test_a_declined_card_stays_declined_under_its_key(world: StripeWorld) -> None:
    asked = {
        "amount": 5_000,
        "currency": "usd",
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    charges = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refusal:
            await world.v1.payment_intents.create_async(asked, world.key("declined"))
        charges.append(error_of(refusal)["charge"])

    assert charges[0] == charges[1]


async def test_what_is_refused_before_anything_was_done_leaves_the_key_free(world: StripeWorld) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.customers.create_async({"colour": "red"}, world.key("free"))

    assert (await world.v1.customers.create_async({"name": "Now right"}, world.key("free"))).name == "Now right"
