"""Opens a driver's or a company's own account at the payment provider, which they fill in on the provider's pages."""

from typing import Any
from uuid import UUID

from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.ids import DriverId
from marketplace.core.work import Work
from marketplace.ledger import Payee
from marketplace.payments import OperationKind, want_operation
from marketplace.payouts.accounts import account_of, company_of_dispatcher, find_payout_account

MARKET_OF_DRIVER = "SELECT market_id FROM driver WHERE id = $1"
COUNTRY = "SELECT payout_country FROM market WHERE id = $1"
OPEN = """
INSERT INTO payout_account (payee_id, driver_id, company_id, market_id, currently_due, created_at, changed_at)
VALUES ($1, $2, $3, $4, '[]', $5, $5) ON CONFLICT (payee_id) DO NOTHING
"""


class AccountOpening(Unavailable):
    """The provider has not opened the account yet."""

    code = "PAYOUT_ACCOUNT_OPENING"


async def open_payout_account(work: Work, *, driver_id: DriverId) -> str | None:
    """Has an account opened for a driver who has none, once; the account's name where it is there already."""
    market_id = await work.fetch_value(MARKET_OF_DRIVER, driver_id)
    if market_id is None:
        raise NotFound("there is no such driver")
    return await _open(work, Payee(driver_id=driver_id), market_id)


async def open_company_account(work: Work, *, dispatcher_id: UUID) -> str | None:
    """Has an account opened for the company of the dispatcher who asks, once; its name where it is there already."""
    company, market_id = await company_of_dispatcher(work, dispatcher_id)
    return await _open(work, company, market_id)


async def find_company_account(work: Work, *, dispatcher_id: UUID) -> dict[str, Any]:
    """How the account of the dispatcher's company stands, in words."""
    company, _ = await company_of_dispatcher(work, dispatcher_id)
    return await find_payout_account(work.connection, payee_id=company.id, now=work.now)


async def _open(work: Work, payee: Payee, market_id: UUID) -> str | None:
    """We answer for losses and fees, the provider asks the payee what the law wants to know.

    Payouts happen only when we say so. Nothing personal of ours goes along: the payee tells the provider.
    """
    if (known := await account_of(work, payee.id)) is not None:
        return known.account
    # Two at once: the second waits for the first's row, and then wants the very same operation.
    await work.execute(OPEN, payee.id, payee.driver_id, payee.company_id, market_id, work.now)
    await want_operation(
        work,
        market_id=market_id,
        kind=OperationKind.CREATE_ACCOUNT,
        subject_id=payee.id,
        params={
            "country": await work.fetch_value(COUNTRY, market_id),
            "controller": {
                "losses": {"payments": "application"},
                "fees": {"payer": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        },
    )
    return None
