"""Shows a driver, or a company, what a payout would bring and cost before they ask for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId
from marketplace.core.work import Work
from marketplace.ledger import Payee
from marketplace.payouts.accounts import company_of_dispatcher
from marketplace.payouts.models import PayoutQuote
from marketplace.payouts.offered import offered_payout
from marketplace.payouts.states import PayoutMethod

GOOD_FOR = timedelta(minutes=10)
ARRIVES_AFTER = {PayoutMethod.STANDARD: timedelta(days=2), PayoutMethod.INSTANT: timedelta(minutes=30)}
"""What the provider says of most banks; an estimate, no promise."""
QUOTE = "SELECT * FROM payout_quote WHERE id = $1 AND $2 IN (driver_id, company_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedPayout:
    """What a payout would be; asked for before `expires_at`, that is what it is."""

    id: UUID
    method: PayoutMethod
    amount_minor: int
    fee_minor: int
    debt_minor: int
    currency: str
    arrives_at: datetime
    expires_at: datetime


async def quote_payout(work: Work, *, driver_id: DriverId, method: PayoutMethod) -> QuotedPayout:
    """Writes down what the driver is shown; raises what stands in the way of a payout now."""
    return await _quote(work, Payee(driver_id=driver_id), method)


async def quote_company_payout(work: Work, *, dispatcher_id: UUID, method: PayoutMethod) -> QuotedPayout:
    """Writes down what the company of the dispatcher who asks is shown."""
    company, _ = await company_of_dispatcher(work, dispatcher_id)
    return await _quote(work, company, method)


async def find_payout_quote(work: Work, *, quote_id: UUID, driver_id: UUID) -> QuotedPayout:
    """A quote of this driver, as it was shown."""
    return await _find(work, quote_id, Payee(driver_id=driver_id))


async def find_company_quote(work: Work, *, quote_id: UUID, dispatcher_id: UUID) -> QuotedPayout:
    """A quote of the company of the dispatcher who asks."""
    company, _ = await company_of_dispatcher(work, dispatcher_id)
    return await _find(work, quote_id, company)


async def _quote(work: Work, payee: Payee, method: PayoutMethod) -> QuotedPayout:
    offered = await offered_payout(work, payee=payee, method=method)
    terms = offered.terms
    quote_id = work.new_id()
    await PayoutQuote.create(
        using_db=work.db,
        id=quote_id,
        market_id=offered.dials.market_id,
        driver_id=payee.driver_id,
        company_id=payee.company_id,
        method=method.value,
        amount_minor=terms.amount.minor,
        fee_minor=terms.fee_minor,
        debt_minor=terms.debt_minor,
        currency=terms.amount.currency,
        created_at=work.now,
        expires_at=work.now + GOOD_FOR,
    )
    return await _find(work, quote_id, payee)


async def _find(work: Work, quote_id: UUID, payee: Payee) -> QuotedPayout:
    row: Any = await work.fetch_row(QUOTE, quote_id, payee.id)
    if row is None:
        raise NotFound("there is no such quote; ask for another one")
    method = PayoutMethod(row["method"])
    return QuotedPayout(
        id=row["id"],
        method=method,
        amount_minor=row["amount_minor"],
        fee_minor=row["fee_minor"],
        debt_minor=row["debt_minor"],
        currency=row["currency"],
        arrives_at=row["created_at"] + ARRIVES_AFTER[method],
        expires_at=row["expires_at"],
    )
