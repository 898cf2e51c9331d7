"""Top-ups: the platform puts its own money in, so that drivers can be paid before shippers' charges settle."""

from marketplace.adapters.stripe_sandbox.balances import enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.currencies import check_amount, check_currency
from marketplace.adapters.stripe_sandbox.due import put_due
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record

ARRIVES_AFTER_S = 86_400


def create_topup(call: Call) -> Record:
    """Asks the platform's bank for money; it is there a day later."""
    currency, amount = check_currency(call.params["currency"]), call.params["amount"]
    check_amount(amount, currency)
    topup = call.add(
        "topup",
        {
            "id": call.new_id("topup"),
            "object": "topup",
            "amount": amount,
            "balance_transaction": None,
            "created": call.now,
            "currency": currency,
            "description": call.params.get("description"),
            "expected_availability_date": call.now + ARRIVES_AFTER_S,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "source": None,
            "statement_descriptor": call.params.get("statement_descriptor"),
            "status": "pending",
            "transfer_group": call.params.get("transfer_group"),
        },
    )
    put_due(call, "topup", topup["id"], call.now + ARRIVES_AFTER_S)
    emit(call, "topup.created", topup)
    return topup


def retrieve_topup(call: Call) -> Record:
    """One top-up."""
    return call.named("topup", "topup")


def list_topups(call: Call) -> Record:
    """Top-ups, newest first."""
    return page(call, call.rows("topup"), "/v1/topups", equal="amount status")


def finish_topup(call: Call, topup: Record) -> None:
    """The money has arrived."""
    if topup["status"] != "pending":
        return
    given = enter(call, "topup", topup["amount"], topup["currency"], source=topup["id"])
    topup.update(status="succeeded", balance_transaction=given["id"])
    emit(call, "topup.succeeded", topup)
