"""The payout run of a market: reserves what its drivers and companies can be paid, a bounded number at a time."""

from datetime import datetime, timedelta

from marketplace.accounts import note_action
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, OperatorId, PayoutId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Payee, lock_wallets
from marketplace.markets import Dials, dials
from marketplace.payouts.accounts import account_of
from marketplace.payouts.events import PayoutRunWanted
from marketplace.payouts.payable import payable_of
from marketplace.payouts.reserve import reserve_payout
from marketplace.payouts.states import PayoutMethod
from marketplace.payouts.terms import payout_terms
from marketplace.payouts.under_way import UNDER_WAY

PAYOUTS_AT_ONCE = 50
"""Most payees that one call looks at; while a run is not through it stays due, so the next call goes on."""

# NO KEY UPDATE: everything that is written in this market refers to this row and must not wait for a payout run.
LOCK_MARKET = """
SELECT payout_every_s, next_payout_at, payout_run_wanted_at, payout_run_after
FROM market WHERE id = $1 FOR NO KEY UPDATE
"""
IS_DUE = """
SELECT payout_run_wanted_at IS NOT NULL OR coalesce(next_payout_at <= $2, true) FROM market WHERE id = $1
"""
GO_ON_AFTER = "UPDATE market SET payout_run_after = $2 WHERE id = $1"
RUN_IS_THROUGH = """
UPDATE market SET payout_run_after = NULL, payout_run_wanted_at = NULL, next_payout_at = $2 WHERE id = $1
"""
WANT_RUN = "UPDATE market SET payout_run_wanted_at = coalesce(payout_run_wanted_at, $2) WHERE id = $1"
# Wallet codes are built as marketplace.ledger builds them: market, currency, name. Who cannot be paid now is left out:
# their money stays on the wallet, and what it waits for is shown to them and to operations.
PAYEES = """
SELECT own.payee_id, own.driver_id, own.company_id
FROM payout_account AS own
JOIN account AS wallet ON wallet.code = own.market_id || ':' || $2
     || CASE WHEN own.driver_id IS NULL THEN ':company:' ELSE ':driver:' END
     || own.payee_id || ':wallet'
WHERE own.market_id = $1 AND own.account IS NOT NULL AND own.can_receive AND own.can_pay_out
  AND (own.held_until IS NULL OR own.held_until <= $4)
  AND wallet.credits_posted - wallet.debits_posted - wallet.debits_pending >= greatest($3, 1)
  AND ($5::uuid IS NULL OR own.payee_id > $5)
ORDER BY own.payee_id LIMIT $6
"""


async def schedule_payouts(work: Work, *, market_id: MarketId) -> list[PayoutId]:
    """Reserves a payout for the next drivers and companies that reach the market's minimum; none before a run is due.

    Two runs at once: the second waits at the market's lock and then goes on where the first has stopped.
    """
    market = await work.fetch_row(LOCK_MARKET, market_id)
    if market is None:
        raise NotFound("there is no such market")
    due_at = market["next_payout_at"] or work.now
    if due_at > work.now and market["payout_run_wanted_at"] is None:
        return []
    set_so = await dials(work, market_id=market_id)
    rows = await work.fetch(
        PAYEES,
        market_id,
        set_so.currency,
        set_so.payout_minimum_minor,
        work.now,
        market["payout_run_after"],
        PAYOUTS_AT_ONCE,
    )
    payees = [Payee(driver_id=row["driver_id"], company_id=row["company_id"]) for row in rows]
    wallets = await lock_wallets(work, market_id=market_id, payees=payees, currency=set_so.currency)
    reserved = [
        payout_id
        for payee in payees
        if payee in wallets and (payout_id := await _reserve(work, set_so, payee, wallets[payee])) is not None
    ]
    if len(payees) < PAYOUTS_AT_ONCE:
        await work.execute(RUN_IS_THROUGH, market_id, next_run(due_at, work.now, market["payout_every_s"]))
    else:
        await work.execute(GO_ON_AFTER, market_id, payees[-1].id)
    return reserved


async def is_payout_run_due(work: Work, *, market_id: MarketId) -> bool:
    """Whether the moment of a market's next payout run has come, or somebody has asked for one."""
    is_due: bool = await work.fetch_value(IS_DUE, market_id, work.now)
    return is_due


async def run_payouts_now(work: Work, *, market_id: MarketId, operator_id: OperatorId) -> None:
    """Has everybody paid now who can be paid; the market's own days of pay stay as they are."""
    await work.execute(WANT_RUN, market_id, work.now)
    await note_action(
        work, operator_id=operator_id, market_id=market_id, verb="runPayouts", subject_id=market_id, details={}
    )
    work.emit(PayoutRunWanted(market_id=market_id))


async def _reserve(work: Work, set_so: Dials, payee: Payee, available: Money) -> PayoutId | None:
    """Looks again now that the wallet is locked: a driver may have asked for a payout in the meantime."""
    if await work.fetch_value(UNDER_WAY, payee.id) is not None:
        return None
    account = await account_of(work, payee.id)
    payable = await payable_of(work, dials=set_so, payee=payee, available=available)
    terms = payout_terms(payable, set_so, PayoutMethod.STANDARD)
    if account is None or account.account is None or terms.amount.minor < max(set_so.payout_minimum_minor, 1):
        return None
    return await reserve_payout(work, dials=set_so, payee=payee, account=account.account, payable=payable, terms=terms)


def next_run(due_at: datetime, now: datetime, every_s: int) -> datetime:
    """The first run after now, in whole periods from the one that was due, so that late runs do not drift."""
    if due_at > now:
        return due_at
    every = timedelta(seconds=max(1, every_s))
    return due_at + every * ((now - due_at) // every + 1)
