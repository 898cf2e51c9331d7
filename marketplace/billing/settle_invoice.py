"""Renders an invoice at the provider step by step, and stops before it is final unless its total is ours.

Create, add every line, read the total back and compare, finalise, be paid. Each step is an operation that happens once;
this decides which is next by what is known now, so it may run at any time and any number of times.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.billing.events import InvoiceChanged
from marketplace.billing.profile import Profile, lock_profile, refresh_standing, want_customer
from marketplace.billing.queries import (
    COMPARED,
    FIND_INVOICE,
    INVOICE_LINES,
    INVOICE_OF_LINE,
    ISSUE_INVOICE,
    LOCK_INVOICE,
    NOTE_INVOICE_OBJECT,
    PAY_INVOICE,
    SET_INVOICE_STATE,
)
from marketplace.billing.settle_invoice_money import settle_invoice_money
from marketplace.billing.states import InvoiceState
from marketplace.core.errand import run_errand
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.payments import (
    ObjectKind,
    OperationKind,
    OperationState,
    Outcome,
    PaymentProvider,
    ProviderObject,
    known_objects,
    latest_outcome,
    want_operation,
)

COMPARED_STATES = frozenset({InvoiceState.DRAFTING, InvoiceState.MISMATCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCompare:
    """An invoice of which the provider has every line."""

    invoice_id: UUID
    object_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleInvoice:
    """The errand: takes the next step; where that is the comparison, reads the provider's total with no Work open."""

    provider: PaymentProvider
    invoice_id: UUID

    async def read(self, work: Work) -> ToCompare | None:
        """Takes every step that needs no look at the provider."""
        return await advance_invoice(work, invoice_id=self.invoice_id)

    async def call(self, found: ToCompare) -> ProviderObject | None:
        """Reads the invoice as the provider has it."""
        return await self.provider.retrieve(ObjectKind.INVOICE, found.object_id, account=None)

    async def record(self, work: Work, found: ToCompare, answer: ProviderObject | None) -> InvoiceState:
        """Has it made final where the totals are the same to the last unit; else it waits for a person."""
        return await compare_invoice(work, invoice_id=found.invoice_id, shown=answer)


async def settle_invoice(works: Works, *, provider: PaymentProvider, invoice_id: UUID) -> InvoiceState | None:
    """Runs the errand for one invoice; the state where a comparison was made."""
    return await run_errand(works, SettleInvoice(provider=provider, invoice_id=invoice_id))


async def invoice_of(work: Work, *, subject_id: UUID) -> UUID:
    """The invoice that an operation was about: the subject itself, or the invoice of a line."""
    found: UUID | None = await work.fetch_value(INVOICE_OF_LINE, subject_id)
    return found or subject_id


async def advance_invoice(work: Work, *, invoice_id: UUID) -> ToCompare | None:
    """Moves an invoice as far as what is known allows; what is to be compared comes back."""
    found = await work.fetch_row(FIND_INVOICE, invoice_id)
    if found is None:
        return None
    profile = await lock_profile(work, shipper_id=found["shipper_id"], market_id=found["market_id"])
    invoice = await work.fetch_row(LOCK_INVOICE, invoice_id)
    assert profile is not None, "an invoice has a profile"
    assert invoice is not None, "invoices are never removed"
    state = InvoiceState(invoice["state"])
    if state is InvoiceState.DRAFTING:
        return await _draft(work, profile, invoice)
    if state is InvoiceState.MISMATCH:
        return ToCompare(invoice_id=invoice_id, object_id=invoice["object_id"])
    if state in {InvoiceState.FINALIZING, InvoiceState.OPEN}:
        await _follow(work, profile, invoice)
    await settle_invoice_money(work, invoice)
    return None


async def compare_invoice(work: Work, *, invoice_id: UUID, shown: ProviderObject | None) -> InvoiceState:
    """Compares the provider's total with ours, and wants it final or stops it."""
    invoice = await work.fetch_row(LOCK_INVOICE, invoice_id)
    assert invoice is not None, "invoices are never removed"
    state = InvoiceState(invoice["state"])
    if state not in COMPARED_STATES:
        return state
    total = Money(invoice["total_minor"], invoice["currency"])
    is_same = shown is not None and shown.amount == total
    then = InvoiceState.FINALIZING if is_same else InvoiceState.MISMATCH
    await work.execute(COMPARED, invoice_id, then.value, shown.amount.minor if shown and shown.amount else None)
    if is_same:
        params = {"invoice": invoice["object_id"], "auto_advance": False}
        await _want(work, invoice, OperationKind.FINALIZE_INVOICE, invoice_id, params)
    if then is not state:
        _tell(work, invoice, then)
    return then


