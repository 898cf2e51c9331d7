"""Reversals: money of a driver becomes money of the platform again, as far as the driver still has it at Stripe."""

from marketplace.adapters.stripe_sandbox.balances import available, enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record


def create_reversal(call: Call) -> Record:
    """Takes back a transfer or a part of it."""
    transfer = call.find("transfer", call.path["id"])
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.get("amount", left)
    if amount < 1 or amount > left:
        raise StripeError(
            f"Reversal amount ({amount}) must be at least 1 and at most what is not reversed yet ({left}).",
            param="amount",
        )
    there = call.on(transfer["destination"])
    given = _payment_transaction(there, transfer)
    if given["status"] == "available" and available(there, transfer["currency"]) < amount:
        raise StripeError(
            "The connected account has insufficient funds to reverse this transfer.", code="balance_insufficient"
        )
    return _take_back(call, transfer, amount, given["available_on"])


def retrieve_reversal(call: Call) -> Record:
    """One reversal of a transfer."""
    call.named("transfer", "transfer")
    return call.find("transfer_reversal", call.path["id"])


def list_reversals(call: Call) -> Record:
    """The reversals of a transfer, newest first."""
    transfer = call.find("transfer", call.path["id"])
    rows = [row for row in call.rows("transfer_reversal") if row["transfer"] == transfer["id"]]
    return page(call, rows, f"/v1/transfers/{transfer['id']}/reversals")


def _take_back(call: Call, transfer: Record, amount: int, settles: int) -> Record:
    key, there = call.new_id("trr"), call.on(transfer["destination"])
    refund_key = call.new_id("pyr")
    payment = there.find("charge", transfer["destination_payment"])
    taken = enter(there, "payment_refund", -amount, transfer["currency"], source=refund_key, available_on=settles)
    refund = there.add("refund", _payment_refund(call, refund_key, payment, amount, key, taken["id"]))
    back = enter(call, "transfer_refund", amount, transfer["currency"], source=key, available_on=settles)
    payment["amount_refunded"] += amount
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    if transfer["source_transaction"]:
        call.find("charge", transfer["source_transaction"])["_transferred"] -= amount
    reversal = call.add(
        "transfer_reversal",
        {
            "id": key,
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": back["id"],
            "created": call.now,
            "currency": transfer["currency"],
            "destination_payment_refund": refund["id"],
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "source_refund": None,
            "transfer": transfer["id"],
        },
    )
    emit(call, "transfer.reversed", transfer)
    return reversal


def _payment_transaction(there: Call, transfer: Record) -> Record:
    payment = there.find("charge", transfer["destination_payment"])
    return there.find("balance_transaction", payment["balance_transaction"])


def _payment_refund(call: Call, key: str, payment: Record, amount: int, reversal: str, transaction: str) -> Record:
    return {
        "id": key,
        "object": "refund",
        "amount": amount,
        "balance_transaction": transaction,
        "charge": payment["id"],
        "created": call.now,
        "currency": payment["currency"],
        "metadata": {},
        "payment_intent": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": reversal,
        "status": "succeeded",
        "transfer_reversal": None,
    }
