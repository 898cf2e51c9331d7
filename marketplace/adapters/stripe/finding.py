"""Looks up what an operation has made, at whatever epoch: before anything is sent a second time.

Lists are Stripe's own and up to date; its search is not, so it is never used here. Transfers have a group of their own;
the others are found by the operation's id in their notes, among the few that could be it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import stripe
from stripe import StripeClient

from marketplace.adapters.stripe.connection import READ_RETRIES
from marketplace.adapters.stripe.failures import is_missing
from marketplace.adapters.stripe.invoice_payments import invoice_paid_by, payments_of
from marketplace.adapters.stripe.objects import read_object
from marketplace.adapters.stripe.sending import EXPANDED, MADE, WITH_REFUND, Request, request_of
from marketplace.payments import (
    FrozenOperation,
    ObjectKind,
    OperationKind,
    OperationRefused,
    OutcomeUnknown,
    ProviderObject,
)

PAGE = 100
MOST_PAGES = 50
"""Past so many objects a look gives up, and with it the sending: better late than twice."""
CLOCKS_APART = timedelta(days=2)
"""How far Stripe's clock may be behind ours before a look would miss something."""
List = Callable[[Any, Any, Any], Awaitable[Any]]

LISTS: Mapping[OperationKind, List] = {
    OperationKind.CREATE_CUSTOMER: lambda v1, params, options: v1.customers.list_async(params, options),
    OperationKind.CREATE_ACCOUNT: lambda v1, params, options: v1.accounts.list_async(params, options),
    OperationKind.CHARGE: lambda v1, params, options: v1.payment_intents.list_async(params, options),
    OperationKind.REFUND: lambda v1, params, options: v1.refunds.list_async(params, options),
    OperationKind.TRANSFER: lambda v1, params, options: v1.transfers.list_async(params, options),
    OperationKind.PAYOUT: lambda v1, params, options: v1.payouts.list_async(params, options),
    OperationKind.CREATE_INVOICE: lambda v1, params, options: v1.invoices.list_async(params, options),
    OperationKind.ADD_INVOICE_ITEM: lambda v1, params, options: v1.invoice_items.list_async(params, options),
    OperationKind.CREATE_CHECKOUT: lambda v1, params, options: v1.checkout.sessions.list_async(params, options),
}
NARROWED_BY: Mapping[OperationKind, tuple[str, ...]] = {
    OperationKind.CHARGE: ("customer",),
    OperationKind.REFUND: ("payment_intent", "charge"),
    OperationKind.TRANSFER: ("transfer_group",),
    OperationKind.CREATE_INVOICE: ("customer",),
    OperationKind.ADD_INVOICE_ITEM: ("invoice", "customer"),
}
"""Parameters of the request that the list is narrowed by, too."""
UNDATED = {OperationKind.ADD_INVOICE_ITEM}
ENDED: Mapping[OperationKind, frozenset[str]] = {
    OperationKind.CAPTURE: frozenset({"succeeded"}),
    OperationKind.CANCEL_CHARGE: frozenset({"canceled"}),
    OperationKind.FINALIZE_INVOICE: frozenset({"open", "paid", "uncollectible", "void"}),
    OperationKind.VOID_INVOICE: frozenset({"void"}),
    OperationKind.EXPIRE_CHECKOUT: frozenset({"complete", "paid", "expired"}),
}
"""The states of an object that show that a change to it was carried out."""


async def find_made(client: StripeClient, operation: FrozenOperation) -> ProviderObject | None:
    """What an operation has made or changed, or None where it surely has not.

    A payment that was declined is there too; it is refused here as it was when it was sent.
    """
    asked = request_of(operation)
    if operation.kind in ENDED:
        return await _changed(client, operation, asked)
    async for shown in _listed(client, operation, asked):
        found = read_object(shown, account=operation.account, parent_id=asked.target or None)
        if found.operation_id == operation.id:
            return _accepted(found, operation)
    return None


def _accepted(found: ProviderObject, operation: FrozenOperation) -> ProviderObject:
    reason = found.facts.get("last_error")
    if operation.kind is OperationKind.CHARGE and found.state == "requires_payment_method" and reason:
        raise OperationRefused(str(reason), "the card was declined")
    return found


async def _changed(client: StripeClient, operation: FrozenOperation, asked: Request) -> ProviderObject | None:
    shown = await retrieve(client, MADE[operation.kind], asked.target, account=operation.account)
    return shown if shown is not None and shown.state in ENDED[operation.kind] else None


