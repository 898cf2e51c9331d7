"""Each kind of operation as a call of the stripe package, with the parameters that its row has kept."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from stripe import StripeClient

from marketplace.adapters.stripe.amounts import to_stripe
from marketplace.payments import FrozenOperation, ObjectKind, OperationKind

EXPANDED = ["latest_charge.balance_transaction"]
"""With a payment comes what Stripe keeps of it and when the rest is there."""
WITH_REFUND = ["balance_transaction"]
"""With a refund comes what it took from our account, which may be in another currency."""
WITHOUT_CURRENCY = {OperationKind.CAPTURE, OperationKind.REFUND, OperationKind.REVERSE_TRANSFER}
CHANGING = {
    OperationKind.CAPTURE,
    OperationKind.CANCEL_CHARGE,
    OperationKind.FINALIZE_INVOICE,
    OperationKind.VOID_INVOICE,
    OperationKind.EXPIRE_CHECKOUT,
}
"""These change an object that another operation has made, and whose notes they leave alone."""


@dataclass(frozen=True, slots=True)
class Request:
    """An operation taken apart: `target` is the object that its path names, `params` are what goes over the wire."""

    target: str
    params: Any
    options: Any


Call = Callable[[Any, Request], Awaitable[Any]]

MADE: Mapping[OperationKind, ObjectKind] = {
    OperationKind.CREATE_CUSTOMER: ObjectKind.CUSTOMER,
    OperationKind.CREATE_ACCOUNT: ObjectKind.ACCOUNT,
    OperationKind.CHARGE: ObjectKind.PAYMENT_INTENT,
    OperationKind.CAPTURE: ObjectKind.PAYMENT_INTENT,
    OperationKind.CANCEL_CHARGE: ObjectKind.PAYMENT_INTENT,
    OperationKind.REFUND: ObjectKind.REFUND,
    OperationKind.TRANSFER: ObjectKind.TRANSFER,
    OperationKind.REVERSE_TRANSFER: ObjectKind.TRANSFER_REVERSAL,
    OperationKind.PAYOUT: ObjectKind.PAYOUT,
    OperationKind.CREATE_INVOICE: ObjectKind.INVOICE,
    OperationKind.ADD_INVOICE_ITEM: ObjectKind.INVOICE_ITEM,
    OperationKind.FINALIZE_INVOICE: ObjectKind.INVOICE,
    OperationKind.VOID_INVOICE: ObjectKind.INVOICE,
    OperationKind.CREATE_CHECKOUT: ObjectKind.CHECKOUT_SESSION,
    OperationKind.EXPIRE_CHECKOUT: ObjectKind.CHECKOUT_SESSION,
}
"""What each kind makes or changes."""
TARGETS: Mapping[OperationKind, str] = {
    OperationKind.CAPTURE: "payment_intent",
    OperationKind.CANCEL_CHARGE: "payment_intent",
    OperationKind.REVERSE_TRANSFER: "transfer",
    OperationKind.FINALIZE_INVOICE: "invoice",
    OperationKind.VOID_INVOICE: "invoice",
    OperationKind.EXPIRE_CHECKOUT: "session",
}
"""The parameter that names the object of the path."""
CALLS: Mapping[OperationKind, Call] = {
    OperationKind.CREATE_CUSTOMER: lambda v1, asked: v1.customers.create_async(asked.params, asked.options),
    OperationKind.CREATE_ACCOUNT: lambda v1, asked: v1.accounts.create_async(asked.params, asked.options),
    OperationKind.CHARGE: lambda v1, asked: v1.payment_intents.create_async(asked.params, asked.options),
    OperationKind.CAPTURE: lambda v1, asked: v1.payment_intents.capture_async(
        asked.target, asked.params, asked.options
    ),
    OperationKind.CANCEL_CHARGE: lambda v1, asked: v1.payment_intents.cancel_async(
        asked.target, asked.params, asked.options
    ),
    OperationKind.REFUND: lambda v1, asked: v1.refunds.create_async(asked.params, asked.options),
    OperationKind.TRANSFER: lambda v1, asked: v1.transfers.create_async(asked.params, asked.options),
    OperationKind.REVERSE_TRANSFER: lambda v1, asked: v1.transfers.reversals.create_async(
        asked.target, asked.params, asked.options
    ),
    OperationKind.PAYOUT: lambda v1, asked: v1.payouts.create_async(asked.params, asked.options),
    OperationKind.CREATE_INVOICE: lambda v1, asked: v1.invoices.create_async(asked.params, asked.options),
    OperationKind.ADD_INVOICE_ITEM: lambda v1, asked: v1.invoice_items.create_async(asked.params, asked.options),
    OperationKind.FINALIZE_INVOICE: lambda v1, asked: v1.invoices.finalize_invoice_async(
        asked.target, asked.params, asked.options
    ),
    OperationKind.VOID_INVOICE: lambda v1, asked: v1.invoices.void_invoice_async(
        asked.target, asked.params, asked.options
    ),
    OperationKind.CREATE_CHECKOUT: lambda v1, asked: v1.checkout.sessions.create_async(asked.params, asked.options),
    OperationKind.EXPIRE_CHECKOUT: lambda v1, asked: v1.checkout.sessions.expire_async(
        asked.target, asked.params, asked.options
    ),
}


async def send_request(client: StripeClient, operation: FrozenOperation) -> Any:
    """Has an operation carried out and returns Stripe's object."""
    asked = request_of(operation)
    asked.options["idempotency_key"] = operation.key
    return await CALLS[operation.kind](client.v1, asked)


def request_of(operation: FrozenOperation) -> Request:
    """The path and the parameters of an operation; the same row gives the same request."""
    params: dict[str, Any] = orjson.loads(operation.body)
    target = str(params.pop(TARGETS[operation.kind])) if operation.kind in TARGETS else ""
    if operation.kind in CHANGING:
        params.pop("metadata", None)
    if operation.kind is OperationKind.TRANSFER:
        params["transfer_group"] = str(operation.id)
    if MADE[operation.kind] is ObjectKind.PAYMENT_INTENT:
        params["expand"] = EXPANDED
    if operation.kind is OperationKind.REFUND:
        params["expand"] = WITH_REFUND
    if operation.kind is OperationKind.CREATE_CHECKOUT:
        # The payment that comes of it is told apart by the same notes, whoever pays, and whenever.
        params["payment_intent_data"] = {"metadata": params["metadata"]}
    if operation.amount is not None:
        _put_amount(params, operation)
    return Request(target, params, {"stripe_account": operation.account} if operation.account else {})


def _put_amount(params: dict[str, Any], operation: FrozenOperation) -> None:
    assert operation.amount is not None
    if operation.kind is OperationKind.CREATE_CHECKOUT:
        price = {"currency": operation.amount.currency.lower(), "unit_amount": to_stripe(operation)}
        params["line_items"] = [
            {"quantity": 1, "price_data": {**price, "product_data": {"name": params.pop("product_name")}}}
        ]
        return
    params["amount_to_capture" if operation.kind is OperationKind.CAPTURE else "amount"] = to_stripe(operation)
    if operation.kind in WITHOUT_CURRENCY:
        params.pop("currency", None)
    else:
        params["currency"] = operation.amount.currency.lower()
