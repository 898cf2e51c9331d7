"""Invoices as renderings of our ledger: added up, compared, finalised, paid once."""

from typing import Any

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import StripeWorld


async def draft(world: StripeWorld, customer: str, **more: Any) -> Any:
    """A draft invoice of two lines, 70 dollars in all."""
    invoice = await world.v1.invoices.create_async(
        {
            "customer": customer,
            "currency": "usd",
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            **more,
        },
        world.key("invoice"),
    )
    for number, amount in enumerate((4_500, 2_500)):
        await world.v1.invoice_items.create_async(
            {
                "customer": customer,
                "invoice": invoice.id,
                "amount": amount,
                "currency": "usd",
                "description": f"Deliveries of week {number}",
            },
            world.key(f"line {number}"),
        )
    return invoice


async def test_an_invoice_is_the_sum_of_its_lines_and_paid_once(world: StripeWorld) -> None:
    customer, card = await world.shipper()
    invoice = await draft(world, customer, default_payment_method=card)

    drafted = await world.v1.invoices.retrieve_async(invoice.id)
    final = await world.v1.invoices.finalize_invoice_async(invoice.id, {"auto_advance": False})
    paid = await world.v1.invoices.pay_async(invoice.id, {"off_session": True})

    assert (drafted.status, drafted.total, sorted(line.amount for line in drafted.lines.data)) == (
        "draft",
        7_000,
        [2_500, 4_500],
    )
    assert (final.status, final.amount_due) == ("open", 7_000)
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 7_000, 0)
    charges = (await world.v1.charges.list_async({"customer": customer})).data
    assert [charge.amount for charge in charges] == [7_000]
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.invoices.pay_async(invoice.id)


async def test_an_invoice_s_payment_is_found_from_either_side_and_carries_no_note_of_ours(world: StripeWorld) -> None:
    customer, card = await world.shipper()
    invoice = await draft(world, customer, default_payment_method=card, metadata={"operation": "ours"})
    await world.v1.invoices.finalize_invoice_async(invoice.id, {"auto_advance": False})
    await world.v1.invoices.pay_async(invoice.id, {"off_session": True})

    [payment] = (await world.v1.invoice_payments.list_async({"invoice": invoice.id, "status": "paid"})).data
    intent = await world.v1.payment_intents.retrieve_async(payment.payment.payment_intent)
    asked = {"payment": {"type": "payment_intent", "payment_intent": intent.id}}
    [found] = (await world.v1.invoice_payments.list_async(asked)).data

    assert (payment.payment.type, payment.amount_paid, payment.currency) == ("payment_intent", 7_000, "usd")
    assert (found.id, found.invoice) == (payment.id, invoice.id)
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == ("succeeded", 7_000, {})
    other = await world.charge(500)
    none = await world.v1.invoice_payments.list_async(
        {"payment": {"type": "payment_intent", "payment_intent": other.id}}
    )
    assert none.data == []


async def test_an_invoice_that_is_final_keeps_its_lines(world: StripeWorld) -> None:
    customer, _ = await world.shipper()
    invoice = await draft(world, customer, collection_method="send_invoice", days_until_due=14)
    await world.v1.invoices.finalize_invoice_async(invoice.id)

    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.invoice_items.create_async(
            {"customer": customer, "invoice": invoice.id, "amount": 1, "currency": "usd"}
        )
    voided = await world.v1.invoices.void_invoice_async(invoice.id)

    assert (voided.status, voided.total) == ("void", 7_000)


async def test_an_invoice_may_be_paid_by_bank_transfer(world: StripeWorld) -> None:
    customer, _ = await world.shipper()
    invoice = await draft(world, customer, collection_method="send_invoice", days_until_due=14)
    await world.v1.invoices.finalize_invoice_async(invoice.id)

    paid = await world.v1.invoices.pay_async(invoice.id, {"paid_out_of_band": True})

    assert paid.status == "paid"
    assert (await world.v1.charges.list_async({"customer": customer})).data == []


async def test_a_declined_card_leaves_the_invoice_open(world: StripeWorld) -> None:
    customer = (await world.v1.customers.create_async({})).id
    card = await world.v1.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": customer})
    invoice = await draft(world, customer, default_payment_method=card.id)
    await world.v1.invoices.finalize_invoice_async(invoice.id)

    with pytest.raises(stripe.CardError):
        await world.v1.invoices.pay_async(invoice.id)

    after = await world.v1.invoices.retrieve_async(invoice.id)
    assert (after.status, after.amount_remaining, after.attempted) == ("open", 7_000, True)


async def test_pending_lines_wait_for_the_next_invoice(world: StripeWorld) -> None:
    customer, _ = await world.shipper()
    asked = {"customer": customer, "amount": 900, "currency": "usd"}
    item = await world.v1.invoice_items.create_async(asked)
    mistake = await world.v1.invoice_items.create_async(asked)
    await world.v1.invoice_items.delete_async(mistake.id)

    invoice = await world.v1.invoices.create_async(
        {"customer": customer, "currency": "usd", "pending_invoice_items_behavior": "include"}
    )

    assert invoice.total == 900
    assert (await world.v1.invoice_items.retrieve_async(item.id)).invoice == invoice.id
    lines = await world.v1.invoices.line_items.list_async(invoice.id)
    assert [line.amount for line in lines.data] == [900]
    await world.v1.invoices.delete_async(invoice.id)
