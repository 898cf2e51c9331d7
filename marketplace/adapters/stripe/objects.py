"""Stripe's objects as the marketplace knows them: state, amount, whose they are, and a few plain facts."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from marketplace.adapters.stripe.amounts import from_stripe
from marketplace.core.money import Money
from marketplace.payments import Facts, ObjectKind, ProviderObject

Fields = Mapping[str, Any]
LONGEST_LIST = 40
"""What is due of a driver fits; a list that is longer is cut."""


def read_object(shown: Any, *, account: str | None = None, parent_id: str | None = None) -> ProviderObject:
    """One of the package's objects as plain values; `account` is the connected account that it lies on."""
    fields: Fields = shown.to_dict(for_json=True)
    kind = ObjectKind(fields["object"])
    return ProviderObject(
        id=fields["id"],
        kind=kind,
        state="deleted" if fields.get("deleted") else STATES.get(kind, _status)(fields),
        account=None if kind is ObjectKind.ACCOUNT else account,
        parent_id=parent_id or _parent(kind, fields),
        operation_id=_operation(fields),
        amount=_amount(kind, fields),
        facts={} if fields.get("deleted") else FACTS.get(kind, _no_facts)(fields),
    )


def _status(fields: Fields) -> str:
    return str(fields["status"])


def _account_state(fields: Fields) -> str:
    due = fields.get("requirements") or {}
    if str(due.get("disabled_reason") or "").startswith("rejected"):
        return "rejected"
    if fields.get("payouts_enabled") and (fields.get("capabilities") or {}).get("transfers") == "active":
        return "enabled"
    return "restricted" if fields.get("details_submitted") else "pending"


def _transfer_state(fields: Fields) -> str:
    if fields["reversed"]:
        return "reversed"
    return "partially_reversed" if fields["amount_reversed"] else "created"


def _checkout_state(fields: Fields) -> str:
    """One that is through may still wait for its money, where somebody pays by bank."""
    is_paid = fields["status"] == "complete" and fields["payment_status"] == "paid"
    return "paid" if is_paid else str(fields["status"])


STATES: Mapping[ObjectKind, Callable[[Fields], str]] = {
    ObjectKind.CUSTOMER: lambda _: "active",
    ObjectKind.ACCOUNT: _account_state,
    ObjectKind.TRANSFER: _transfer_state,
    ObjectKind.TRANSFER_REVERSAL: lambda _: "created",
    ObjectKind.INVOICE_ITEM: lambda _: "created",
    ObjectKind.CHECKOUT_SESSION: _checkout_state,
}
"""Where Stripe has no word for the state of a thing, this is ours."""


def _parent(kind: ObjectKind, fields: Fields) -> str | None:
    if kind in {ObjectKind.DISPUTE, ObjectKind.REFUND}:
        return _id_of(fields.get("payment_intent"))
    if kind is ObjectKind.TRANSFER_REVERSAL:
        return _id_of(fields.get("transfer"))
    if kind is ObjectKind.SETUP_INTENT:
        return _id_of(fields.get("customer"))
    return _id_of(fields.get("invoice")) if kind is ObjectKind.INVOICE_ITEM else None


def _operation(fields: Fields) -> UUID | None:
    try:
        return UUID((fields.get("metadata") or {})["operation"])
    except (KeyError, ValueError):
        return None  # made by hand, or by another system on the same account


def _amount(kind: ObjectKind, fields: Fields) -> Money | None:
    amount = fields.get(AMOUNTS.get(kind, "amount"))
    return from_stripe(amount, fields["currency"]) if amount is not None and fields.get("currency") else None


AMOUNTS: Mapping[ObjectKind, str] = {ObjectKind.INVOICE: "total", ObjectKind.CHECKOUT_SESSION: "amount_total"}
"""Where the amount of a thing has another name."""


def _minor(amount: int | None, currency: str | None) -> int | None:
    """Our minor units for an amount as Stripe counts it; None where it tells none, or none that we have units for."""
    told = from_stripe(amount, currency) if amount is not None and currency else None
    return told.minor if told else None


def _no_facts(_: Fields) -> Facts:
    return {}


def _account_facts(fields: Fields) -> Facts:
    due = fields.get("requirements") or {}
    external = [
        one for one in (fields.get("external_accounts") or {}).get("data") or () if one.get("default_for_currency")
    ]
    return {
        "payouts_enabled": bool(fields.get("payouts_enabled")),
        "transfers": (fields.get("capabilities") or {}).get("transfers"),
        "details_submitted": bool(fields.get("details_submitted")),
        "currently_due": sorted(due.get("currently_due") or ())[:LONGEST_LIST],
        "past_due": sorted(due.get("past_due") or ())[:LONGEST_LIST],
        "current_deadline": due.get("current_deadline"),
        "disabled_reason": due.get("disabled_reason"),
        "default_currency": fields.get("default_currency"),
        # Where the money goes: another one here means that somebody has changed it. No number, no name.
        "external_accounts": sorted(one["id"] for one in external),
        "external_fingerprints": sorted(one["fingerprint"] for one in external if one.get("fingerprint")),
        "external_statuses": sorted({str(one.get("status")) for one in external}),
        "instant_payouts": any("instant" in (one.get("available_payout_methods") or ()) for one in external),
    }


