"""How far each kind of object has come by its state: pure, and the reason why late news cannot turn anything back.

States of one rank follow each other in any order, so the newest reading of them counts. An account has no rank at all:
what a driver may do comes and goes.
"""

from collections.abc import Mapping

from marketplace.payments.states import ObjectKind

ANY_ORDER = 0
UNKNOWN_STATE = 1
"""A state that Stripe has come to have since: it is believed, but ends nothing."""
RANKS: Mapping[ObjectKind, Mapping[str, int]] = {
    ObjectKind.CUSTOMER: {"active": 1, "deleted": 2},
    ObjectKind.SETUP_INTENT: {"succeeded": 2, "canceled": 2},
    ObjectKind.PAYMENT_INTENT: {"requires_capture": 2, "succeeded": 3, "canceled": 3},
    # A refund that a card has not taken comes back, weeks later too.
    ObjectKind.REFUND: {"succeeded": 2, "failed": 3, "canceled": 3},
    # A bank that decided against us may still change its mind.
    ObjectKind.DISPUTE: {
        "warning_under_review": 2,
        "warning_closed": 3,
        "needs_response": 4,
        "under_review": 5,
        "prevented": 6,
        "lost": 6,
        "won": 7,
    },
    ObjectKind.ACCOUNT: {},
    ObjectKind.TRANSFER: {"created": 1, "partially_reversed": 2, "reversed": 3},
    ObjectKind.TRANSFER_REVERSAL: {"created": 1},
    # `paid` is not the end: a bank may send it back for days.
    ObjectKind.PAYOUT: {"in_transit": 2, "paid": 3, "canceled": 4, "failed": 4},
    ObjectKind.INVOICE: {"draft": 1, "open": 2, "uncollectible": 3, "paid": 4, "void": 4, "deleted": 4},
    ObjectKind.INVOICE_ITEM: {"created": 1, "deleted": 2},
    ObjectKind.CHECKOUT_SESSION: {"open": 1, "complete": 2, "paid": 3, "expired": 3},
}


def rank_of(kind: ObjectKind, state: str) -> int:
    """The rank of a state; a higher one is later, whatever the order of the news."""
    if kind is ObjectKind.ACCOUNT:
        return ANY_ORDER
    return RANKS[kind].get(state, UNKNOWN_STATE)
