"""Payouts: money of an account leaves Stripe for its bank. `paid` is not the end: a bank may still send it back."""

from marketplace.adapters.stripe_sandbox.balances import available, enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.currencies import check_amount, check_currency
from marketplace.adapters.stripe_sandbox.due import drop_due, put_due
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.external_accounts import mark_errored, payout_target
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.verification import review

LEAVES_AFTER_S = 3_600
ARRIVES_AFTER_S = {"standard": 2 * 86_400, "instant": 1_800}
COMES_BACK_AFTER_S = 86_400
"""After a day the bank notices that it cannot keep a payout, where the control has said so."""
MAY_FAIL_FOR_S = 7 * 86_400
"""Five business days after its arrival a payout is safe."""
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "no_account": "The bank account details on file are probably incorrect. No bank account exists with those details.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on your bank account.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "declined": "The bank has declined this payout.",
}


def create_payout(call: Call) -> Record:
    """Sends available money of the call's account to its bank account or debit card."""
    currency, amount = check_currency(call.params["currency"]), call.params["amount"]
    check_amount(amount, currency, is_payout=True)
    account = call.draft.get("account", call.account)
    assert account is not None
    if not account["payouts_enabled"]:
        raise StripeError("Cannot create payouts: payouts are disabled for this account.", code="payouts_not_allowed")
    target = payout_target(call, currency)
    _check_target(call, target)
    if available(call, currency) < amount:
        raise StripeError(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You"
            " can use the /v1/balance endpoint to view your Stripe balance.",
            code="balance_insufficient",
        )
    return _send(call, target, currency, amount)


def retrieve_payout(call: Call) -> Record:
    """One payout of the account."""
    return call.named("payout", "payout")


def list_payouts(call: Call) -> Record:
    """Payouts of the account, newest first."""
    return page(call, call.rows("payout"), "/v1/payouts", equal="destination status", times="created arrival_date")


def update_payout(call: Call) -> Record:
    """Changes the metadata of a payout."""
    payout = call.named("payout", "payout")
    payout["metadata"] = merged_metadata(payout["metadata"], call.params.get("metadata"))
    emit(call, "payout.updated", payout)
    return payout


def cancel_payout(call: Call) -> Record:
    """Calls a payout back before it has left."""
    payout = call.named("payout", "payout")
    if payout["status"] != "pending" or payout["method"] == "instant":
        raise StripeError("Payouts that have already been sent cannot be canceled.", code="payout_cannot_be_canceled")
    back = enter(call, "payout_cancel", payout["amount"], payout["currency"], source=payout["id"])
    payout.update(status="canceled", failure_balance_transaction=back["id"])
    drop_due(call, "payout", payout["id"])
    emit(call, "payout.canceled", payout)
    return payout


def continue_payout(call: Call, payout: Record) -> None:
    """What becomes of a payout by itself: it leaves, then arrives or comes back."""
    if payout["status"] == "pending" and call.now < payout["arrival_date"]:
        payout["status"] = "in_transit"
        put_due(call, "payout", payout["id"], payout["arrival_date"])
        emit(call, "payout.updated", payout)
        return
    target = _target(call, payout) or {}
    if payout["status"] in {"pending", "in_transit"} and not target.get("_fails_with"):
        pay_payout(call, payout)
    elif payout["status"] in {"pending", "in_transit", "paid"}:
        reason = target.get("_fails_with") or target.get("_returns_with") or "could_not_process"
        fail_payout(call, payout, reason)


def pay_payout(call: Call, payout: Record) -> Record:
    """The bank says that it has the money."""
    if payout["status"] not in {"pending", "in_transit"}:
        raise StripeError(f"A payout that is {payout['status']} cannot become paid.")
    payout["status"] = "paid"
    drop_due(call, "payout", payout["id"])
    if (_target(call, payout) or {}).get("_returns_with"):
        put_due(call, "payout", payout["id"], call.now + COMES_BACK_AFTER_S)
    emit(call, "payout.paid", payout)
    return payout


def fail_payout(call: Call, payout: Record, reason: str) -> Record:
    """The bank sends the money back, even days after it had it; nothing more goes to that bank account."""
    if payout["status"] not in {"pending", "in_transit", "paid"} or call.now > payout["arrival_date"] + MAY_FAIL_FOR_S:
        raise StripeError(f"A payout that is {payout['status']} cannot fail any more.")
    back = enter(call, "payout_failure", payout["amount"], payout["currency"], source=payout["id"])
    payout.update(
        status="failed",
        failure_code=reason,
        failure_message=FAILURES.get(reason, FAILURES["could_not_process"]),
        failure_balance_transaction=back["id"],
    )
    drop_due(call, "payout", payout["id"])
    target = _target(call, payout)
    if target is not None:
        mark_errored(call, target)
        account = call.draft.get("account", call.account)
        assert account is not None
        review(call, account)
    emit(call, "payout.failed", payout)
    return payout


def _target(call: Call, payout: Record) -> Record | None:
    """Where it goes, unless that was deleted meanwhile."""
    return call.draft.get("external_account", payout["_target"])


def _check_target(call: Call, target: Record) -> None:
    if target["status"] == "errored":
        raise StripeError(
            "The external account has had a failed payout; it must be replaced before it can be paid again.",
            code="payouts_not_allowed",
            param="destination",
        )
    if call.params.get("method") == "instant" and "instant" not in target["available_payout_methods"]:
        raise StripeError(
            "The external account does not support instant payouts.", code="instant_payouts_unsupported", param="method"
        )


def _send(call: Call, target: Record, currency: str, amount: int) -> Record:
    method = call.params.get("method", "standard")
    key = call.new_id("po")
    taken = enter(call, "payout", -amount, currency, source=key, description=call.params.get("description"))
    arrives = call.now + ARRIVES_AFTER_S[method]
    payout = call.add(
        "payout",
        {
            "id": key,
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": arrives,
            "automatic": False,
            "balance_transaction": taken["id"],
            "created": call.now,
            "currency": currency,
            "description": call.params.get("description"),
            "destination": target["id"],
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "method": method,
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "not_applicable",
            "reversed_by": None,
            "source_type": call.params.get("source_type", "card"),
            "statement_descriptor": call.params.get("statement_descriptor"),
            "status": "pending",
            "trace_id": None,
            "type": target["object"],
            "_target": target["id"],
        },
    )
    put_due(call, "payout", key, arrives if method == "instant" else call.now + LEAVES_AFTER_S)
    emit(call, "payout.created", payout)
    return payout
