"""Brings a payout to where the payment provider is with it: the one place where a payout takes a step.

It reads what has come of the operations so far, and moves payout and ledger to what is so now. News may come late,
twice or in any order: each step is booked under a key of its own, and a payout that has moved on does not go back.
The transfer takes the money from us; the payout, from the driver's own account to their bank, follows it.
"""

from marketplace.core.errors import NotFound
from marketplace.core.ids import PayoutId
from marketplace.core.work import Work
from marketplace.payments import OperationKind, OperationState, Outcome, latest_outcome
from marketplace.payouts.after_transfer import send_on
from marketplace.payouts.booking import book_transfer, give_back
from marketplace.payouts.operations import want_transfer
from marketplace.payouts.patience import next_look
from marketplace.payouts.rows import PayoutRow, change_payout, lock_payout
from marketplace.payouts.states import PayoutState, Reason

PLATFORM_SHORT = "balance_insufficient"
OTHERS_GO_ON = """
UPDATE payout SET retry_at = $2 WHERE id IN (
    SELECT id FROM payout WHERE market_id = $1 AND reason = 'BALANCE' AND transferred_at IS NULL AND retry_at > $2
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
"""
GO_ON_AT_ONCE = 50
"""So many payouts that wait for balance are tried again at once when one of them went through."""


async def settle_payout(work: Work, *, payout_id: PayoutId) -> PayoutState:
    """Takes the steps that are due now; none where nothing has changed, or the payout is at its end."""
    # News and retries of one payout come at the same time: its lock lets them in one by one.
    payout = await lock_payout(work, payout_id)
    if payout is None:
        raise NotFound("there is no such payout")
    if payout.is_given_back:
        return payout.state
    if payout.transferred_at is None:
        payout = await _transfer(work, payout)
    if payout.transferred_at is not None and not payout.is_given_back:
        payout = await send_on(work, payout)
    return payout.state


async def _transfer(work: Work, payout: PayoutRow) -> PayoutRow:
    outcome = await latest_outcome(work, kind=OperationKind.TRANSFER, subject_id=payout.id)
    if outcome is None or not outcome.state.is_ended:
        return payout
    if outcome.state is OperationState.DONE:
        payout = await book_transfer(work, payout)
        await work.execute(OTHERS_GO_ON, payout.market_id, work.now, GO_ON_AT_ONCE)
        return payout
    if outcome.error_code != PLATFORM_SHORT:
        return await give_back(work, payout, outcome.error_code or "refused")
    return await _wait_for_balance(work, payout, outcome)


async def _wait_for_balance(work: Work, payout: PayoutRow, outcome: Outcome) -> PayoutRow:
    """The platform is short of money: the payout waits in sight, still held on the wallet, and others go on."""
    if payout.state is PayoutState.ON_HOLD:
        return payout
    if payout.reason != Reason.BALANCE or payout.retry_at is None:
        retry_at = next_look(work.now, payout.transfers)
        return await change_payout(work, payout, reason=Reason.BALANCE.value, retry_at=retry_at)
    if payout.retry_at > work.now:
        return payout
    number = outcome.number + 1
    await want_transfer(
        work,
        market_id=payout.market_id,
        payout_id=payout.id,
        account=payout.account,
        amount=payout.amount,
        number=number,
    )
    # It still waits, for all that anybody sees, until the transfer is done.
    return await change_payout(work, payout, transfers=number, retry_at=None)
