"""Charges: one attempt at a card each, authorised, taken or declined, and the money that comes of it."""

from marketplace.adapters.stripe_sandbox.balances import enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.cards import MESSAGES, OWN_CODES
from marketplace.adapters.stripe_sandbox.currencies import processing_fee
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.payment_methods import behaviour_of
from marketplace.adapters.stripe_sandbox.records import Record

SETTLES_AFTER_S = 2 * 86_400
AUTHORIZED_FOR_S = 7 * 86_400


def retrieve_charge(call: Call) -> Record:
    """One charge."""
    return call.named("charge", "charge")


def list_charges(call: Call) -> Record:
    """Charges, newest first."""
    return page(call, call.rows("charge"), "/v1/charges", equal="customer payment_intent transfer_group")


def update_charge(call: Call) -> Record:
    """Changes notes on a charge, and its transfer group while it has none."""
    charge = call.named("charge", "charge")
    if "description" in call.params:
        charge["description"] = call.params["description"]
    if "transfer_group" in call.params:
        charge["transfer_group"] = call.params["transfer_group"]
    charge["metadata"] = merged_metadata(charge["metadata"], call.params.get("metadata"))
    emit(call, "charge.updated", charge)
    return charge


def new_charge(call: Call, intent: Record, method: Record, *, declined_with: str | None = None) -> Record:
    """One attempt at the card of an intent."""
    failure = None if declined_with is None else declined_with if declined_with in OWN_CODES else "card_declined"
    card = method["card"]
    return call.add(
        "charge",
        blank_charge(call, "ch", intent["amount"], intent["currency"])
        | {
            "calculated_statement_descriptor": "DOORSTEP",
            "captured": False,
            "customer": intent["customer"],
            "description": intent["description"],
            "failure_code": failure,
            "failure_message": MESSAGES[failure] if failure else None,
            "metadata": intent["metadata"],
            "outcome": _outcome(declined_with),
            "paid": declined_with is None,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {
                "card": {name: card[name] for name in ("brand", "country", "exp_month", "exp_year", "funding", "last4")}
                | {"amount_authorized": intent["amount"], "capture_before": call.now + AUTHORIZED_FOR_S},
                "type": "card",
            },
            "receipt_email": intent["receipt_email"],
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if declined_with is None else "failed",
            "transfer_group": intent["transfer_group"],
        },
    )


def take_charge(call: Call, charge: Record, amount: int) -> None:
    """Moves the money of an approved charge to the account, less the fee; it settles after two days."""
    method = call.draft.get("payment_method", charge["payment_method"])
    bypasses = method is not None and behaviour_of(method).bypasses_pending
    transaction = enter(
        call,
        "charge",
        amount,
        charge["currency"],
        source=charge["id"],
        fee=processing_fee(amount, charge["currency"]),
        available_on=call.now if bypasses else call.now + SETTLES_AFTER_S,
        description=charge["description"],
    )
    charge.update(
        captured=True,
        amount_captured=amount,
        amount_refunded=charge["amount"] - amount,
        balance_transaction=transaction["id"],
    )


def capture_charge(call: Call, charge: Record, amount: int) -> None:
    """Takes an authorised charge."""
    take_charge(call, charge, amount)
    emit(call, "charge.captured", charge)


def release_charge(call: Call, charge: Record, *, has_expired: bool) -> None:
    """Lets an authorised charge go, because its week is over or because the platform says so."""
    charge.update(amount_refunded=charge["amount"], refunded=True)
    emit(call, "charge.expired" if has_expired else "charge.refunded", charge)


def refundable(charge: Record) -> int:
    """What of a charge was taken and not given back."""
    return int(charge["amount"] - charge["amount_refunded"]) if charge["captured"] else 0


def blank_charge(call: Call, prefix: str, amount: int, currency: str) -> Record:
    """A charge, or the payment that a transfer makes on the account that it goes to."""
    return {
        "id": call.new_id(prefix),
        "object": "charge",
        "amount": amount,
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": None,
        "captured": True,
        "created": call.now,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": None,
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(declined_with: str | None) -> Record:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if declined_with is None else "declined_by_network",
        "reason": declined_with,
        "risk_level": "normal",
        "risk_score": 1,
        "seller_message": "Payment complete." if declined_with is None else "The bank declined the payment.",
        "type": "authorized" if declined_with is None else "issuer_declined",
    }
