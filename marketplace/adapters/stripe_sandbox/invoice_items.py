"""Invoice items: the lines of a shipper's invoice, put in one by one before it is finalised."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.currencies import check_currency
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record


def create_invoice_item(call: Call) -> Record:
    """A line for a draft invoice, or for the customer's next one; a negative amount is a credit."""
    customer = call.given("customer", "customer")
    currency, amount = check_currency(str(call.needed("currency"))), call.needed("amount")
    invoice = call.given("invoice", "invoice") if "invoice" in call.params else None
    if invoice is not None:
        check_draft(invoice)
        if invoice["customer"] != customer["id"] or invoice["currency"] != currency:
            raise StripeError("An invoice item has the customer and the currency of its invoice.", param="invoice")
    item = call.add(
        "invoiceitem",
        {
            "id": call.new_id("ii"),
            "object": "invoiceitem",
            "amount": amount,
            "currency": currency,
            "customer": customer["id"],
            "date": call.now,
            "description": call.params.get("description"),
            "discountable": amount > 0,
            "discounts": [],
            "invoice": invoice["id"] if invoice else None,
            "livemode": False,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "net_amount": amount,
            "parent": None,
            "period": call.params.get("period", {"start": call.now, "end": call.now}),
            "pricing": None,
            "proration": False,
            "quantity": 1,
            "quantity_decimal": "1",
            "tax_rates": [],
            "test_clock": None,
        },
    )
    emit(call, "invoiceitem.created", item)
    if invoice is not None:
        add_up(call, invoice)
    return item


def retrieve_invoice_item(call: Call) -> Record:
    """One line."""
    return call.named("invoiceitem", "invoiceitem")


def list_invoice_items(call: Call) -> Record:
    """Lines, newest first."""
    rows = call.rows("invoiceitem")
    if "pending" in call.params:
        rows = [row for row in rows if (row["invoice"] is None) == call.params["pending"]]
    return page(call, rows, "/v1/invoiceitems", equal="customer invoice", times="")


def delete_invoice_item(call: Call) -> Record:
    """Takes a line away while its invoice is a draft."""
    item = call.named("invoiceitem", "invoiceitem")
    invoice = call.find("invoice", item["invoice"]) if item["invoice"] else None
    if invoice is not None:
        check_draft(invoice)
    call.draft.remove("invoiceitem", item["id"])
    emit(call, "invoiceitem.deleted", item)
    if invoice is not None:
        add_up(call, invoice)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def add_up(call: Call, invoice: Record) -> None:
    """The total of an invoice is the sum of its lines."""
    total = sum(row["amount"] for row in call.rows("invoiceitem") if row["invoice"] == invoice["id"])
    due = max(0, total)
    invoice.update(subtotal=total, total=total, amount_due=due, amount_remaining=due)
    invoice.update(subtotal_excluding_tax=total, total_excluding_tax=total)


def check_draft(invoice: Record) -> None:
    """Only a draft may change."""
    if invoice["status"] != "draft":
        raise StripeError(
            f"Invoice {invoice['id']} is {invoice['status']}, no longer a draft.", code="invoice_not_editable"
        )