async def _listed(client: StripeClient, operation: FrozenOperation, asked: Request) -> AsyncIterator[Any]:
    """What could be it, newest first, page by page."""
    params: dict[str, Any] = {"limit": PAGE}
    narrow = [name for name in NARROWED_BY.get(operation.kind, ()) if name in asked.params]
    params.update({name: asked.params[name] for name in narrow[:1]})
    if operation.first_sent_at is not None and operation.kind not in UNDATED | {OperationKind.REVERSE_TRANSFER}:
        params["created"] = {"gte": int((operation.first_sent_at - CLOCKS_APART).timestamp())}
    if operation.kind is OperationKind.CHARGE:
        params["expand"] = [f"data.{path}" for path in EXPANDED]
    if operation.kind is OperationKind.REFUND:
        params["expand"] = [f"data.{path}" for path in WITH_REFUND]
    options = {**asked.options, "max_network_retries": READ_RETRIES}
    for _ in range(MOST_PAGES):
        page = await _page(client, operation.kind, asked.target, params, options)
        for shown in page.data:
            yield shown
        if not page.has_more:
            return
        params["starting_after"] = page.data[-1].id
    raise OutcomeUnknown("there are too many objects to tell what the operation has made")


async def _page(client: StripeClient, kind: OperationKind, target: str, params: Any, options: Any) -> Any:
    if kind is OperationKind.REVERSE_TRANSFER:
        return await client.v1.transfers.reversals.list_async(target, params, options)
    return await LISTS[kind](client.v1, params, options)


Retrieve = Callable[[Any, str, Any, Any], Awaitable[Any]]
RETRIEVES: Mapping[ObjectKind, Retrieve] = {
    ObjectKind.CUSTOMER: lambda v1, name, params, options: v1.customers.retrieve_async(name, params, options),
    ObjectKind.SETUP_INTENT: lambda v1, name, params, options: v1.setup_intents.retrieve_async(name, params, options),
    ObjectKind.PAYMENT_INTENT: lambda v1, name, params, options: v1.payment_intents.retrieve_async(
        name, {**params, "expand": EXPANDED}, options
    ),
    ObjectKind.REFUND: lambda v1, name, params, options: v1.refunds.retrieve_async(
        name, {**params, "expand": WITH_REFUND}, options
    ),
    ObjectKind.DISPUTE: lambda v1, name, params, options: v1.disputes.retrieve_async(name, params, options),
    ObjectKind.ACCOUNT: lambda v1, name, params, options: v1.accounts.retrieve_async(name, params, options),
    ObjectKind.TRANSFER: lambda v1, name, params, options: v1.transfers.retrieve_async(name, params, options),
    ObjectKind.PAYOUT: lambda v1, name, params, options: v1.payouts.retrieve_async(name, params, options),
    ObjectKind.INVOICE: lambda v1, name, params, options: v1.invoices.retrieve_async(name, params, options),
    ObjectKind.INVOICE_ITEM: lambda v1, name, params, options: v1.invoice_items.retrieve_async(name, params, options),
    ObjectKind.CHECKOUT_SESSION: lambda v1, name, params, options: v1.checkout.sessions.retrieve_async(
        name, params, options
    ),
}


async def retrieve(
    client: StripeClient, kind: ObjectKind, object_id: str, *, account: str | None, parent_id: str | None = None
) -> ProviderObject | None:
    """An object as it is now; None where there is none."""
    options: Any = {"max_network_retries": READ_RETRIES}
    if account and kind is not ObjectKind.ACCOUNT:
        options["stripe_account"] = account
    try:
        if kind is ObjectKind.TRANSFER_REVERSAL:
            assert parent_id is not None, "a reversal lies below its transfer"
            shown: Any = await client.v1.transfers.reversals.retrieve_async(parent_id, object_id, {}, options)
        else:
            shown = await RETRIEVES[kind](client.v1, object_id, {}, options)
    except stripe.StripeError as failure:
        if is_missing(failure):
            return None
        raise
    found = read_object(shown, account=account, parent_id=parent_id)
    if kind is ObjectKind.PAYMENT_INTENT and found.operation_id is None:
        return replace(found, parent_id=await invoice_paid_by(client, object_id, options))
    if kind is ObjectKind.INVOICE and found.facts.get("amount_paid"):
        return replace(found, facts={**found.facts, **await payments_of(client, object_id, options)})
    return found
