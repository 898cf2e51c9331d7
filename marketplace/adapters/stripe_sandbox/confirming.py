"""Confirming a payment: the card is asked, and answers yes, no, or that its owner must first act."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.cards import CardBehaviour, declined
from marketplace.adapters.stripe_sandbox.charges import new_charge, take_charge
from marketplace.adapters.stripe_sandbox.disputes import open_dispute
from marketplace.adapters.stripe_sandbox.due import put_due
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.intents import needs_return_url, next_action
from marketplace.adapters.stripe_sandbox.payment_methods import behaviour_of, keep_for
from marketplace.adapters.stripe_sandbox.records import Record, plain
from marketplace.adapters.stripe_sandbox.views import view

AUTHORIZED_FOR_S = 7 * 86_400


def confirm(call: Call, intent: Record) -> Record:
    """Asks the card."""
    if intent["payment_method"] is None:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    needs_return_url(call, intent)
    method = call.find("payment_method", intent["payment_method"])
    behaviour = behaviour_of(method)
    is_off_session = bool(call.params.get("off_session"))
    reason = method["_fails_with"] or behaviour.declines_with
    if reason:
        _decline(call, intent, method, reason)
    if _must_authenticate(behaviour, method, is_off_session=is_off_session):
        if is_off_session or call.params.get("error_on_requires_action"):
            _decline(call, intent, method, "authentication_required")
        intent["status"], intent["next_action"] = "requires_action", next_action(call, intent)
        emit(call, "payment_intent.requires_action", intent)
        return intent
    return _approve(call, intent, method)


def answer_payment_question(call: Call, intent: Record, *, succeeds: bool) -> Record:
    """What the shipper does at the bank's page."""
    intent["next_action"] = None
    if succeeds:
        return _approve(call, intent, call.find("payment_method", intent["payment_method"]))
    intent.update(status="requires_payment_method", payment_method=None)
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication.",
        "type": "invalid_request_error",
    }
    emit(call, "payment_intent.payment_failed", intent)
    return intent


def _must_authenticate(behaviour: CardBehaviour, method: Record, *, is_off_session: bool) -> bool:
    if behaviour.is_cleared_by_setup and method["_is_set_up"]:
        return False
    return behaviour.asks_off_session if is_off_session else behaviour.asks_on_session


def _approve(call: Call, intent: Record, method: Record) -> Record:
    behaviour = behaviour_of(method)
    charge = new_charge(call, intent, method)
    intent.update(latest_charge=charge["id"], last_payment_error=None, next_action=None)
    if intent["setup_future_usage"]:
        method["_is_set_up"] = True
        if intent["customer"]:
            keep_for(call, method, intent["customer"])
    if method["customer"] is None:
        method["_is_spent"] = True
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        put_due(call, "payment_intent", intent["id"], call.now + AUTHORIZED_FOR_S)
        emit(call, "charge.succeeded", charge)
        emit(call, "payment_intent.amount_capturable_updated", intent)
        return intent
    take_charge(call, charge, intent["amount"])
    intent.update(status="succeeded", amount_received=intent["amount"])
    emit(call, "charge.succeeded", charge)
    emit(call, "payment_intent.succeeded", intent)
    if behaviour.opens_dispute:
        open_dispute(call, charge, reason=behaviour.opens_dispute)
    return intent


def _decline(call: Call, intent: Record, method: Record, reason: str) -> None:
    """Keeps the failed charge and tells the caller why; the intent waits for another card."""
    charge = new_charge(call, intent, method, declined_with=reason)
    refusal = declined(reason, charge=charge["id"])
    shown = plain(method)
    intent.update(latest_charge=charge["id"], status="requires_payment_method", payment_method=None)
    intent["last_payment_error"] = refusal.error | {"payment_method": shown}
    emit(call, "charge.failed", charge)
    emit(call, "payment_intent.payment_failed", intent)
    refusal.error |= {"payment_intent": view(call, intent), "payment_method": shown}
    raise refusal
