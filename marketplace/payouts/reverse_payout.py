"""Operations take a payout back that has not reached the bank: its transfer is reversed, its money is on the wallet."""

from marketplace.accounts import note_action
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.ids import OperatorId, PayoutId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import (
    OperationKind,
    OperationState,
    latest_outcome,
    want_operation,
    withdraw_operation,
)
from marketplace.payouts.events import PayoutHeld
from marketplace.payouts.hold_payout import MAY_DECIDE, OPEN_SEND, PayoutOnItsWay
from marketplace.payouts.rows import PayoutRow, change_payout, lock_payout
from marketplace.payouts.states import PayoutState, Reason

LONGEST_REASON = 200


class PayoutNotTransferred(Conflict):
    """There is nothing at the provider to take back."""

    code = "PAYOUT_NOT_TRANSFERRED"


class ReasonMissing(Invalid):
    """A decision about somebody's pay needs a reason."""

    code = "REASON_MISSING"


async def reverse_payout(work: Work, *, payout_id: PayoutId, operator_id: OperatorId, reason: str) -> PayoutState:
    """Has the transfer taken back whose money lies on the driver's own account; until it is, nothing is sent on.

    A payout that is being reversed, or was, stays as it is. What has left for the bank cannot be taken back by us.
    """
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise ReasonMissing(f"say why, in 1 to {LONGEST_REASON} characters", field="reason")
    # A sending that leaves just now takes the same lock to be written down: the second of the two sees the first.
    payout = await lock_payout(work, payout_id)
    if payout is None or not await work.fetch_value(MAY_DECIDE, operator_id, payout.market_id):
        raise NotFound("there is no such payout")
    asked = await latest_outcome(work, kind=OperationKind.REVERSE_TRANSFER, subject_id=payout.id)
    is_under_way = asked is not None and not asked.state.is_ended
    if payout.state is PayoutState.REVERSED or is_under_way:
        return payout.state
    if payout.transferred_at is None or payout.is_given_back:
        raise PayoutNotTransferred("its transfer does not stand, so there is nothing to take back")
    await withdraw_operation(work, kind=OperationKind.PAYOUT, subject_id=payout.id)
    if not await _lies_there(work, payout):
        raise PayoutOnItsWay(f"a payout that is {payout.state} has left for the bank and cannot be taken back")
    await _want_reversal(work, payout, number=asked.number + 1 if asked else 1)
    held = await change_payout(work, payout, state=PayoutState.ON_HOLD, reason=Reason.REVERSING.value, retry_at=None)
    work.emit(PayoutHeld(**payout.about, reason=Reason.REVERSING.value))
    await note_action(
        work,
        operator_id=operator_id,
        market_id=payout.market_id,
        verb="reversePayout",
        subject_id=payout.id,
        details={"reason": reason.strip(), "amount_minor": str(payout.left_minor), "currency": payout.currency},
    )
    return held.state


async def _lies_there(work: Work, payout: PayoutRow) -> bool:
    """Whether no sending is open and each that has left came back: then the money is on the driver's own account."""
    return payout.booked_sends <= payout.returned_send and not await _may_have_left(work, payout)


async def _may_have_left(work: Work, payout: PayoutRow) -> bool:
    sent = await latest_outcome(work, kind=OperationKind.PAYOUT, subject_id=payout.id)
    if sent is not None and sent.state is OperationState.DONE and sent.number > payout.booked_sends:
        return True
    return bool(await work.fetch_value(OPEN_SEND, payout.id))


async def _want_reversal(work: Work, payout: PayoutRow, *, number: int) -> None:
    transfer = await latest_outcome(work, kind=OperationKind.TRANSFER, subject_id=payout.id)
    assert transfer is not None, "what was transferred had a transfer"
    await want_operation(
        work,
        market_id=payout.market_id,
        kind=OperationKind.REVERSE_TRANSFER,
        subject_id=payout.id,
        params={"transfer": transfer.object_id},
        amount=Money(payout.left_minor, payout.currency),
        number=number,
    )
