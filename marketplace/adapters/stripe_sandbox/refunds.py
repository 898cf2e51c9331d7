"""Refunds: money back to the card, from the platform's balance; transfers to drivers are not touched by them."""

from marketplace.adapters.stripe_sandbox.balances import available, enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.charges import refundable
from marketplace.adapters.stripe_sandbox.conversion import converted
from marketplace.adapters.stripe_sandbox.due import put_due
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.payment_methods import behaviour_of
from marketplace.adapters.stripe_sandbox.records import Record

FAILS_AFTER_S = 600
LOOKS_AGAIN_AFTER_S = 3_600
"""How often a refund that waits for money is tried again."""


def create_refund(call: Call) -> Record:
    """Gives back a charge or a part of it; never more than was taken."""
    charge = _charge(call)
    amount = call.params.get("amount", refundable(charge))
    _check(charge, amount)
    refund = call.add("refund", _new_refund(call, charge, amount))
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    if not pay_refund(call, refund):
        refund.update(status="pending", pending_reason="insufficient_funds")
        put_due(call, "refund", refund["id"], call.now + LOOKS_AGAIN_AFTER_S)
    emit(call, "refund.created", refund)
    emit(call, "charge.refunded", charge)
    return refund


def retrieve_refund(call: Call) -> Record:
    """One refund."""
    return call.named("refund", "refund")


def list_refunds(call: Call) -> Record:
    """Refunds, newest first."""
    return page(call, call.rows("refund"), "/v1/refunds", equal="charge payment_intent")


def update_refund(call: Call) -> Record:
    """Changes the metadata of a refund."""
    refund = call.named("refund", "refund")
    refund["metadata"] = merged_metadata(refund["metadata"], call.params.get("metadata"))
    emit(call, "refund.updated", refund)
    return refund


def pay_refund(call: Call, refund: Record) -> bool:
    """Takes the money for a refund: from its own charge while that is pending, else from what is available."""
    charge = call.find("charge", refund["charge"])
    taken = call.find("balance_transaction", charge["balance_transaction"])
    needed = converted(call, refund["amount"], 0, refund["currency"])
    if taken["status"] == "available" and available(call, needed.currency) < needed.amount:
        return False
    transaction = enter(
        call,
        "refund",
        -refund["amount"],
        refund["currency"],
        source=refund["id"],
        available_on=taken["available_on"],
    )
    refund.update(status="succeeded", balance_transaction=transaction["id"])
    refund.pop("pending_reason", None)
    method = call.draft.get("payment_method", charge["payment_method"] or "")
    if method is not None and behaviour_of(method).refund_fails:
        put_due(call, "refund", refund["id"], call.now + FAILS_AFTER_S)
    return True


def continue_refund(call: Call, refund: Record) -> None:
    """What becomes of a refund by itself: the money is there at last, or the card refuses to take it back."""
    if refund["status"] == "succeeded":
        fail_refund(call, refund)
    elif refund["status"] == "pending" and pay_refund(call, refund):
        emit(call, "refund.updated", refund)
    elif refund["status"] == "pending":
        put_due(call, "refund", refund["id"], call.now + LOOKS_AGAIN_AFTER_S)


def fail_refund(call: Call, refund: Record) -> Record:
    """The card's bank sends the money back; it is the platform's again."""
    charge = call.find("charge", refund["charge"])
    back = enter(call, "refund_failure", refund["amount"], refund["currency"], source=refund["id"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    refund.update(status="failed", failure_reason="expired_or_canceled_card", failure_balance_transaction=back["id"])
    emit(call, "refund.failed", refund)
    return refund


def _charge(call: Call) -> Record:
    if "charge" in call.params:
        return call.given("charge", "charge")
    if "payment_intent" not in call.params:
        raise StripeError("One of the following params should be provided for this request: payment_intent or charge.")
    intent = call.given("payment_intent", "payment_intent")
    if intent["status"] != "succeeded":
        raise StripeError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return call.find("charge", intent["latest_charge"])


def _check(charge: Record, amount: int) -> None:
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if charge["refunded"] or not charge["captured"]:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise StripeError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > refundable(charge):
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({refundable(charge)})",
            param="amount",
        )


def _new_refund(call: Call, charge: Record, amount: int) -> Record:
    return {
        "id": call.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "metadata": merged_metadata({}, call.params.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
