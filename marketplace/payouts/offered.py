"""What a payee could be paid at this moment, or what stands in its way; the quote and the request share it."""

from dataclasses import dataclass

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.ledger import Payee, lock_wallets
from marketplace.markets import Dials, dials
from marketplace.payouts.accounts import account_of
from marketplace.payouts.payable import Payable, payable_of
from marketplace.payouts.states import PayoutMethod
from marketplace.payouts.terms import Terms, payout_terms
from marketplace.payouts.under_way import (
    UNDER_WAY,
    BelowPayoutMinimum,
    NoPayoutAccount,
    NothingToPay,
    PayoutsOnHold,
    PayoutUnderWay,
)

MARKET_OF = "SELECT market_id FROM driver WHERE id = $1 UNION ALL SELECT market_id FROM company WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A payout that could be made now, while the wallet is locked."""

    dials: Dials
    account: str
    payable: Payable
    terms: Terms


async def offered_payout(work: Work, *, payee: Payee, method: PayoutMethod) -> Offered:
    """The payout that a driver or a company could have now, with the wallet locked; raises what stands in the way."""
    market_id = await work.fetch_value(MARKET_OF, payee.id)
    if market_id is None:
        raise NotFound("there is no such payee")
    set_so = await dials(work, market_id=market_id)
    # Two requests, or a request and a run: the second waits at the wallet's lock and finds the first's payout.
    wallets = await lock_wallets(work, market_id=market_id, payees=[payee], currency=set_so.currency)
    if await work.fetch_value(UNDER_WAY, payee.id) is not None:
        raise PayoutUnderWay("a payout is on its way to you; ask again when it has arrived")
    if payee not in wallets:
        raise NothingToPay("nothing is payable now; complete a route first")
    account = await _usable_account(work, payee, method)
    payable = await payable_of(work, dials=set_so, payee=payee, available=wallets[payee])
    terms = payout_terms(payable, set_so, method)
    if payable.entries_minor + payable.carried_minor <= 0:
        raise NothingToPay("nothing is payable now; complete a route first, or wait until your pay is free")
    if terms.amount.minor < max(set_so.payout_minimum_minor, 1):
        least = max(set_so.payout_minimum_minor, 1)
        raise BelowPayoutMinimum(f"a payout is at least {least} {set_so.currency}; yours grows on")
    return Offered(dials=set_so, account=account, payable=payable, terms=terms)


async def _usable_account(work: Work, payee: Payee, method: PayoutMethod) -> str:
    account = await account_of(work, payee.id)
    if account is None or account.account is None or not account.is_usable:
        raise NoPayoutAccount("tell our payment provider who you are and where your pay shall go, then ask again")
    if account.is_held(work.now):
        raise PayoutsOnHold(f"where your pay goes was changed; ask again after {account.held_until:%Y-%m-%d %H:%M} UTC")
    if method is PayoutMethod.INSTANT and not account.can_pay_at_once:
        raise NoPayoutAccount("your bank cannot be paid at once; ask for a standard payout, which costs nothing")
    return account.account
