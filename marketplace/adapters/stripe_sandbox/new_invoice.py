"""What a fresh invoice looks like: a draft without a line."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.currencies import check_currency
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import Record

DAY_S = 86_400
EMPTY = (
    "account_tax_ids",
    "application",
    "automatically_finalizes_at",
    "custom_fields",
    "customer_account",
    "customer_address",
    "customer_shipping",
    "default_source",
    "effective_at",
    "ending_balance",
    "footer",
    "from_invoice",
    "hosted_invoice_url",
    "invoice_pdf",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "number",
    "on_behalf_of",
    "parent",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "test_clock",
    "webhooks_delivered_at",
)
"""Fields that stay empty, or are filled when the invoice is final."""
NOTHING_YET = (
    "amount_due",
    "amount_overpaid",
    "amount_paid",
    "amount_paid_off_stripe",
    "amount_remaining",
    "amount_shipping",
    "attempt_count",
    "post_payment_credit_notes_amount",
    "pre_payment_credit_notes_amount",
    "starting_balance",
    "subtotal",
    "subtotal_excluding_tax",
    "total",
    "total_excluding_tax",
)
"""Amounts and counts before the first line."""


def new_invoice(call: Call, customer: Record) -> Record:
    """An empty draft for a customer."""
    collection = call.params.get("collection_method", "charge_automatically")
    days = call.params.get("days_until_due")
    if (collection == "send_invoice") != (days is not None):
        raise StripeError(
            "days_until_due goes with collection_method=send_invoice, and only with it.", param="days_until_due"
        )
    return {
        "id": call.new_id("in"),
        "object": "invoice",
        **dict.fromkeys(EMPTY),
        **dict.fromkeys(NOTHING_YET, 0),
        "account_country": "US",
        "account_name": "Doorstep",
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": "manual",
        "collection_method": collection,
        "created": call.now,
        "currency": check_currency(call.params.get("currency", "usd")),
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": call.params.get("default_payment_method"),
        "default_tax_rates": [],
        "description": call.params.get("description"),
        "discounts": [],
        "due_date": call.now + days * DAY_S if days is not None else None,
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": merged_metadata({}, call.params.get("metadata")),
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": call.now,
        "period_start": call.now,
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }
