"""A card is charged when a batch is through; what became of it is read, and booked once."""

import random

import pytest

from marketplace.billing import ChargeState, Collects, ProfileState, Terms, retry_charge
from marketplace.ledger import (
    DELIVERY_REVENUE,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    shipper_receivable,
)
from tests.marketplace.billing.world import BillingWorld

DECLINED = "pm_card_chargeCustomerFail"


async def test_a_batch_that_is_through_is_charged_to_the_card_and_booked(billing: BillingWorld) -> None:
    await billing.open()

    await billing.bill(4_000, 2_500)

    [charge] = await billing.charges()
    assert (charge.state, charge.amount_minor, charge.captured_minor) == ("PAID", 6_500, 6_500)
    fee = await billing.balance(GATEWAY_FEE)
    assert fee > 0
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert await billing.balance(DELIVERY_REVENUE) == 6_500
    assert await billing.balance(GATEWAY_PENDING) == 6_500 - fee
    assert (await billing.ledger()).is_sound


async def test_a_batch_is_charged_once_its_last_delivery_has_ended(billing: BillingWorld) -> None:
    await billing.open()
    first, last = await billing.batch(4_000, 2_500)

    await billing.job("accrue_delivery", first.id)
    await billing.run()
    before = await billing.charges()
    await billing.job("accrue_delivery", last.id)
    await billing.run()

    assert before == []
    assert [charge.amount_minor for charge in await billing.charges()] == [6_500]


async def test_a_card_may_be_charged_once_a_day(billing: BillingWorld) -> None:
    await billing.open(collects=Collects.DAY)
    await billing.bill(4_000)
    await billing.bill(1_500)
    assert await billing.charges() == []

    await billing.pass_days(1)
    kinds = await billing.sweep()

    assert kinds == ["close_period"]
    assert [(charge.state, charge.amount_minor) for charge in await billing.charges()] == [("PAID", 5_500)]


