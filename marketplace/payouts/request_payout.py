"""A driver asks to be paid now, before the market's next payout run."""

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, PayoutId
from marketplace.core.work import Work
from marketplace.ledger import Payee
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
    """Reserves everything that is free as one payout, on the terms of the quote where one is named.

    An instant payout needs a quote: nobody pays a fee that they were not shown.
    """
    if quote_id is None and method is PayoutMethod.INSTANT:
        raise QuoteNeeded("ask for a quote first, which shows the fee; then name it here")
    quote = await _find_quote(work, driver_id, quote_id) if quote_id is not None else None
    offered = await offered_payout(work, driver_id=driver_id, method=method)
    if quote is not None and not _is_kept(quote, offered.terms, work.now):
        raise QuoteChanged("the quote is no longer what the payout would be; ask for another one")
    return await reserve_payout(
        work,
        dials=offered.dials,
        payee=Payee(driver_id=driver_id),
        account=offered.account,
        payable=offered.payable,
        terms=offered.terms,
    )


async def _find_quote(work: Work, driver_id: DriverId, quote_id: UUID) -> asyncpg.Record:
    quote = await work.fetch_row(QUOTE, quote_id, driver_id)
    if quote is None:
        raise NotFound("there is no such quote", field="quoteId")
    return quote


def _is_kept(quote: asyncpg.Record, terms: Terms, now: datetime) -> bool:
    """Whether the payout would be just what was shown, and the quote is still good."""
    shown = (quote["method"], quote["amount_minor"], quote["fee_minor"], quote["currency"])
    would_be = (terms.method.value, terms.amount.minor, terms.fee_minor, terms.amount.currency)
    return bool(shown == would_be and quote["expires_at"] > now)
