"""What becomes of a payout whose transfer is taken back at the provider, by us or by hand in its dashboard.

What comes back is on our account again, and owed to the driver again: it returns to the wallet. Where the driver's bank
has had it already, the driver's own account at the provider is short by as much, for which we answer: that stands as
the driver's shortfall, and the driver owes it, so that later pay repays it in part. All of it follows from how much was
taken back and what has left for the bank, whichever is known first.
"""

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    CONNECTED_FUNDS,
    GATEWAY_AVAILABLE,
    Entry,
    post_journal,
)
from marketplace.payments import (
    ObjectKind,
    OperationKind,
    OperationState,
    Outcome,
    hurry_waiting,
    known_objects,
    latest_outcome,
    withdraw_operation,
)
from marketplace.payouts.booking import book_returned, book_sent, free_entries, waive_fee
from marketplace.payouts.events import PayoutHeld, PayoutReversed
from marketplace.payouts.rows import PayoutRow, change_payout
from marketplace.payouts.states import CAME_BACK, PayoutState, Reason

MARK_UNPAID = "UPDATE pay_statement SET state = 'PAYABLE' WHERE payout_id = $1 AND state = 'PAID'"


async def follow_reversal(work: Work, payout: PayoutRow) -> PayoutRow:
    """Books what of the transfer has been taken back since; a payout of which nothing is left is REVERSED."""
    taken_minor = min(await _taken_minor(work, payout), payout.amount_minor)
    if taken_minor > payout.reversed_minor:
        payout = await _take_back(work, payout, taken_minor)
    if payout.reason == Reason.REVERSING and payout.state is PayoutState.ON_HOLD:
        payout = await _stop_reversing(work, payout)
    return payout


async def follow_sending(work: Work, payout: PayoutRow) -> PayoutRow:
    """Of a payout that was reversed, books what its sending comes to all the same; nothing is sent any more."""
    await withdraw_operation(work, kind=OperationKind.PAYOUT, subject_id=payout.id)
    sent = await latest_outcome(work, kind=OperationKind.PAYOUT, subject_id=payout.id)
    if sent is None or sent.state is not OperationState.DONE:
        return payout
    payout = await book_sent(work, payout, sent)
    if sent.object_state in CAME_BACK and sent.number > payout.returned_send:
        await book_returned(work, payout, sent)
        payout = await change_payout(work, payout, returned_send=sent.number)
    return payout


async def book_what_is_owed(work: Work, payout: PayoutRow) -> PayoutRow:
    """What was taken back although the bank has it is the driver's debt, and is no more when the bank sends it back."""
    sent = await latest_outcome(work, kind=OperationKind.PAYOUT, subject_id=payout.id)
    owed_minor = max(0, payout.reversed_minor + _at_the_bank(payout, sent) - payout.amount_minor)
    difference = owed_minor - payout.owed_minor
    if difference == 0:
        return payout
    debt, shortfall = payout.payee.debt, payout.payee.shortfall
    amount = Money(abs(difference), payout.currency)
    entry = (
        Entry(debit=debt, credit=shortfall, amount=amount)
        if difference > 0
        else Entry(debit=shortfall, credit=debt, amount=amount)
    )
    # Debts come and go with each sending that leaves or comes back, so these name the moment of the payout's life.
    moment = f"{payout.reversed_minor}:{payout.booked_sends}:{payout.returned_send}"
    await _post(work, payout, f"owed:{moment}", "PAYOUT_OWED" if difference > 0 else "PAYOUT_NOT_OWED", [entry])
    return await change_payout(work, payout, owed_minor=owed_minor)


def _at_the_bank(payout: PayoutRow, sent: Outcome | None) -> int:
    """What has left the driver's own account and not come back; sendings follow one another, so it is the last one."""
    if sent is None or sent.amount is None or payout.booked_sends <= payout.returned_send:
        return 0
    return sent.amount.minor


async def _taken_minor(work: Work, payout: PayoutRow) -> int:
    """How much is known to have been taken back: by the transfer itself, or by its reversals, whichever tells more."""
    transfer = await latest_outcome(work, kind=OperationKind.TRANSFER, subject_id=payout.id)
    told = transfer.facts.get("reversed_minor") if transfer else 0
    reversals = await known_objects(work, kind=ObjectKind.TRANSFER_REVERSAL, subject_id=payout.id)
    together = sum(reversal.amount.minor for reversal in reversals if reversal.amount)
    return max(told if isinstance(told, int) else 0, together)


async def _take_back(work: Work, payout: PayoutRow, taken_minor: int) -> PayoutRow:
    """The money is ours again and owed to the driver again, and lies on the driver's own account no more."""
    amount = Money(taken_minor - payout.reversed_minor, payout.currency)
    entries = [
        Entry(debit=GATEWAY_AVAILABLE, credit=payout.payee.wallet, amount=amount),
        Entry(debit=CONNECTED_FUNDS, credit=payout.payee.connected, amount=amount),
    ]
    await _post(work, payout, f"reversed:{taken_minor}", "PAYOUT_REVERSED", entries)
    await hurry_waiting(work, market_id=payout.market_id)
    if taken_minor < payout.amount_minor:
        return await change_payout(work, payout, reversed_minor=taken_minor)
    payout = await waive_fee(work, payout)
    await work.execute(MARK_UNPAID, payout.id)
    await free_entries(work, payout)
    work.emit(PayoutReversed(**payout.about))
    return await change_payout(
        work,
        payout,
        state=PayoutState.REVERSED,
        reversed_minor=taken_minor,
        reason=None,
        retry_at=None,
        is_given_back=True,
        settled_at=work.now,
    )


async def _stop_reversing(work: Work, payout: PayoutRow) -> PayoutRow:
    """The provider would not take it back, or only a part of it is left: a person has to decide what happens now."""
    asked = await latest_outcome(work, kind=OperationKind.REVERSE_TRANSFER, subject_id=payout.id)
    if asked is None or not asked.state.is_ended:
        return payout
    work.emit(PayoutHeld(**payout.about, reason=asked.error_code or Reason.OPERATOR.value))
    return await change_payout(work, payout, reason=Reason.OPERATOR.value)


async def _post(work: Work, payout: PayoutRow, key: str, kind: str, entries: list[Entry]) -> None:
    await post_journal(
        work,
        market_id=payout.market_id,
        key=f"payout:{payout.id}:{key}",
        kind=kind,
        subject_id=payout.id,
        entries=entries,
    )
