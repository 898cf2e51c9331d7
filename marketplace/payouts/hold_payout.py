"""Operations stop a payout, and let it go on: by hand, with a reason, written down with the operator's name."""

from marketplace.accounts import note_action
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import OperatorId, PayoutId
from marketplace.core.work import Work
from marketplace.payouts.after_transfer import BY_A_PERSON, OTHER_UNDER_WAY
from marketplace.payouts.events import PayoutHeld, PayoutReleased
from marketplace.payouts.rows import PayoutRow, change_payout, lock_payout
from marketplace.payouts.states import PayoutState, Reason
from marketplace.payouts.under_way import PayoutUnderWay

# An operator without a market looks after all of them.
MAY_DECIDE = "SELECT true FROM operator WHERE id = $1 AND (market_id IS NULL OR market_id = $2)"
OPEN_SEND = """
SELECT EXISTS (SELECT FROM stripe_operation WHERE kind = 'PAYOUT' AND subject_id = $1
               AND state IN ('READY', 'SENT', 'UNKNOWN'))
"""


class PayoutOnItsWay(Conflict):
    """What has left for the bank cannot be stopped by us."""

    code = "PAYOUT_ON_ITS_WAY"


class PayoutNotHeld(Conflict):
    """Only a payout that is held or has come back can be let go on."""

    code = "PAYOUT_NOT_HELD"


async def hold_payout(work: Work, *, payout_id: PayoutId, operator_id: OperatorId, reason: str) -> PayoutState:
    """Stops a payout before it leaves for the bank; a transfer that is under way may still end on their account."""
    payout = await _decided(work, payout_id, operator_id)
    if payout.state is PayoutState.ON_HOLD and payout.reason in BY_A_PERSON:
        return payout.state
    is_back = payout.state in {PayoutState.FAILED, PayoutState.ON_HOLD} and not payout.is_given_back
    is_here = payout.state is PayoutState.SCHEDULED and not await work.fetch_value(OPEN_SEND, payout_id)
    if not (is_back or is_here):
        raise PayoutOnItsWay(f"a payout that is {payout.state} cannot be stopped any more")
    held = await change_payout(work, payout, state=PayoutState.ON_HOLD, reason=Reason.OPERATOR.value, retry_at=None)
    await _note(work, held, operator_id, "holdPayout", {"reason": reason})
    work.emit(PayoutHeld(**payout.about, reason=Reason.OPERATOR.value))
    return held.state


async def release_payout(work: Work, *, payout_id: PayoutId, operator_id: OperatorId) -> PayoutState:
    """Lets a payout go on at once that was held, or that came back from the bank."""
    payout = await _decided(work, payout_id, operator_id)
    if payout.is_given_back or payout.state not in {PayoutState.ON_HOLD, PayoutState.FAILED}:
        raise PayoutNotHeld(f"a payout that is {payout.state} is not held")
    if payout.reason == Reason.REVERSING:
        raise PayoutNotHeld("its transfer is being taken back; wait for what comes of it")
    if await work.fetch_value(OTHER_UNDER_WAY, payout.payee.id, payout.id):
        raise PayoutUnderWay("another payout is on its way to this payee; let this one go on when that has arrived")
    # What was sent before is sent again as one that failed is; what was not goes its usual way.
    state = PayoutState.FAILED if payout.sends else PayoutState.SCHEDULED
    retry_at = work.now if payout.sends else None
    released = await change_payout(work, payout, state=state, reason=None, retry_at=retry_at)
    await _note(work, released, operator_id, "releasePayout", {"was": payout.reason or payout.state.value})
    work.emit(
        PayoutReleased(
            market_id=payout.market_id,
            payout_id=payout.id,
            driver_id=payout.driver_id,
            company_id=payout.company_id,
        )
    )
    return released.state


async def _decided(work: Work, payout_id: PayoutId, operator_id: OperatorId) -> PayoutRow:
    # Two operators at once, or an operator and a retry: the second waits at the payout's lock.
    payout = await lock_payout(work, payout_id)
    if payout is None or not await work.fetch_value(MAY_DECIDE, operator_id, payout.market_id):
        raise NotFound("there is no such payout")
    return payout


async def _note(work: Work, payout: PayoutRow, operator_id: OperatorId, verb: str, details: dict[str, str]) -> None:
    await note_action(
        work,
        operator_id=operator_id,
        market_id=payout.market_id,
        verb=verb,
        subject_id=payout.id,
        details=details | {"amount_minor": str(payout.amount_minor), "currency": payout.currency},
    )
