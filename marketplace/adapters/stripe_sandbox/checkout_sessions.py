"""Checkout sessions: a page of Stripe's own on which somebody without an account pays one amount, once."""

from typing import Any

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.currencies import check_charge, check_currency
from marketplace.adapters.stripe_sandbox.due import drop_due, put_due
from marketplace.adapters.stripe_sandbox.errors import StripeError, not_modelled
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record

TABLE = "checkout.session"
SHORTEST_S = 1_800
LONGEST_S = 86_400
MOST_LINES = 100


def create_checkout_session(call: Call) -> Record:
    """A page to pay on, open for a day or until it is told to expire."""
    if call.params.get("mode") != "payment":
        raise not_modelled("checkout sessions that do not take a payment", param="mode")
    call.needed("success_url")
    session = call.add(TABLE, _new_session(call))
    put_due(call, TABLE, session["id"], session["expires_at"])
    return session


def retrieve_checkout_session(call: Call) -> Record:
    """One session."""
    return call.named(TABLE, "session")


def list_checkout_sessions(call: Call) -> Record:
    """Sessions, newest first."""
    return page(call, call.rows(TABLE), "/v1/checkout/sessions", equal="customer payment_intent status")


def expire_checkout_session(call: Call) -> Record:
    """Closes a page on which nobody has paid."""
    session = call.named(TABLE, "session")
    if session["status"] != "open":
        raise StripeError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        )
    return _expire(call, session)


def expire_session(call: Call, session: Record) -> None:
    """What time does to a page on which nobody has paid."""
    if session["status"] == "open":
        _expire(call, session)


def _expire(call: Call, session: Record) -> Record:
    session.update(status="expired", url=None)
    drop_due(call, TABLE, session["id"])
    emit(call, "checkout.session.expired", session)
    return session


def _expires_at(call: Call) -> int:
    moment: int = call.params.get("expires_at", call.now + LONGEST_S)
    if not SHORTEST_S <= moment - call.now <= LONGEST_S:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session"
            " creation.",
            param="expires_at",
        )
    return moment


def _sum_of(lines: list[Record]) -> tuple[int, str]:
    """What the lines come to, in their one currency."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise StripeError("A payment has 1 to 100 line items.", param="line_items")
    total, currencies = 0, set()
    for line in lines:
        price = line.get("price_data")
        if price is None or "unit_amount" not in price or "product_data" not in price:
            raise not_modelled("line items without price_data, unit_amount and product_data", param="line_items")
        total += price["unit_amount"] * line.get("quantity", 1)
        currencies.add(check_currency(price["currency"]))
    if len(currencies) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    return total, currencies.pop()


def _new_session(call: Call) -> Record:
    amount, currency = _sum_of(call.needed("line_items"))
    check_charge(amount, currency)
    key = call.new_id("cs_test")
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("after_expiration", "allow_promotion_codes", "billing_address_collection", "client_secret"),
            *("consent", "consent_collection", "currency_conversion", "customer", "customer_details"),
            *("customer_email", "invoice", "payment_intent", "payment_link", "recovered_from", "setup_intent"),
            *("shipping_address_collection", "shipping_cost", "subscription"),
        )
    )
    return nothing | {
        "id": key,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": call.params.get("cancel_url"),
        "client_reference_id": call.params.get("client_reference_id"),
        "created": call.now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_creation": "if_required",
        "expires_at": _expires_at(call),
        "livemode": False,
        "locale": call.params.get("locale"),
        "metadata": merged_metadata({}, call.params.get("metadata")),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "submit_type": call.params.get("submit_type"),
        "success_url": call.params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{call.origin}/_sandbox/checkout/{key}",
        "_named": call.params["line_items"][0]["price_data"]["product_data"].get("name", "Payment"),
        "_intent": call.params.get("payment_intent_data", {}),
    }
