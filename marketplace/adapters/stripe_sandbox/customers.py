"""Customers: shippers as Stripe knows them."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.payment_methods import keep_for, usable_card
from marketplace.adapters.stripe_sandbox.records import Record

FIELDS = ("name", "email", "phone", "description")


def create_customer(call: Call) -> Record:
    """A new customer, with a first card where one is given."""
    customer = call.add(
        "customer",
        {
            "id": call.new_id("cus"),
            "object": "customer",
            "address": call.params.get("address"),
            "balance": 0,
            "created": call.now,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            **call.take(*FIELDS),
            "discount": None,
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        },
    )
    if "payment_method" in call.params:
        method = usable_card(call, call.params["payment_method"], param="payment_method")
        keep_for(call, method, customer["id"])
    _set_default_card(call, customer)
    emit(call, "customer.created", customer)
    return customer


def retrieve_customer(call: Call) -> Record:
    """One customer; one that was deleted says so."""
    kept = call.draft.get("customer", call.path["customer"])
    if kept is not None and kept.get("deleted") and kept["_account"] == call.account:
        return kept
    return call.named("customer", "customer")


def update_customer(call: Call) -> Record:
    """Changes what is given and leaves the rest."""
    customer = call.named("customer", "customer")
    for name in (*FIELDS, "address"):
        if name in call.params:
            customer[name] = call.params[name] or None
    customer["metadata"] = merged_metadata(customer["metadata"], call.params.get("metadata"))
    _set_default_card(call, customer)
    emit(call, "customer.updated", customer)
    return customer


def delete_customer(call: Call) -> Record:
    """Deletes a customer; the id stays known."""
    customer = call.named("customer", "customer")
    emit(call, "customer.deleted", customer)
    return call.add("customer", {"id": customer["id"], "object": "customer", "deleted": True})


def list_customers(call: Call) -> Record:
    """Customers, newest first."""
    rows = [row for row in call.rows("customer") if not row.get("deleted")]
    return page(call, rows, "/v1/customers", equal="email")


def _set_default_card(call: Call, customer: Record) -> None:
    name = (call.params.get("invoice_settings") or {}).get("default_payment_method")
    if name:
        method = call.find("payment_method", name, param="invoice_settings[default_payment_method]", status=400)
        customer["invoice_settings"]["default_payment_method"] = method["id"]
