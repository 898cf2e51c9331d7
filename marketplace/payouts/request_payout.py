"""A driver asks to be paid now, before the market's next payout run."""

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import DriverId, PayoutId
from marketplace.core.work import Work
from marketplace.ledger import lock_wallets
from marketplace.payouts.queries import UNDER_WAY
from marketplace.payouts.reserve import reserve_payout, statements_to_pay

FIND_DRIVER = """
SELECT driver.market_id, market.currency, market.payout_minimum_minor
FROM driver JOIN market ON market.id = driver.market_id WHERE driver.id = $1
"""


class NothingToPay(Conflict):
    """The driver has no pay statement that is payable and not taken by a payout yet."""

    code = "NOTHING_TO_PAY"


class BelowPayoutMinimum(Conflict):
    """What is payable does not reach the market's minimum; it is carried forward."""

    code = "BELOW_PAYOUT_MINIMUM"


class PayoutUnderWay(Conflict):
    """A driver has one payout at a time."""

    code = "PAYOUT_UNDER_WAY"


async def request_payout(work: Work, *, driver_id: DriverId) -> PayoutId:
    """Reserves everything payable to the driver as one payout, which is then sent like any other."""
    driver = await work.fetch_row(FIND_DRIVER, driver_id)
    if driver is None:
        raise NotFound("there is no such driver")
    market_id, currency = driver["market_id"], driver["currency"]
    # Two requests, or a request and a run: the second waits at the wallet's lock and finds the first's payout.
    wallets = await lock_wallets(work, market_id=market_id, driver_ids=[driver_id], currency=currency)
    if await work.fetch_value(UNDER_WAY, driver_id) is not None:
        raise PayoutUnderWay("a payout is on its way to you; ask again when it has arrived")
    statement_ids, amount = await statements_to_pay(work, market_id=market_id, driver_id=driver_id, currency=currency)
    if amount.minor == 0 or driver_id not in wallets:
        raise NothingToPay("nothing is payable now; complete a route first")
    if min(amount.minor, wallets[driver_id].minor) < driver["payout_minimum_minor"]:
        raise BelowPayoutMinimum(f"a payout is at least {driver['payout_minimum_minor']} {currency}; yours grows on")
    return await reserve_payout(
        work, market_id=market_id, driver_id=driver_id, statement_ids=statement_ids, amount=amount
    )
