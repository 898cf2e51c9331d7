"""Draws an invoice at the provider again, where that has refused it or somebody there has taken it back.

What is owed stays as it is, and so do the invoice's number and lines: only its image is made anew, and compared anew.
"""

from uuid import UUID

from marketplace.billing.close_period import local_days_later
from marketplace.billing.events import InvoiceChanged
from marketplace.billing.profile import MOST_DUE_DAYS, BadTerms, lock_profile, refresh_standing
from marketplace.billing.queries import FIND_INVOICE, LOCK_INVOICE, MARKET_OF, PAID_ANYTHING, REDRAW_INVOICE
from marketplace.billing.refund import check_reason
from marketplace.billing.states import InvoiceState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work

DRAWN_AGAIN = frozenset({InvoiceState.REFUSED, InvoiceState.VOID})


class NotRedrawable(Conflict):
    """Only an invoice that was refused or taken back, and for which nothing was paid, is drawn again."""

    code = "NOT_REDRAWABLE"


async def redraw_invoice(
    work: Work, *, market_id: UUID, invoice_id: UUID, reason: str, due_days: int | None = None
) -> InvoiceState:
    """Begins a new image of the invoice, due so many days from today; as many as before where none are given."""
    check_reason(reason)
    if due_days is not None and not 0 <= due_days <= MOST_DUE_DAYS:
        raise BadTerms(f"invoices are due within 0 to {MOST_DUE_DAYS} days", field="dueDays")
    found = await work.fetch_row(FIND_INVOICE, invoice_id)
    if found is None or found["market_id"] != market_id:
        raise NotFound("there is no such invoice", field="invoiceId")
    # In story order. Of two at once the second finds the invoice in drafting.
    profile = await lock_profile(work, shipper_id=found["shipper_id"], market_id=market_id)
    invoice = await work.fetch_row(LOCK_INVOICE, invoice_id)
    market = await work.fetch_row(MARKET_OF, market_id)
    assert profile is not None, "an invoice has a profile"
    assert invoice is not None, "invoices are never removed"
    assert market is not None, "an invoice has a market"
    is_paid = await work.fetch_value(PAID_ANYTHING, invoice_id)
    if invoice["state"] not in DRAWN_AGAIN or is_paid:
        raise NotRedrawable(
            "only an invoice that is REFUSED or VOID, and not paid in part, is drawn again", field="invoiceId"
        )
    days = invoice["due_days"] if due_days is None else due_days
    due_at = local_days_later(work.now, days, market["time_zone"])
    await work.execute(REDRAW_INVOICE, invoice_id, days, due_at)
    work.emit(
        InvoiceChanged(
            market_id=market_id,
            shipper_id=invoice["shipper_id"],
            invoice_id=invoice_id,
            state=InvoiceState.DRAFTING.value,
            total_minor=invoice["total_minor"],
            currency=invoice["currency"],
        )
    )
    await refresh_standing(work, profile)
    return InvoiceState.DRAFTING
