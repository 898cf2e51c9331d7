"""What has changed between the specification that was cut and the version that the stripe package speaks.

A test compares the names of both at every depth, so a new version of the package shows here first.
"""

from typing import Any

Schema = dict[str, Any]

ACCOUNT = {
    "business_profile": ("specified_commercial_transactions_act_url",),
    "capabilities": ("blik_recurring_payments", "paypay_payments", "sequra_payments", "wero_payments"),
    "company": ("administrative_address", "physical_address", "principal_place_of_business"),
    "settings": ("paypay_payments", "sepa_debit_payments"),
}
ADDED: dict[str, dict[str, tuple[str, ...]]] = {
    "POST /v1/accounts": ACCOUNT,
    "POST /v1/accounts/{account}": ACCOUNT,
    "POST /v1/accounts/{account}/reject": {"": ("payouts_action",)},
    "POST /v1/checkout/sessions": {"line_items.price_data.product_data": ("tax_details",)},
    "POST /v1/customers": {"": ("validate",)},
    "POST /v1/customers/{customer}": {"": ("validate",)},
    "POST /v1/disputes/{dispute}": {
        "": ("intended_submission_method",),
        "evidence": ("appeal",),
        "evidence.enhanced_evidence": ("mastercard_compliance",),
    },
    "POST /v1/payment_methods": {"": ("paypay", "sequra")},
    "POST /v1/setup_intents/{intent}/confirm": {"": ("allowed_payment_method_types",)},
    "POST /v1/topups": {"": ("payment_method", "payment_method_options")},
}
"""By operation and place: parameters that are new. Only their names matter here; no verb heeds them."""
REMOVED: dict[str, tuple[str, ...]] = {
    "POST /v1/accounts": ("bank_account",),
    "POST /v1/accounts/{account}/external_accounts": ("bank_account",),
    "POST /v1/customers/{customer}": (
        "bank_account",
        "card",
        "default_alipay_account",
        "default_bank_account",
        "default_card",
    ),
    "POST /v1/payment_intents/{intent}/confirm": ("client_secret",),
    "POST /v1/setup_intents/{intent}/confirm": ("client_secret",),
}
RENAMED = {"payment_method_types": "allowed_payment_method_types"}
"""On every intent, and on the pages that make one."""
BANK_ACCOUNT: Schema = {
    "type": "object",
    "properties": {
        name: {"type": "string"}
        for name in (
            "account_holder_name",
            "account_holder_type",
            "account_number",
            "country",
            "currency",
            "object",
            "routing_number",
        )
    },
    "required": ["account_number", "country", "object"],
    "additionalProperties": False,
}
"""The specification knows external accounts as tokens only; Stripe and its package take them whole as well."""
INTENTS = ("POST /v1/payment_intents", "POST /v1/setup_intents", "POST /v1/checkout/sessions")


def lay_over(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """The schemas of the operations as the newer version has them."""
    for operation, places in ADDED.items():
        for place, names in places.items():
            _at(schemas[operation], place)["properties"].update({name: {} for name in names})
    for operation, names in REMOVED.items():
        for name in names:
            del schemas[operation]["properties"][name]
    for operation, schema in schemas.items():
        if operation.startswith(INTENTS):
            for old, new in RENAMED.items():
                if old in schema["properties"]:
                    schema["properties"][new] = schema["properties"].pop(old)
        if "external_account" in schema["properties"]:
            schema["properties"]["external_account"] = {"anyOf": [{"type": "string"}, BANK_ACCOUNT]}
    del _at(schemas["POST /v1/checkout/sessions"], "line_items")["properties"]["dynamic_tax_rates"]
    return schemas


def _at(schema: Schema, place: str) -> Schema:
    """The object at a place such as `evidence.enhanced_evidence`."""
    for step in place.split(".") if place else ():
        found = schema["properties"][step]
        choices = (found, found.get("items", {}), *found.get("anyOf", ()))
        schema = next(choice for choice in choices if choice.get("properties"))
    return schema
