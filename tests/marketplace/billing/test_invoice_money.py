"""What is paid for an invoice is booked as a charge is: its fee, its day, its disputes, and what goes back by hand."""

import random
from typing import Any

from marketplace.billing import PROOFS_OF_BILLS, Terms
from marketplace.ledger import (
    DELIVERY_REVENUE,
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    check_ledger,
    shipper_receivable,
)
from marketplace.payments import Endpoint
from tests.marketplace.billing.world import BillingWorld


async def test_a_payment_by_card_is_booked_with_its_fee(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)

    invoice = await billing.invoice_paid_by_card(4_000, 2_500)

    fee = fee_of(billing)
    assert (invoice.state, invoice.settled_at) == ("PAID", None)
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert (await billing.balance(GATEWAY_FEE), await billing.balance(GATEWAY_PENDING)) == (fee, 6_500 - fee)
    await is_sound(billing)


async def test_the_money_of_an_invoice_is_available_once_its_day_has_come(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.invoice_paid_by_card(6_500)

    await billing.make_settled()
    kinds = await billing.sweep()

    assert kinds == ["settle_invoice"]
    assert await billing.balance(GATEWAY_PENDING) == 0
    assert await billing.balance(GATEWAY_AVAILABLE) == 6_500 - fee_of(billing)
    assert await billing.sweep() == []
    await is_sound(billing)


async def test_a_dispute_of_an_invoice_s_payment_is_booked_and_told(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    invoice = await billing.invoice_paid_by_card(6_500)

    dispute = await dispute_it(billing)
    [told] = await billing.attention()
    await billing.payments.control("POST", f"/disputes/{dispute['id']}/close", status="lost")
    await billing.run()

    assert told == ("INVOICE_DISPUTED", 6_500, invoice.object_id)
    assert await billing.balance(DISPUTE_LOSS) == 6_500
    assert await billing.balance(DISPUTES_CLEARING) == 0
    assert await billing.balance(GATEWAY_AVAILABLE) == -6_500 - 1_500
    assert await billing.balance(GATEWAY_FEE) == fee_of(billing) + 1_500
    await is_sound(billing)


async def test_a_dispute_that_is_won_leaves_only_its_fee(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.invoice_paid_by_card(6_500)

    dispute = await dispute_it(billing)
    await billing.payments.control("POST", f"/disputes/{dispute['id']}/close", status="won")
    await billing.run()

    assert (await billing.balance(DISPUTE_LOSS), await billing.balance(GATEWAY_AVAILABLE)) == (0, -1_500)
    assert await billing.attention() == []


async def test_a_refund_of_an_invoice_s_payment_is_booked_once_and_named(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.invoice_paid_by_card(6_500)
    [intent] = billing.payments.rows("payment_intent")

    refund = await billing.payments.v1.refunds.create_async({"payment_intent": intent["id"], "amount": 700})
    await billing.run()
    await billing.job("settle_invoice", (await billing.invoices())[0].id)

    assert await billing.attention() == [("REFUND_BY_HAND", 700, refund.id)]
    assert [one.refunded_minor for one in await billing.invoices()] == [700]
    assert await billing.balance(DELIVERY_REVENUE) == 5_800
    assert await billing.balance(GATEWAY_AVAILABLE) == -700
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    await is_sound(billing)


async def test_news_of_an_invoice_in_any_order_and_twice_end_alike(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(6_500)
    await billing.end_month()
    [shown] = billing.payments.rows("invoice")
    method = await billing.payments.v1.payment_methods.attach_async("pm_card_visa", {"customer": shown["customer"]})
    await billing.payments.v1.invoices.pay_async(shown["id"], {"payment_method": method.id})
    [intent] = billing.payments.rows("payment_intent")
    await billing.payments.v1.refunds.create_async({"payment_intent": intent["id"], "amount": 700})
    dispute = await billing.payments.control("POST", f"/charges/{intent['latest_charge']}/dispute", amount=900)
    await billing.payments.control("POST", f"/disputes/{dispute['id']}/close", status="lost")
    news: list[tuple[Endpoint, bytes]] = billing.payments.take_events()

    shuffler = random.Random(4)
    for _ in range(2):
        shuffler.shuffle(news)
        for one in news:
            await billing.payments.hear([one])
            await billing.payments.apply_all()
            await billing.react()

    fee = fee_of(billing)
    assert await billing.balance(GATEWAY_PENDING) == 6_500 - fee
    assert await billing.balance(GATEWAY_AVAILABLE) == -700 - 900 - 1_500
    assert (await billing.balance(DISPUTE_LOSS), await billing.balance(DELIVERY_REVENUE)) == (900, 5_800)
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    await is_sound(billing)


async def dispute_it(billing: BillingWorld) -> dict[str, Any]:
    [intent] = billing.payments.rows("payment_intent")
    dispute = await billing.payments.control("POST", f"/charges/{intent['latest_charge']}/dispute")
    await billing.run()
    return dispute


def fee_of(billing: BillingWorld) -> int:
    """What the provider keeps of the only charge."""
    [movement] = [one for one in billing.payments.rows("balance_transaction") if one["type"] == "charge"]
    return int(movement["fee"])


async def is_sound(billing: BillingWorld) -> None:
    """Every rule of the ledger and of bills holds."""
    async with billing.works.open() as work:
        report = await check_ledger(work, market_id=billing.market.id, further=PROOFS_OF_BILLS)
    assert report.findings == ()
    assert report.is_sound
