"""Payment intents: what a shipper is to pay, from the amount to the money, with capture at once or later."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.charges import capture_charge, release_charge
from marketplace.adapters.stripe_sandbox.confirming import confirm
from marketplace.adapters.stripe_sandbox.currencies import check_charge, check_currency
from marketplace.adapters.stripe_sandbox.due import drop_due
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.intents import choose_card
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record

CONFIRMABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
CANCELABLE = CONFIRMABLE | {"requires_capture"}
EXPIRED = "automatic"
FIELDS = ("description", "receipt_email", "setup_future_usage", "statement_descriptor", "statement_descriptor_suffix")


def create_payment_intent(call: Call) -> Record:
    """A new payment intent; confirmed at once where asked."""
    if call.params.get("off_session") and not call.params.get("confirm"):
        raise StripeError("off_session is only allowed together with confirm=true.", param="off_session")
    intent = call.add("payment_intent", _new_intent(call))
    choose_card(call, intent)
    emit(call, "payment_intent.created", intent)
    return confirm(call, intent) if call.params.get("confirm") else intent


def retrieve_payment_intent(call: Call) -> Record:
    """One payment intent."""
    return call.named("payment_intent", "intent")


def list_payment_intents(call: Call) -> Record:
    """Payment intents, newest first."""
    return page(call, call.rows("payment_intent"), "/v1/payment_intents", equal="customer")


def update_payment_intent(call: Call) -> Record:
    """Changes what is given; amount and card only before the payment is confirmed."""
    intent = call.named("payment_intent", "intent")
    if {"amount", "currency", "customer", "payment_method"} & call.params.keys():
        _check_state(intent, CONFIRMABLE, "updated")
    if "amount" in call.params:
        intent["amount"] = call.params["amount"]
    if "customer" in call.params:
        intent["customer"] = call.given("customer", "customer")["id"]
    check_charge(intent["amount"], intent["currency"])
    intent.update({name: call.params[name] for name in (*FIELDS, "transfer_group") if name in call.params})
    intent["metadata"] = merged_metadata(intent["metadata"], call.params.get("metadata"))
    choose_card(call, intent)
    return intent


def confirm_payment_intent(call: Call) -> Record:
    """Charges or authorises the card, or says that the shipper must act."""
    intent = call.named("payment_intent", "intent")
    _check_state(intent, CONFIRMABLE, "confirmed")
    choose_card(call, intent)
    return confirm(call, intent)


def capture_payment_intent(call: Call) -> Record:
    """Takes what was authorised, or less; the rest is let go."""
    intent = call.named("payment_intent", "intent")
    _check_state(intent, {"requires_capture"}, "captured")
    amount: int = (
        call.params["amount_to_capture"] if "amount_to_capture" in call.params else intent["amount_capturable"]
    )
    if not 1 <= amount <= intent["amount_capturable"]:
        raise StripeError(
            "The amount to capture must be at least 1 and at most what is capturable.",
            code="amount_too_large" if amount > 0 else "parameter_invalid_integer",
            param="amount_to_capture",
        )
    intent["metadata"] = merged_metadata(intent["metadata"], call.params.get("metadata"))
    capture_charge(call, call.find("charge", intent["latest_charge"]), amount)
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    drop_due(call, "payment_intent", intent["id"])
    emit(call, "payment_intent.succeeded", intent)
    return intent


def cancel_payment_intent(call: Call) -> Record:
    """Ends a payment that was not taken; what was authorised is let go."""
    intent = call.named("payment_intent", "intent")
    _check_state(intent, CANCELABLE, "canceled")
    return _cancel(call, intent, call.params.get("cancellation_reason"))


def expire_authorization(call: Call, intent: Record) -> None:
    """Lets an authorisation go that nobody captured within its seven days."""
    if intent["status"] == "requires_capture":
        _cancel(call, intent, EXPIRED)


def _cancel(call: Call, intent: Record, reason: str | None) -> Record:
    if intent["status"] == "requires_capture":
        release_charge(call, call.find("charge", intent["latest_charge"]), has_expired=reason == EXPIRED)
    intent.update(
        status="canceled", canceled_at=call.now, cancellation_reason=reason, amount_capturable=0, next_action=None
    )
    drop_due(call, "payment_intent", intent["id"])
    emit(call, "payment_intent.canceled", intent)
    return intent


def _check_state(intent: Record, allowed: set[str], done: str) -> None:
    if intent["status"] not in allowed:
        raise StripeError(
            f"This PaymentIntent could not be {done} because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )


def _new_intent(call: Call) -> Record:
    currency = check_currency(call.params["currency"])
    check_charge(call.params["amount"], currency)
    key = call.new_id("pi")
    automatic = call.params.get("automatic_payment_methods") or {"enabled": True}
    return {
        "id": key,
        "object": "payment_intent",
        "amount": call.params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always"} | automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": call.params.get("capture_method", "automatic_async"),
        "client_secret": f"{key}_secret_{call.new_id('standin')}",
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": currency,
        "customer": call.given("customer", "customer")["id"] if "customer" in call.params else None,
        **call.take(*FIELDS),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": merged_metadata({}, call.params.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": None,
        "payment_method_types": call.params.get("allowed_payment_method_types", ["card"]),
        "processing": None,
        "review": None,
        "shipping": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": call.params.get("transfer_group"),
    }
