"""How kept records look over the wire: without our notes, and with the lists that hang on them."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record, copy_of, listed, plain

MOST_INSIDE = 10
"""How many members a list inside an object shows."""


def view(call: Call, record: Record) -> Record:
    """An object as Stripe shows it."""
    shown = copy_of(plain(record))
    if record.get("object") == "account":
        bound = call.on(record["id"]).rows("external_account")
        shown["external_accounts"] = listed(
            [plain(external) for external in bound], f"/v1/accounts/{record['id']}/external_accounts"
        )
    if record.get("object") == "transfer":
        reversals = [plain(one) for one in call.rows("transfer_reversal") if one["transfer"] == record["id"]]
        shown["reversals"] = listed(
            reversals[:MOST_INSIDE], f"/v1/transfers/{record['id']}/reversals", has_more=len(reversals) > MOST_INSIDE
        )
    if record.get("object") == "invoice":
        lines = [_line(row, record["id"]) for row in call.rows("invoiceitem") if row["invoice"] == record["id"]]
        shown["lines"] = listed(
            lines[:MOST_INSIDE], f"/v1/invoices/{record['id']}/lines", has_more=len(lines) > MOST_INSIDE
        )
    return shown


def invoice_lines(call: Call) -> Record:
    """The lines of an invoice, newest first, in pages."""
    invoice = call.named("invoice", "invoice")
    lines = [_line(row, invoice["id"]) for row in call.rows("invoiceitem") if row["invoice"] == invoice["id"]]
    return page(call, lines, f"/v1/invoices/{invoice['id']}/lines")


def _line(row: Record, invoice_id: str) -> Record:
    """An invoice item as a line of its invoice."""
    shared = ("amount", "currency", "description", "discountable", "discounts", "livemode", "metadata", "period")
    details = {"invoice_item": row["id"], "proration": False, "proration_details": None, "subscription": None}
    return {name: row[name] for name in shared} | {
        "id": f"il_{row['id'].removeprefix('ii_')}",
        "object": "line_item",
        "discount_amounts": [],
        "invoice": invoice_id,
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": None,
        "subtotal": row["amount"],
        "taxes": [],
    }
