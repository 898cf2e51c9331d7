"""Brings a payout to where the payment provider is with it: the one place where a payout takes a step.

It reads what has come of the operations so far, and moves payout and ledger to what is so now. News may come late,
twice or in any order: each step is booked under a key of its own, and a payout that has moved on does not go back.
The transfer takes the money from us; the payout, from the driver's own account to their bank, follows it.
"""

from marketplace.core.errors import NotFound
from marketplace.core.ids import PayoutId
from marketplace.core.work import Work
from marketplace.payments import OperationKind, OperationState, hurry_waiting, latest_outcome
from marketplace.payouts.after_transfer import send_on
from marketplace.payouts.booking import book_transfer, give_back
from marketplace.payouts.reversal import book_what_is_owed, follow_reversal, follow_sending
from marketplace.payouts.rows import PayoutRow, lock_payout
from marketplace.payouts.states import PayoutState


async def settle_payout(work: Work, *, payout_id: PayoutId) -> PayoutState:
    """Takes the steps that are due now; none where nothing has changed, or the payout is at its end."""
    # News and retries of one payout come at the same time: its lock lets them in one by one.
    payout = await lock_payout(work, payout_id)
    if payout is None:
        raise NotFound("there is no such payout")
    if payout.is_given_back and payout.state is not PayoutState.REVERSED:
        return payout.state
    if payout.transferred_at is None:
        payout = await _transfer(work, payout)
    if payout.transferred_at is None or (payout.state is PayoutState.FAILED and payout.is_given_back):
        return payout.state
    payout = await follow_reversal(work, payout)
    following = follow_sending if payout.state is PayoutState.REVERSED else send_on
    payout = await following(work, payout)
    if payout.reversed_minor:
        payout = await book_what_is_owed(work, payout)
    return payout.state


async def _transfer(work: Work, payout: PayoutRow) -> PayoutRow:
    """An operation that waits for balance has not ended; when one goes through, those behind it need wait no longer."""
    outcome = await latest_outcome(work, kind=OperationKind.TRANSFER, subject_id=payout.id)
    if outcome is None or not outcome.state.is_ended:
        return payout
    if outcome.state is OperationState.DONE:
        payout = await book_transfer(work, payout)
        await hurry_waiting(work, market_id=payout.market_id)
        return payout
    return await give_back(work, payout, outcome.error_code or "refused")
