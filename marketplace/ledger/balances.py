"""What stands on an account, and what a driver could be paid now."""

from collections.abc import Iterable
from uuid import UUID

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger.chart import LedgerAccount, Payee, driver_wallet
from marketplace.ledger.queries import ACCOUNT_SIDES, AVAILABLE, LOCK_WALLETS


async def balance_of(work: Work, *, market_id: UUID, account: LedgerAccount, currency: str) -> Money:
    """The balance on the account's own side, summed from its postings; money on hold has not left it yet."""
    row = await work.fetch_row(ACCOUNT_SIDES, market_id, account.code(market_id, currency))
    assert row is not None, "an aggregate always answers"
    debits = Money(int(row["debits_minor"]), currency)
    credits_ = Money(int(row["credits_minor"]), currency)
    return debits - credits_ if account.kind.grows_by_debits else credits_ - debits


async def wallet_available(work: Work, *, market_id: UUID, driver_id: UUID, currency: str) -> Money:
    """What a driver's wallet can give now: earned, not yet paid, and not on hold for a payout."""
    code = driver_wallet(driver_id).code(market_id, currency)
    return Money(await work.fetch_value(AVAILABLE, market_id, code) or 0, currency)


async def lock_wallets(work: Work, *, market_id: UUID, payees: Iterable[Payee], currency: str) -> dict[Payee, Money]:
    """What each payee's wallet can give, and nobody else can take it before this Work ends; no wallet, no entry.

    A Work that is going to hold money on several wallets locks them here first, all at once and in one order.
    """
    by_code = {payee.wallet.code(market_id, currency): payee for payee in payees}
    rows = await work.fetch(LOCK_WALLETS, market_id, list(by_code))
    return {by_code[row["code"]]: Money(row["available_minor"], currency) for row in rows}