def _payment_facts(fields: Fields) -> Facts:
    failure, charge = fields.get("last_payment_error") or {}, fields.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {"id": charge}
    fee = charge.get("balance_transaction")
    fee = fee if isinstance(fee, dict) else {"id": fee}
    return {
        "amount_received": fields.get("amount_received"),
        "amount_capturable": fields.get("amount_capturable"),
        # What came back of it is told by its refunds and disputes: their events say nothing of this object.
        "last_error": failure.get("decline_code") or failure.get("code"),
        "latest_charge": charge.get("id"),
        "cancellation_reason": fields.get("cancellation_reason"),
        "balance_transaction": fee.get("id"),
        "fee_minor": _minor(fee.get("fee"), fee.get("currency")),
        "net_minor": _minor(fee.get("net"), fee.get("currency")),
        "settled_minor": _minor(fee.get("amount"), fee.get("currency")),
        "settled_currency": fee.get("currency"),
        "available_on": fee.get("available_on"),
    }


def _refund_facts(fields: Fields) -> Facts:
    movement = fields.get("balance_transaction")
    movement = movement if isinstance(movement, dict) else {"id": movement}
    return {
        **{name: fields.get(name) for name in ("failure_reason", "reason", "charge")},
        "balance_transaction": movement.get("id"),
        "settled_minor": _minor(movement.get("amount"), movement.get("currency")),
        "settled_currency": movement.get("currency"),
    }


def _dispute_facts(fields: Fields) -> Facts:
    movements = fields.get("balance_transactions") or ()
    moved = [_minor(one.get("amount"), one.get("currency")) or 0 for one in movements]
    return {
        "reason": fields.get("reason"),
        "charge": _id_of(fields.get("charge")),
        "is_charge_refundable": bool(fields.get("is_charge_refundable")),
        "evidence_due_by": (fields.get("evidence_details") or {}).get("due_by"),
        "fee_minor": sum(_minor(one.get("fee"), one.get("currency")) or 0 for one in movements),
        "net_minor": sum(_minor(one.get("net"), one.get("currency")) or 0 for one in movements),
        "withdrawn_minor": -sum(minor for minor in moved if minor < 0),
        "reinstated_minor": sum(minor for minor in moved if minor > 0),
        "settled_currency": movements[0].get("currency") if movements else None,
        "balance_transactions": [one["id"] for one in movements],
    }


def _transfer_facts(fields: Fields) -> Facts:
    return {
        "reversed_minor": _minor(fields.get("amount_reversed"), fields.get("currency")),
        "reversals": {
            one["id"]: _minor(one.get("amount"), one.get("currency"))
            for one in (fields.get("reversals") or {}).get("data") or ()
        },
        "destination": _id_of(fields.get("destination")),
        "source_transaction": _id_of(fields.get("source_transaction")),
        "balance_transaction": _id_of(fields.get("balance_transaction")),
    }


def _payout_facts(fields: Fields) -> Facts:
    return {
        "method": fields.get("method"),
        "arrival_date": fields.get("arrival_date"),
        "failure_code": fields.get("failure_code"),
        "destination": _id_of(fields.get("destination")),
        "balance_transaction": _id_of(fields.get("balance_transaction")),
    }


def _invoice_facts(fields: Fields) -> Facts:
    names = ("total", "amount_due", "amount_paid", "amount_remaining", "number", "hosted_invoice_url", "due_date")
    return {name: fields.get(name) for name in names}


FACTS: Mapping[ObjectKind, Callable[[Fields], Facts]] = {
    ObjectKind.ACCOUNT: _account_facts,
    ObjectKind.PAYMENT_INTENT: _payment_facts,
    ObjectKind.SETUP_INTENT: lambda fields: {
        "customer": _id_of(fields.get("customer")),
        "payment_method": _id_of(fields.get("payment_method")),
        "last_error": (fields.get("last_setup_error") or {}).get("code"),
    },
    ObjectKind.REFUND: _refund_facts,
    ObjectKind.DISPUTE: _dispute_facts,
    ObjectKind.TRANSFER: _transfer_facts,
    ObjectKind.TRANSFER_REVERSAL: lambda fields: {
        "balance_transaction": _id_of(fields.get("balance_transaction")),
    },
    ObjectKind.PAYOUT: _payout_facts,
    ObjectKind.INVOICE: _invoice_facts,
    ObjectKind.CHECKOUT_SESSION: lambda fields: {
        "url": fields.get("url"),
        "expires_at": fields.get("expires_at"),
        "payment_intent": _id_of(fields.get("payment_intent")),
    },
    ObjectKind.CUSTOMER: lambda fields: {
        "default_payment_method": _id_of((fields.get("invoice_settings") or {}).get("default_payment_method")),
    },
}
"""What is kept of each kind: what somebody acts on, and no more."""


def _id_of(shown: Any) -> str | None:
    """The id of something that Stripe shows as an id or, expanded, as a whole."""
    name = shown.get("id") if isinstance(shown, Mapping) else shown
    return None if name is None else str(name)