async def _draft(work: Work, profile: Profile, invoice: asyncpg.Record) -> ToCompare | None:
    if profile.customer_id is None:
        await want_customer(work, profile)
        return None
    object_id = await _created(work, profile, invoice)
    if object_id is None or not await _has_all_lines(work, profile, invoice, object_id):
        return None
    return ToCompare(invoice_id=invoice["id"], object_id=object_id)


async def _created(work: Work, profile: Profile, invoice: asyncpg.Record) -> str | None:
    outcome = await _outcome(work, invoice, OperationKind.CREATE_INVOICE, invoice["id"])
    if outcome is None:
        params = {
            "customer": profile.customer_id,
            "currency": invoice["currency"].lower(),
            "collection_method": "send_invoice",
            "days_until_due": invoice["due_days"],
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
        }
        await _want(work, invoice, OperationKind.CREATE_INVOICE, invoice["id"], params)
        return None
    if outcome.state is OperationState.REJECTED:
        await _refuse(work, invoice)
        return None
    if outcome.object_id is not None:
        await work.execute(NOTE_INVOICE_OBJECT, invoice["id"], outcome.object_id)
    return outcome.object_id


async def _has_all_lines(work: Work, profile: Profile, invoice: asyncpg.Record, object_id: str) -> bool:
    is_complete = True
    for line in await work.fetch(INVOICE_LINES, invoice["id"]):
        outcome = await _outcome(work, invoice, OperationKind.ADD_INVOICE_ITEM, line["id"])
        if outcome is None:
            params = {"customer": profile.customer_id, "invoice": object_id, "description": line["label"]}
            amount = Money(line["amount_minor"], line["currency"])
            await _want(work, invoice, OperationKind.ADD_INVOICE_ITEM, line["id"], params, amount)
        elif outcome.state is OperationState.REJECTED:
            await _refuse(work, invoice)
            return False
        is_complete = is_complete and outcome is not None and outcome.state is OperationState.DONE
    return is_complete


async def _follow(work: Work, profile: Profile, invoice: asyncpg.Record) -> None:
    """After the comparison: what the provider says of it is so."""
    known = await known_objects(work, kind=ObjectKind.INVOICE, subject_id=invoice["id"])
    # An image that was drawn before this one counts no more.
    states = {one.state for one in known if one.id == invoice["object_id"]}
    if "paid" in states:
        await work.execute(PAY_INVOICE, invoice["id"], work.now)
        _tell(work, invoice, InvoiceState.PAID)
    elif "void" in states:
        await work.execute(SET_INVOICE_STATE, invoice["id"], InvoiceState.VOID.value)
        _tell(work, invoice, InvoiceState.VOID)
    elif invoice["state"] == InvoiceState.FINALIZING:
        outcome = await _outcome(work, invoice, OperationKind.FINALIZE_INVOICE, invoice["id"])
        if "open" in states or (outcome is not None and outcome.state is OperationState.DONE):
            await work.execute(ISSUE_INVOICE, invoice["id"], work.now)
            _tell(work, invoice, InvoiceState.OPEN)
        elif outcome is not None and outcome.state is OperationState.REJECTED:
            await _refuse(work, invoice)
    await refresh_standing(work, profile)


async def _outcome(work: Work, invoice: asyncpg.Record, kind: OperationKind, subject_id: UUID) -> Outcome | None:
    """The latest operation of a kind for the image that is being drawn; those for earlier images count no more."""
    outcome = await latest_outcome(work, kind=kind, subject_id=subject_id)
    return outcome if outcome is not None and outcome.number >= invoice["drawing"] else None


async def _refuse(work: Work, invoice: asyncpg.Record) -> None:
    await work.execute(SET_INVOICE_STATE, invoice["id"], InvoiceState.REFUSED.value)
    _tell(work, invoice, InvoiceState.REFUSED)


async def _want(
    work: Work,
    invoice: asyncpg.Record,
    kind: OperationKind,
    subject_id: UUID,
    params: dict[str, object],
    amount: Money | None = None,
) -> None:
    await want_operation(
        work,
        market_id=invoice["market_id"],
        kind=kind,
        subject_id=subject_id,
        number=invoice["drawing"],
        params=params,
        amount=amount,
    )


def _tell(work: Work, invoice: asyncpg.Record, state: InvoiceState) -> None:
    work.emit(
        InvoiceChanged(
            market_id=invoice["market_id"],
            shipper_id=invoice["shipper_id"],
            invoice_id=invoice["id"],
            state=state.value,
            total_minor=invoice["total_minor"],
            currency=invoice["currency"],
        )
    )
