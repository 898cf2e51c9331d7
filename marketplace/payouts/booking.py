"""The ledger's side of a payout: holds settled or given back, and what lies on the driver's own account meanwhile."""

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    CONNECTED_FUNDS,
    INSTANT_FEE_REVENUE,
    Entry,
    post_journal,
    settle_hold,
    void_hold,
)
from marketplace.payments import Outcome
from marketplace.payouts.events import PayoutFailed, PayoutTransferred
from marketplace.payouts.rows import PayoutRow, change_payout
from marketplace.payouts.states import PayoutState

FREE_ENTRIES = "DELETE FROM payout_entry WHERE payout_id = $1"
FREE_STATEMENTS = "UPDATE pay_statement SET payout_id = NULL WHERE payout_id = $1 AND state = 'PAYABLE'"


async def book_transfer(work: Work, payout: PayoutRow) -> PayoutRow:
    """The transfer is done: the held money has left us, a debt is repaid, and the driver's own account holds it."""
    await settle_hold(work, hold_id=payout.hold_id, kind="PAYOUT_TRANSFERRED")
    if payout.debt_hold_id is not None:
        await settle_hold(work, hold_id=payout.debt_hold_id, kind="PAYOUT_DEBT_REPAID")
    entry = Entry(debit=payout.payee.connected, credit=CONNECTED_FUNDS, amount=payout.amount)
    await _post(work, payout, key="received", kind="PAYOUT_RECEIVED", entry=entry)
    work.emit(PayoutTransferred(**payout.about))
    is_held = payout.state is PayoutState.ON_HOLD
    reason = payout.reason if is_held else None
    return await change_payout(work, payout, transferred_at=work.now, reason=reason, retry_at=None)


async def book_sent(work: Work, payout: PayoutRow, sent: Outcome) -> PayoutRow:
    """The n-th sending has left the driver's own account; only now is the fee of an instant payout ours."""
    if sent.number <= payout.booked_sends:
        return payout
    assert sent.amount is not None, "a sending moves an amount"
    entry = Entry(debit=CONNECTED_FUNDS, credit=payout.payee.connected, amount=sent.amount)
    await _post(work, payout, key=f"sent:{sent.number}", kind="PAYOUT_SENT", entry=entry)
    if payout.fee_hold_id is not None:
        await settle_hold(work, hold_id=payout.fee_hold_id, kind="PAYOUT_FEE_TAKEN")
    return await change_payout(work, payout, booked_sends=sent.number)


async def book_returned(work: Work, payout: PayoutRow, sent: Outcome) -> None:
    """What was sent lies on the driver's own account again."""
    assert sent.amount is not None, "a sending moves an amount"
    entry = Entry(debit=payout.payee.connected, credit=CONNECTED_FUNDS, amount=sent.amount)
    await _post(work, payout, key=f"returned:{sent.number}", kind="PAYOUT_RETURNED", entry=entry)


async def waive_fee(work: Work, payout: PayoutRow) -> PayoutRow:
    """An instant payout that was none costs nothing: a held fee stays on the wallet, one that was taken comes back."""
    if payout.fee_hold_id is None:
        return payout
    fee = Money(payout.fee_minor, payout.currency)
    if payout.booked_sends == 0:
        await void_hold(work, hold_id=payout.fee_hold_id, kind="PAYOUT_FEE_WAIVED")
    else:
        entry = Entry(debit=INSTANT_FEE_REVENUE, credit=payout.payee.wallet, amount=fee)
        await _post(work, payout, key="fee_back", kind="PAYOUT_FEE_BACK", entry=entry)
    left = payout.carried_minor - fee.minor
    return await change_payout(work, payout, fee_minor=0, carried_minor=left, fee_hold_id=None)


async def give_back(work: Work, payout: PayoutRow, reason: str) -> PayoutRow:
    """The transfer is refused for good: everything is on the wallet again, and the next payout takes it along."""
    for hold_id in (payout.hold_id, payout.fee_hold_id, payout.debt_hold_id):
        if hold_id is not None:
            await void_hold(work, hold_id=hold_id, kind="PAYOUT_GIVEN_BACK")
    await free_entries(work, payout)
    work.emit(PayoutFailed(**payout.about, reason=reason[:80], is_given_back=True))
    return await change_payout(
        work,
        payout,
        state=PayoutState.FAILED,
        reason=reason[:80],
        retry_at=None,
        is_given_back=True,
        settled_at=work.now,
    )


async def free_entries(work: Work, payout: PayoutRow) -> None:
    """What the payout was to pay is unpaid again, and goes along with the next one."""
    await work.execute(FREE_ENTRIES, payout.id)
    await work.execute(FREE_STATEMENTS, payout.id)


async def _post(work: Work, payout: PayoutRow, *, key: str, kind: str, entry: Entry) -> None:
    await post_journal(
        work,
        market_id=payout.market_id,
        key=f"payout:{payout.id}:{key}",
        kind=kind,
        subject_id=payout.id,
        entries=[entry],
    )
