"""Expanding ids into the objects that they name, as `expand[]=latest_charge.balance_transaction` asks."""

from typing import Any

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.views import view

TABLES = {
    "acct": "account",
    "ba": "external_account",
    "card": "external_account",
    "ch": "charge",
    "cs": "checkout.session",
    "cus": "customer",
    "du": "dispute",
    "ii": "invoiceitem",
    "in": "invoice",
    "inpay": "invoice_payment",
    "pi": "payment_intent",
    "pm": "payment_method",
    "po": "payout",
    "py": "charge",
    "pyr": "refund",
    "re": "refund",
    "seti": "setup_intent",
    "topup": "topup",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "txn": "balance_transaction",
}
"""Which table an id belongs to, by the letters before its first underscore."""
DEEPEST = 4


def expanded(call: Call, shown: Record, wishes: list[str]) -> Record:
    """The answer with every wished id replaced by its object."""
    for wish in wishes:
        steps = wish.split(".")
        if len(steps) > DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels of a property: {wish}.", param="expand")
        _expand(call, shown, steps, wish)
    return shown


def _expand(call: Call, place: Any, steps: list[str], wish: str) -> None:
    if isinstance(place, list):
        for member in place:
            _expand(call, member, steps, wish)
        return
    first, *rest = steps
    if not isinstance(place, dict) or first not in place:
        raise StripeError(f"This property cannot be expanded ({wish}).", param="expand")
    if isinstance(place[first], str):
        place[first] = _object(call, place[first], wish)
    if rest and place[first] is not None:
        _expand(call, place[first], rest, wish)


def _object(call: Call, key: str, wish: str) -> Record:
    table = TABLES.get(key.split("_", 1)[0])
    record = call.draft.get(table, key) if table else None
    if record is None:
        raise StripeError(f"This property cannot be expanded ({wish}).", param="expand")
    return view(call, record)
