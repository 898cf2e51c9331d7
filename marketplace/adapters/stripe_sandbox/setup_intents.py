"""Setup intents: a shipper's consent to be charged later, with the bank's questions asked now."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.cards import declined
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.intents import choose_card, needs_return_url, next_action
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.payment_methods import behaviour_of, keep_for
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.views import view

OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}


def create_setup_intent(call: Call) -> Record:
    """A new setup intent; confirmed at once where asked."""
    key = call.new_id("seti")
    customer = call.given("customer", "customer")["id"] if "customer" in call.params else None
    automatic = call.params.get("automatic_payment_methods") or {"enabled": True}
    intent = call.add(
        "setup_intent",
        {
            "id": key,
            "object": "setup_intent",
            "application": None,
            "automatic_payment_methods": {"allow_redirects": "always"} | automatic,
            "cancellation_reason": None,
            "client_secret": f"{key}_secret_{call.new_id('standin')}",
            "created": call.now,
            "customer": customer,
            "description": call.params.get("description"),
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": False,
            "mandate": None,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": None,
            "payment_method_types": call.params.get("allowed_payment_method_types", ["card"]),
            "single_use_mandate": None,
            "status": "requires_payment_method",
            "usage": call.params.get("usage", "off_session"),
        },
    )
    choose_card(call, intent)
    emit(call, "setup_intent.created", intent)
    return _confirm(call, intent) if call.params.get("confirm") else intent


def retrieve_setup_intent(call: Call) -> Record:
    """One setup intent."""
    return call.named("setup_intent", "intent")


def list_setup_intents(call: Call) -> Record:
    """Setup intents, newest first."""
    return page(call, call.rows("setup_intent"), "/v1/setup_intents", equal="customer payment_method")


def confirm_setup_intent(call: Call) -> Record:
    """Sets the card up, or says that the shipper must act."""
    intent = call.named("setup_intent", "intent")
    _check_open(intent, "confirm")
    choose_card(call, intent)
    return _confirm(call, intent)


def cancel_setup_intent(call: Call) -> Record:
    """Ends an open setup intent."""
    intent = call.named("setup_intent", "intent")
    _check_open(intent, "cancel")
    intent["status"] = "canceled"
    intent["cancellation_reason"] = call.params.get("cancellation_reason")
    intent["next_action"] = None
    emit(call, "setup_intent.canceled", intent)
    return intent


def answer_setup_question(call: Call, intent: Record, *, succeeds: bool) -> Record:
    """What the shipper does at the bank's page."""
    method = call.find("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if succeeds:
        return _succeed(call, intent, method)
    intent["status"], intent["payment_method"] = "requires_payment_method", None
    emit(call, "setup_intent.setup_failed", intent)
    return intent


def _confirm(call: Call, intent: Record) -> Record:
    if intent["payment_method"] is None:
        raise StripeError("You cannot confirm this SetupIntent because it's missing a payment method.")
    needs_return_url(call, intent)
    method = call.find("payment_method", intent["payment_method"])
    behaviour = behaviour_of(method)
    if behaviour.declines_with and not behaviour.is_attachable:
        refusal = declined(behaviour.declines_with)
        intent["status"], intent["payment_method"] = "requires_payment_method", None
        intent["last_setup_error"] = {**refusal.error}
        emit(call, "setup_intent.setup_failed", intent)
        refusal.error["setup_intent"] = view(call, intent)
        raise refusal
    if behaviour.asks_on_session:
        intent["status"], intent["next_action"] = "requires_action", next_action(call, intent)
        emit(call, "setup_intent.requires_action", intent)
        return intent
    return _succeed(call, intent, method)


def _succeed(call: Call, intent: Record, method: Record) -> Record:
    method["_is_set_up"] = True
    if intent["customer"]:
        keep_for(call, method, intent["customer"])
    intent["status"], intent["last_setup_error"] = "succeeded", None
    emit(call, "setup_intent.succeeded", intent)
    return intent


def _check_open(intent: Record, doing: str) -> None:
    if intent["status"] not in OPEN:
        raise StripeError(
            f"You cannot {doing} this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
