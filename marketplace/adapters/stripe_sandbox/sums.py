"""Sums over all accounts: the proof that the stand-in neither makes money nor loses it."""

from collections import defaultdict

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.records import Record

INSIDE = {"transfer", "payment", "transfer_refund", "payment_refund"}
"""Movements between accounts; their sum is nothing."""
COUNTED = (
    "charge",
    "payment_intent",
    "refund",
    "dispute",
    "transfer",
    "transfer_reversal",
    "payout",
    "topup",
    "account",
)


def sums(call: Call) -> Record:
    """By currency: what moved inside (always 0), what came in or went out, and what all balances hold together."""
    inside: defaultdict[str, int] = defaultdict(int)
    outside: defaultdict[str, int] = defaultdict(int)
    held: defaultdict[str, int] = defaultdict(int)
    for transaction in call.draft.rows("balance_transaction"):
        part = inside if transaction["type"] in INSIDE else outside
        part[transaction["currency"]] += transaction["net"]
    for balance in call.draft.rows("balance"):
        for currency, parts in balance["currencies"].items():
            held[currency] += parts["available"] + parts["pending"]
    objects = {table: len(list(call.draft.rows(table))) for table in COUNTED}
    return {"inside": dict(inside), "outside": dict(outside), "held": dict(held), "objects": objects}
