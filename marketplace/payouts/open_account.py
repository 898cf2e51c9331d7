"""Opens a driver's own account at the payment provider, which the driver then fills in on the provider's pages."""

from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.ids import DriverId
from marketplace.core.work import Work
from marketplace.payments import OperationKind, want_operation
from marketplace.payouts.accounts import ACCOUNT

FIND_DRIVER = """
SELECT driver.market_id, market.payout_country FROM driver JOIN market ON market.id = driver.market_id
WHERE driver.id = $1
"""
OPEN = """
INSERT INTO payout_account (driver_id, market_id, currently_due, created_at, changed_at)
VALUES ($1, $2, '[]', $3, $3) ON CONFLICT (driver_id) DO NOTHING
"""


class AccountOpening(Unavailable):
    """The provider has not opened the account yet."""

    code = "PAYOUT_ACCOUNT_OPENING"


async def open_payout_account(work: Work, *, driver_id: DriverId) -> str | None:
    """Has an account opened for a driver who has none, once; the account's name where it is there already.

    We answer for losses and fees, the provider asks the driver what the law wants to know, and payouts happen only
    when we say so. Nothing personal of ours goes along: the driver tells the provider.
    """
    known = await work.fetch_row(ACCOUNT, driver_id)
    if known is not None:
        account: str | None = known["account"]
        return account
    driver = await work.fetch_row(FIND_DRIVER, driver_id)
    if driver is None:
        raise NotFound("there is no such driver")
    # Two at once: the second waits for the first's row, and then wants the very same operation.
    await work.execute(OPEN, driver_id, driver["market_id"], work.now)
    await want_operation(
        work,
        market_id=driver["market_id"],
        kind=OperationKind.CREATE_ACCOUNT,
        subject_id=driver_id,
        params={
            "country": driver["payout_country"],
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
