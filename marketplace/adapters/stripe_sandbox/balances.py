"""Money on accounts: every movement is one balance transaction, and nothing else changes a balance.

A balance is kept for each account and currency in two parts, pending and available; a test compares it with the sum
of the transactions.
"""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.conversion import Converted, converted
from marketplace.adapters.stripe_sandbox.due import put_due
from marketplace.adapters.stripe_sandbox.records import Record

REPORTING = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "payout": "payout",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "topup": "topup",
    "adjustment": "dispute",
}


CONVERTED = frozenset({"charge", "refund", "refund_failure", "adjustment"})
"""What is in the currency of a card's owner, and may settle in another."""


def enter(
    call: Call,
    kind: str,
    amount: int,
    currency: str,
    *,
    source: str,
    fee: int = 0,
    available_on: int | None = None,
    category: str | None = None,
    description: str | None = None,
) -> Record:
    """Moves money on the call's account: at once, or pending until `available_on`; in the currency it settles in."""
    moved = converted(call, amount, fee, currency) if kind in CONVERTED else Converted(amount, fee, currency, None)
    amount, fee, currency = moved.amount, moved.fee, moved.currency
    moment = call.now if available_on is None else max(available_on, call.now)
    is_available = moment <= call.now
    transaction = call.add(
        "balance_transaction",
        {
            "id": call.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": moment,
            "balance_type": "payments",
            "created": call.now,
            "currency": currency,
            "description": description,
            "exchange_rate": moved.rate,
            "fee": fee,
            "fee_details": _fee_details(fee, currency),
            "net": amount - fee,
            "reporting_category": category or REPORTING[kind],
            "source": source,
            "status": "available" if is_available else "pending",
            "type": kind,
        },
    )
    _change(call, currency, "available" if is_available else "pending", amount - fee)
    if not is_available:
        put_due(call, "balance_transaction", transaction["id"], moment)
    return transaction


def make_available(call: Call, transaction_id: str) -> None:
    """Turns what a transaction moved from pending to available, when its day has come."""
    transaction = call.draft.get("balance_transaction", transaction_id)
    assert transaction is not None
    transaction["status"] = "available"
    there = call.on(transaction["_account"])
    _change(there, transaction["currency"], "pending", -transaction["net"])
    _change(there, transaction["currency"], "available", transaction["net"])


def available(call: Call, currency: str) -> int:
    """What the call's account can pay out or transfer now."""
    return int(_balance(call)[currency]["available"]) if currency in _balance(call) else 0


def balance_of(call: Call) -> dict[str, dict[str, int]]:
    """Pending and available money of the call's account, by currency."""
    return _balance(call)


def _balance(call: Call) -> dict[str, dict[str, int]]:
    kept = call.draft.get("balance", call.account)
    if kept is None:
        kept = call.draft.add("balance", {"id": call.account, "_account": call.account, "currencies": {}})
    currencies: dict[str, dict[str, int]] = kept["currencies"]
    return currencies


def _change(call: Call, currency: str, part: str, by: int) -> None:
    parts = _balance(call).setdefault(currency, {"available": 0, "pending": 0})
    parts[part] += by


def _fee_details(fee: int, currency: str) -> list[Record]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
