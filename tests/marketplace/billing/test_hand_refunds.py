"""A refund that somebody makes by hand at the provider is booked once, told, and never lost."""

from marketplace.billing import Terms, grant_goodwill
from marketplace.core.money import Money
from marketplace.ledger import (
    DELIVERY_REVENUE,
    GATEWAY_AVAILABLE,
    shipper_prepaid,
    shipper_receivable,
)
from tests.marketplace.billing.test_invoice_money import is_sound
from tests.marketplace.billing.world import BillingWorld


async def by_hand(billing: BillingWorld, minor: int, *, intent: int = 0) -> str:
    """Somebody refunds a part of a payment in the provider's own pages; everything that follows has followed."""
    name = billing.payments.rows("payment_intent")[intent]["id"]
    refund = await billing.payments.v1.refunds.create_async({"payment_intent": name, "amount": minor})
    await billing.run()
    return str(refund.id)


async def test_a_refund_by_hand_gives_back_what_was_billed(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(6_500)

    name = await by_hand(billing, 700)
    await billing.job("settle_charge", (await billing.charges())[0].id)

    [charge] = await billing.charges()
    assert charge.refunded_minor == 700
    assert [(one.state, one.amount_minor, one.object_id) for one in await billing.refunds()] == [("PAID", 700, name)]
    assert await billing.attention() == [("REFUND_BY_HAND", 700, name)]
    assert (await billing.balance(DELIVERY_REVENUE), await billing.balance(GATEWAY_AVAILABLE)) == (5_800, -700)
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    await is_sound(billing)


async def test_a_refund_by_hand_that_a_card_refuses_leaves_nothing_behind(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(6_500)
    name = await by_hand(billing, 700)

    await billing.payments.control("POST", f"/refunds/{name}/fail")
    await billing.run()

    assert [charge.refunded_minor for charge in await billing.charges()] == [0]
    assert await billing.attention() == [("REFUND_FAILED", 700, name)]
    assert (await billing.balance(DELIVERY_REVENUE), await billing.balance(GATEWAY_AVAILABLE)) == (6_500, 0)
    await is_sound(billing)


async def test_a_top_up_that_was_used_and_is_sent_back_is_owed_again(billing: BillingWorld) -> None:
    await billing.open(Terms.PREPAID)
    await billing.pay_in(5_000)
    await billing.bill(4_000)

    await by_hand(billing, 5_000)

    assert await billing.balance(shipper_prepaid(billing.shipper.id)) == 1_000
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 5_000
    assert await open_lines(billing) == [("SENT_BACK", 5_000)]
    assert await billing.balance(GATEWAY_AVAILABLE) == -5_000
    await is_sound(billing)


async def test_a_top_up_that_was_not_used_is_sent_back_from_what_is_prepaid(billing: BillingWorld) -> None:
    await billing.open(Terms.PREPAID)
    await billing.pay_in(5_000)

    await by_hand(billing, 2_000)

    assert await billing.balance(shipper_prepaid(billing.shipper.id)) == 3_000
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    await is_sound(billing)


async def test_what_is_owed_again_and_comes_back_is_not_owed_any_more(billing: BillingWorld) -> None:
    await test_a_top_up_that_was_used_and_is_sent_back_is_owed_again(billing)
    [refund] = await billing.refunds()

    await billing.payments.control("POST", f"/refunds/{refund.object_id}/fail")
    await billing.run()

    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert await open_lines(billing) == [("CAME_BACK", -5_000), ("SENT_BACK", 5_000)]
    await is_sound(billing)


async def test_a_second_payment_that_is_sent_back_takes_its_credit_back(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(6_500)
    [charge] = await billing.charges()
    profile = await billing.profile()
    asked = {"amount": 6_500, "currency": "usd", "customer": profile.customer_id, "payment_method": profile.card_id}
    async with billing.works.open() as work:
        operation_id = await work.fetch_value("SELECT id FROM stripe_operation WHERE subject_id = $1", charge.id)
    await billing.payments.v1.payment_intents.create_async(
        asked | {"confirm": True, "off_session": True, "metadata": {"operation": str(operation_id)}}
    )
    await billing.run()
    assert await open_lines(billing) == [("OVERPAID", -6_500)]
    second = [row["id"] for row in billing.payments.rows("payment_intent")].index(await the_other(billing, charge.id))

    await by_hand(billing, 6_500, intent=second)

    assert await open_lines(billing) == [("OVERPAID", -6_500), ("SENT_BACK", 6_500)]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert [one.refunded_minor for one in await billing.charges()] == [0]
    await is_sound(billing)


async def test_refunds_by_hand_and_ours_together_never_exceed_what_was_taken(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(6_500)
    async with billing.works.open() as work:
        await grant_goodwill(
            work, market_id=billing.market.id, shipper_id=billing.shipper.id, amount=Money(5, "USD"), reason="rain"
        )

    for minor in (4_000, 2_000, 500):
        await by_hand(billing, minor)

    assert [charge.refunded_minor for charge in await billing.charges()] == [6_500]
    assert await billing.balance(DELIVERY_REVENUE) == 0
    await is_sound(billing)


async def the_other(billing: BillingWorld, charge_id: object) -> str:
    """The payment of the charge that is not its own."""
    [charge] = [one for one in await billing.charges() if one.id == charge_id]
    [other] = [row["id"] for row in billing.payments.rows("payment_intent") if row["id"] != charge.intent_id]
    return str(other)


async def open_lines(billing: BillingWorld) -> list[tuple[str, int]]:
    """What stands on the bill and is not collected."""
    async with billing.works.open() as work:
        rows = await work.fetch("SELECT kind, amount_minor FROM bill_line WHERE charge_id IS NULL")
    return sorted(tuple(row) for row in rows)