async def test_money_is_available_once_the_provider_s_day_has_come(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(6_500)
    assert await billing.balance(GATEWAY_AVAILABLE) == 0

    await billing.make_settled()
    kinds = await billing.sweep()

    fee = await billing.balance(GATEWAY_FEE)
    assert kinds == ["settle_charge"]
    assert (await billing.balance(GATEWAY_AVAILABLE), await billing.balance(GATEWAY_PENDING)) == (6_500 - fee, 0)
    assert await billing.sweep() == []


async def test_a_declined_card_makes_the_shipper_past_due_and_is_tried_on_the_planned_days(
    billing: BillingWorld,
) -> None:
    await billing.open(card=DECLINED)
    await billing.bill(6_500)
    [charge] = await billing.charges()
    assert (charge.state, charge.error_code, charge.attempts) == ("DECLINED", "generic_decline", 1)
    assert (await billing.profile()).state is ProfileState.PAST_DUE

    tried = []
    for days in (0.5, 0.6, 2.5, 0.6, 6.5, 0.6, 30):
        await billing.pass_days(days)
        for _ in range(3):  # an earlier payment is called off before the card is tried again
            await billing.sweep()
            billing.clock.advance(seconds=601)
        [charge] = await billing.charges()
        tried.append(charge.attempts)

    assert tried == [1, 2, 2, 3, 3, 4, 4]
    assert (charge.state, charge.next_try_at) == ("DECLINED", None)
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 6_500
    assert {row["status"] for row in billing.payments.rows("payment_intent")} <= {"canceled", "requires_payment_method"}


async def test_a_new_card_pays_what_the_old_one_refused(billing: BillingWorld) -> None:
    await billing.open(card=DECLINED)
    await billing.bill(6_500)

    await billing.give_card("pm_card_visa")
    for _ in range(3):
        await billing.sweep()
        billing.clock.advance(seconds=601)

    [charge] = await billing.charges()
    assert (charge.state, charge.captured_minor) == ("PAID", 6_500)
    assert (await billing.profile()).state is ProfileState.GOOD
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0


async def test_a_bank_that_asks_the_owner_leaves_the_charge_waiting_for_the_shipper(billing: BillingWorld) -> None:
    await billing.open(card=None)
    customer = await _customer_with(billing, "pm_card_authenticationRequired")

    await billing.bill(6_500)

    [charge] = await billing.charges()
    assert (charge.state, charge.error_code) == ("ACTION_REQUIRED", "authentication_required")
    assert (await billing.profile()).state is ProfileState.PAST_DUE
    assert customer is not None


async def test_a_success_after_the_failure_counts(billing: BillingWorld) -> None:
    await billing.open(card=DECLINED)
    await billing.bill(6_500)
    [intent] = billing.payments.rows("payment_intent")

    await billing.payments.v1.payment_intents.confirm_async(
        intent["id"], {"payment_method": "pm_card_visa", "return_url": "https://example.com/back"}
    )
    await billing.run()

    [charge] = await billing.charges()
    assert (charge.state, charge.captured_minor, charge.intent_id) == ("PAID", 6_500, intent["id"])
    assert (await billing.profile()).state is ProfileState.GOOD
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0


async def test_what_was_taken_twice_is_the_shipper_s_and_pays_the_next_batch(billing: BillingWorld) -> None:
    await billing.open(card=DECLINED)
    await billing.bill(6_500)
    [first] = billing.payments.rows("payment_intent")
    await billing.give_card("pm_card_visa")
    async with billing.works.open() as work:
        await work.execute("DELETE FROM stripe_object WHERE kind = 'payment_intent'")  # nobody has heard of the first
        [charge] = await billing.charges()
        assert await retry_charge(work, charge_id=charge.id)
    await billing.payments.v1.payment_intents.confirm_async(
        first["id"], {"payment_method": "pm_card_visa", "return_url": "https://example.com/back"}
    )
    await billing.run()

    await billing.bill(10_000)

    assert sorted((charge.state, charge.amount_minor) for charge in await billing.charges()) == [
        ("PAID", 3_500),
        ("PAID", 6_500),
    ]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert (await billing.ledger()).is_sound


@pytest.mark.parametrize("seed", range(4))
async def test_doubled_and_shuffled_news_end_as_orderly_ones_do(billing: BillingWorld, seed: int) -> None:
    await billing.open()
    deliveries = await billing.batch(4_000, 2_500)
    for delivery in deliveries:
        await billing.job("accrue_delivery", delivery.id)
    await billing.payments.send_all()
    [intent] = billing.payments.rows("payment_intent")
    await billing.payments.control("POST", f"/charges/{intent['latest_charge']}/dispute", reason="fraudulent")
    events = billing.payments.take_events() * 2
    random.Random(seed).shuffle(events)

    for event in events:
        await billing.payments.hear([event])
        await billing.payments.apply_all()
        await billing.react()
    await billing.run()

    [charge] = await billing.charges()
    assert (charge.state, charge.captured_minor, charge.disputed_minor) == ("PAID", 6_500, 6_500)
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    report = await billing.ledger()
    assert report.is_sound
    assert report.journals == 6  # two lines, the payment, its fee, the dispute and its fee


@pytest.mark.parametrize(("currency", "price"), [("CLP", 4_200), ("KWD", 12_340)])
async def test_currencies_without_cents_and_with_three_decimals_are_taken_to_the_unit(
    billing: BillingWorld, currency: str, price: int
) -> None:
    await billing.open(currency=currency)

    await billing.bill(price)

    [charge] = await billing.charges()
    assert (charge.state, charge.captured_minor, charge.currency) == ("PAID", price, currency)
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0


async def test_what_cannot_be_moved_now_is_carried_over_to_the_next_charge(billing: BillingWorld) -> None:
    await billing.open(currency="KWD")  # of whose thousandths tens are moved

    await billing.bill(12_345)
    owed_between = await billing.balance(shipper_receivable(billing.shipper.id))
    await billing.bill(2_005)

    assert sorted(charge.amount_minor for charge in await billing.charges()) == [2_010, 12_340]
    assert owed_between == 5
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert (await billing.ledger()).is_sound


async def test_more_than_can_be_moved_at_once_takes_several_charges(billing: BillingWorld) -> None:
    await billing.open(currency="CLP", limit_minor=10**12)

    await billing.bill(60_000_000, 70_000_000)

    charges = await billing.charges()
    assert sorted((charge.state, charge.amount_minor) for charge in charges) == [
        ("PAID", 30_000_001),
        ("PAID", 99_999_999),
    ]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0


async def test_a_charge_whose_job_was_lost_is_found_by_the_sweep(billing: BillingWorld) -> None:
    await billing.open()
    [delivery] = await billing.batch(6_500)
    await billing.job("accrue_delivery", delivery.id)
    await billing.payments.settle()  # and nobody runs what follows

    billing.clock.advance(seconds=120)
    kinds = await billing.sweep()

    assert "settle_charge" in kinds
    assert [charge.state for charge in await billing.charges()] == [ChargeState.PAID.value]


async def _customer_with(billing: BillingWorld, card: str) -> str:
    """A customer with a card that was kept without asking its owner."""
    await billing.give_card("pm_card_visa")
    profile = await billing.profile()
    kept = await billing.payments.v1.payment_methods.attach_async(card, {"customer": profile.customer_id})
    async with billing.works.open() as work:
        await work.execute("UPDATE billing_profile SET card_id = $2 WHERE id = $1", profile.id, kept.id)
    assert profile.customer_id is not None
    assert profile.terms is Terms.CARD
    return profile.customer_id
