"""Money that goes back: refunds never exceed the charge, disputes take money and fee at once."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import DAY_S, StripeWorld
from tests.waiting import until


async def test_refunds_never_exceed_what_was_taken(world: StripeWorld) -> None:
    intent = await world.charge(10_000)

    first = await world.v1.refunds.create_async({"payment_intent": intent.id, "amount": 4_000})
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.refunds.create_async({"payment_intent": intent.id, "amount": 6_001})
    rest = await world.v1.refunds.create_async({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.refunds.create_async({"payment_intent": intent.id})

    assert (first.amount, first.status, rest.amount) == (4_000, "succeeded", 6_000)
    assert refusal.value.code == "charge_already_refunded"
    charge = await world.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (True, 10_000)
    listed = await world.v1.refunds.list_async({"payment_intent": intent.id})
    assert [refund.id for refund in listed.data] == [rest.id, first.id]


async def test_a_refund_leaves_the_transfer_alone(world: StripeWorld) -> None:
    driver = await world.driver()
    intent = await world.charge(10_000)
    transfer = await world.v1.transfers.create_async(
        {"amount": 7_000, "currency": "usd", "destination": driver, "source_transaction": intent.latest_charge}
    )

    await world.v1.refunds.create_async({"payment_intent": intent.id})

    assert (await world.v1.transfers.retrieve_async(transfer.id)).amount_reversed == 0
    assert await world.balance(driver) == (0, 7_000)


async def test_a_refund_waits_for_money_when_the_platform_has_none(stand_in: StripeWorld) -> None:
    intent = await stand_in.charge(10_000)
    await stand_in.pass_time(2 * DAY_S)
    await stand_in.v1.payouts.create_async({"amount": 9_000, "currency": "usd"})

    refund = await stand_in.v1.refunds.create_async({"payment_intent": intent.id})
    await stand_in.float(20_000)
    await stand_in.pass_time(3_600)

    assert (refund.status, refund.pending_reason) == ("pending", "insufficient_funds")
    assert (await stand_in.v1.refunds.retrieve_async(refund.id)).status == "succeeded"


async def test_a_refund_may_come_back(stand_in: StripeWorld) -> None:
    intent = await stand_in.charge(10_000)
    refund = await stand_in.v1.refunds.create_async({"payment_intent": intent.id})
    before = await stand_in.balance()

    await stand_in.control("POST", f"/refunds/{refund.id}/fail")

    failed = await stand_in.v1.refunds.retrieve_async(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert sum(await stand_in.balance()) == sum(before) + 10_000


@pytest.mark.parametrize(("verdict", "comes_back"), [("won", 10_000), ("lost", 0)])
async def test_a_dispute_takes_money_and_fee_and_only_a_won_one_brings_the_money_back(
    stand_in: StripeWorld, verdict: str, comes_back: int
) -> None:
    intent = await stand_in.charge(10_000)
    before = sum(await stand_in.balance())

    dispute = await stand_in.control("POST", f"/charges/{intent.latest_charge}/dispute", reason="fraudulent")
    during = sum(await stand_in.balance())
    await stand_in.control("POST", f"/disputes/{dispute['id']}/close", status=verdict)

    assert during == before - 10_000 - 1_500
    assert sum(await stand_in.balance()) == during + comes_back
    closed = await stand_in.v1.disputes.retrieve_async(dispute["id"])
    assert (closed.status, closed.charge) == (verdict, intent.latest_charge)
    kinds = [event.type for event in (await stand_in.v1.events.list_async({"type": "charge.dispute.*"})).data]
    assert ("charge.dispute.funds_reinstated" in kinds) == (verdict == "won")
    with pytest.raises(stripe.InvalidRequestError):
        await stand_in.v1.refunds.create_async({"payment_intent": intent.id})


async def test_evidence_decides_a_dispute_as_in_test_mode(world: StripeWorld) -> None:
    intent = await world.v1.payment_intents.create_async(
        {
            "amount": 3_000,
            "currency": "usd",
            "payment_method": "pm_card_createDispute",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )

    async def disputes() -> list[str]:
        return [one.id for one in (await world.v1.disputes.list_async({"payment_intent": intent.id})).data]

    async def is_disputed() -> bool:
        return bool(await disputes())

    async def is_won() -> bool:
        return bool((await world.v1.disputes.retrieve_async(dispute)).status == "won")

    await until(is_disputed, patience_s=60)
    dispute = (await disputes())[0]
    await world.v1.disputes.update_async(
        dispute, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )

    await until(is_won, patience_s=60)
