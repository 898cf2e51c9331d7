"""Payments of invoices: which payment intent has paid which invoice; the intent itself does not tell."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import not_modelled
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record

BY_INTENT = "payment_intent"


def retrieve_invoice_payment(call: Call) -> Record:
    """One payment of an invoice."""
    return call.named("invoice_payment", "invoice_payment")


def list_invoice_payments(call: Call) -> Record:
    """Payments of invoices, newest first; of one payment intent where that is asked."""
    rows, asked = call.rows("invoice_payment"), call.params.get("payment")
    if asked is not None:
        if asked["type"] != BY_INTENT:
            raise not_modelled("payments of invoices other than by payment intents", param="payment[type]")
        rows = [row for row in rows if row["payment"].get(BY_INTENT) == asked.get(BY_INTENT)]
    return page(call, rows, "/v1/invoice_payments", equal="invoice status")


def note_invoice_payment(call: Call, invoice: Record, intent: Record) -> Record:
    """Writes down that a payment intent has paid an invoice."""
    payment = call.add(
        "invoice_payment",
        {
            "id": call.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": intent["amount_received"],
            "amount_requested": intent["amount"],
            "created": call.now,
            "currency": intent["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"type": BY_INTENT, BY_INTENT: intent["id"]},
            "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": call.now},
        },
    )
    emit(call, "invoice_payment.paid", payment)
    return payment
