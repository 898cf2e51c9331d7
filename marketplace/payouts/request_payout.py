"""A driver, or a contracted company, asks to be paid now, before the market's next payout run."""

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, PayoutId
from marketplace.core.work import Work
from marketplace.ledger import Payee
from marketplace.payouts.accounts import company_of_dispatcher
from marketplace.payouts.offered import offered_payout
from marketplace.payouts.quote_payout import QUOTE
from marketplace.payouts.reserve import reserve_payout
from marketplace.payouts.states import PayoutMethod
from marketplace.payouts.terms import Terms
from marketplace.payouts.under_way import QuoteChanged, QuoteNeeded


async def request_payout(
    work: Work,
    *,
    driver_id: DriverId,
    method: PayoutMethod = PayoutMethod.STANDARD,
    quote_id: UUID | None = None,
) -> PayoutId:
    """Reserves everything that is free as one payout to a driver, on the terms of the quote where one is named.

    An instant payout needs a quote: nobody pays a fee that they were not shown.
    """
    return await _request(work, Payee(driver_id=driver_id), method, quote_id)


async def request_company_payout(
    work: Work,
    *,
    dispatcher_id: UUID,
    method: PayoutMethod = PayoutMethod.STANDARD,
    quote_id: UUID | None = None,
) -> PayoutId:
    """The same for the company of the dispatcher who asks."""
    company, _ = await company_of_dispatcher(work, dispatcher_id)
    return await _request(work, company, method, quote_id)


async def _request(work: Work, payee: Payee, method: PayoutMethod, quote_id: UUID | None) -> PayoutId:
    if quote_id is None and method is PayoutMethod.INSTANT:
        raise QuoteNeeded("ask for a quote first, which shows the fee; then name it here")
    quote = await _find_quote(work, payee, quote_id) if quote_id is not None else None
    offered = await offered_payout(work, payee=payee, method=method)
    if quote is not None and not _is_kept(quote, offered.terms, work.now):
        raise QuoteChanged("the quote is no longer what the payout would be; ask for another one")
    return await reserve_payout(
        work,
        dials=offered.dials,
        payee=payee,
        account=offered.account,
        payable=offered.payable,
        terms=offered.terms,
    )


async def _find_quote(work: Work, payee: Payee, quote_id: UUID) -> asyncpg.Record:
    quote = await work.fetch_row(QUOTE, quote_id, payee.id)
    if quote is None:
        raise NotFound("there is no such quote", field="quoteId")
    return quote


def _is_kept(quote: asyncpg.Record, terms: Terms, now: datetime) -> bool:
    """Whether the payout would be just what was shown, and the quote is still good."""
    shown = (quote["method"], quote["amount_minor"], quote["fee_minor"], quote["currency"])
    would_be = (terms.method.value, terms.amount.minor, terms.fee_minor, terms.amount.currency)
    return bool(shown == would_be and quote["expires_at"] > now)
