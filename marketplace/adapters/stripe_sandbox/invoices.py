"""Invoices: the rendering of what a shipper owes; drafted, added up, finalised, then paid or voided."""

from dataclasses import replace

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.errors import StripeError, not_modelled
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.invoice_items import add_up, check_draft
from marketplace.adapters.stripe_sandbox.invoice_payments import note_invoice_payment
from marketplace.adapters.stripe_sandbox.new_invoice import new_invoice
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.payment_intents import create_payment_intent
from marketplace.adapters.stripe_sandbox.records import Record


def create_invoice(call: Call) -> Record:
    """A draft, empty or with the customer's pending lines."""
    if call.params.get("auto_advance"):
        raise not_modelled("invoices that advance by themselves", param="auto_advance")
    customer = call.given("customer", "customer")
    invoice = call.add("invoice", new_invoice(call, customer))
    if call.params.get("pending_invoice_items_behavior", "exclude") == "include":
        for row in call.rows("invoiceitem"):
            is_pending = row["invoice"] is None and row["customer"] == customer["id"]
            if is_pending and row["currency"] == invoice["currency"]:
                call.find("invoiceitem", row["id"])["invoice"] = invoice["id"]
    add_up(call, invoice)
    emit(call, "invoice.created", invoice)
    return invoice


def retrieve_invoice(call: Call) -> Record:
    """One invoice with its lines."""
    return call.named("invoice", "invoice")


def list_invoices(call: Call) -> Record:
    """Invoices, newest first."""
    return page(call, call.rows("invoice"), "/v1/invoices", equal="customer status collection_method")


def update_invoice(call: Call) -> Record:
    """Changes notes; an invoice that is final keeps its lines."""
    invoice = call.named("invoice", "invoice")
    if "description" in call.params:
        check_draft(invoice)
        invoice["description"] = call.params["description"] or None
    invoice["metadata"] = merged_metadata(invoice["metadata"], call.params.get("metadata"))
    emit(call, "invoice.updated", invoice)
    return invoice


def delete_invoice(call: Call) -> Record:
    """Throws a draft away; its lines go with it."""
    invoice = call.named("invoice", "invoice")
    check_draft(invoice)
    for row in call.rows("invoiceitem"):
        if row["invoice"] == invoice["id"]:
            call.draft.remove("invoiceitem", row["id"])
    call.draft.remove("invoice", invoice["id"])
    emit(call, "invoice.deleted", invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def finalize_invoice(call: Call) -> Record:
    """Gives the draft a number; from now on it cannot change. One of nothing is paid at once."""
    invoice = call.named("invoice", "invoice")
    check_draft(invoice)
    number = sum(row["number"] is not None for row in call.rows("invoice")) + 1
    invoice.update(status="open", number=f"STANDIN-{number:04d}", effective_at=call.now, ending_balance=0)
    invoice["status_transitions"]["finalized_at"] = call.now
    emit(call, "invoice.finalized", invoice)
    return _paid(call, invoice, 0) if invoice["amount_due"] == 0 else invoice


def pay_invoice(call: Call) -> Record:
    """Charges the shipper's card, or notes that the money came another way."""
    invoice = call.named("invoice", "invoice")
    _check_open(invoice, "paid")
    if call.params.get("paid_out_of_band"):
        return _paid(call, invoice, 0)
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    try:
        intent = create_payment_intent(replace(call, params=_payment(call, invoice)))
    except StripeError:
        emit(call, "invoice.payment_failed", invoice)
        raise
    note_invoice_payment(call, invoice, intent)
    return _paid(call, invoice, invoice["amount_due"])


def send_invoice(call: Call) -> Record:
    """Sends it to the shipper."""
    invoice = call.named("invoice", "invoice")
    _check_open(invoice, "sent")
    emit(call, "invoice.sent", invoice)
    return invoice


def void_invoice(call: Call) -> Record:
    """Takes an open invoice back for good."""
    invoice = call.named("invoice", "invoice")
    _check_open(invoice, "voided")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = call.now
    emit(call, "invoice.voided", invoice)
    return invoice


def mark_invoice_uncollectible(call: Call) -> Record:
    """Gives up hope."""
    invoice = call.named("invoice", "invoice")
    _check_open(invoice, "marked uncollectible")
    invoice["status"] = "uncollectible"
    invoice["status_transitions"]["marked_uncollectible_at"] = call.now
    emit(call, "invoice.marked_uncollectible", invoice)
    return invoice


def _payment(call: Call, invoice: Record) -> Record:
    customer = call.find("customer", invoice["customer"])
    chosen = call.params.get("payment_method") or invoice["default_payment_method"]
    card = chosen or customer["invoice_settings"]["default_payment_method"]
    if card is None:
        raise StripeError("This customer has no default payment method.", code="invoice_payment_intent_requires_action")
    return {
        "amount": invoice["amount_due"],
        "currency": invoice["currency"],
        "customer": customer["id"],
        "payment_method": card,
        "confirm": True,
        "off_session": True,
    }


def _paid(call: Call, invoice: Record, amount: int) -> Record:
    invoice.update(status="paid", amount_paid=amount, amount_remaining=0, attempted=True)
    invoice["amount_paid_off_stripe"] = invoice["amount_due"] - amount
    invoice["status_transitions"]["paid_at"] = call.now
    emit(call, "invoice.paid", invoice)
    emit(call, "invoice.payment_succeeded", invoice)
    return invoice


def _check_open(invoice: Record, doing: str) -> None:
    if invoice["status"] != "open":
        raise StripeError(f"An invoice that is {invoice['status']} cannot be {doing}.", code="invoice_not_editable")
