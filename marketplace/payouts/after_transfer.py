"""The second half of a payout: from the driver's own account to their bank, and what banks send back."""

from datetime import UTC, datetime

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import OperationKind, OperationState, Outcome, latest_outcome
from marketplace.payouts.accounts import account_of
from marketplace.payouts.booking import book_returned, book_sent, waive_fee
from marketplace.payouts.events import PayoutFailed, PayoutHeld, PayoutPaid
from marketplace.payouts.operations import want_send
from marketplace.payouts.patience import after_failure, next_look
from marketplace.payouts.rows import PayoutRow, change_payout
from marketplace.payouts.states import CAME_BACK, PayoutMethod, PayoutState, Reason

NOT_AT_ONCE = frozenset(
    {"instant_payouts_unsupported", "instant_payouts_limit_exceeded", "instant_payouts_currency_disabled"}
)
"""The bank or card cannot be paid at once: it is paid in the ordinary way, for nothing."""
STOPPED = frozenset({"payouts_not_allowed", "account_invalid", "payouts_limit_exceeded"})
"""The account is stopped: nothing leaves it before the driver has told what is asked, or named another bank."""

BY_A_PERSON = frozenset({Reason.OPERATOR, Reason.REVERSING})
"""What was stopped by a decision goes on by one."""

OTHER_UNDER_WAY = """
SELECT EXISTS (SELECT FROM payout
    WHERE (driver_id = $1 OR company_id = $1) AND id <> $2 AND state IN ('SCHEDULED', 'IN_TRANSIT'))
"""
MARK_PAID = "UPDATE pay_statement SET state = 'PAID' WHERE payout_id = $1 AND state = 'PAYABLE'"
MARK_UNPAID = "UPDATE pay_statement SET state = 'PAYABLE' WHERE payout_id = $1 AND state = 'PAID'"


async def send_on(work: Work, payout: PayoutRow) -> PayoutRow:
    """Takes the steps after the transfer that are due now."""
    outcome = await latest_outcome(work, kind=OperationKind.PAYOUT, subject_id=payout.id)
    if outcome is None:
        return await _send(work, payout)
    if outcome.state is OperationState.DONE:
        return await _follow(work, payout, outcome)
    if outcome.state is OperationState.REJECTED:
        return await _refused(work, payout, outcome)
    return payout


async def _send(work: Work, payout: PayoutRow) -> PayoutRow:
    """Wants the sending, unless somebody or something stands in the way."""
    if payout.state is PayoutState.ON_HOLD and payout.reason in BY_A_PERSON:
        return payout
    account = await account_of(work, payout.payee.id)
    if account is None or not account.is_usable:
        return await _hold(work, payout, Reason.ACCOUNT, None)
    if account.is_held(work.now):
        return await _hold(work, payout, Reason.ACCOUNT_CHANGED, account.held_until)
    if await work.fetch_value(OTHER_UNDER_WAY, payout.payee.id, payout.id):
        return payout  # a driver has one payout under way; the sweep comes back when that one has ended
    number = payout.sends + 1
    await want_send(
        work,
        market_id=payout.market_id,
        payout_id=payout.id,
        account=payout.account,
        amount=Money(payout.left_minor, payout.currency),
        method=payout.method,
        number=number,
    )
    return await change_payout(work, payout, state=PayoutState.SCHEDULED, sends=number, reason=None, retry_at=None)


async def _follow(work: Work, payout: PayoutRow, outcome: Outcome) -> PayoutRow:
    """The sending has left; by now it is on its way, has arrived, or came back."""
    payout = await book_sent(work, payout, outcome)
    if outcome.object_state in CAME_BACK:
        return await _came_back(work, payout, outcome)
    if payout.state is PayoutState.PAID:
        return payout
    if outcome.object_state == "paid":
        await work.execute(MARK_PAID, payout.id)
        work.emit(PayoutPaid(**payout.about))
        return await change_payout(work, payout, state=PayoutState.PAID, reason=None, settled_at=work.now)
    arrives = outcome.facts.get("arrival_date")
    arrives_at = datetime.fromtimestamp(arrives, UTC) if isinstance(arrives, int) else payout.arrives_at
    return await change_payout(work, payout, state=PayoutState.IN_TRANSIT, reason=None, arrives_at=arrives_at)


async def _came_back(work: Work, payout: PayoutRow, outcome: Outcome) -> PayoutRow:
    """A bank has sent it back, even after it was paid: it lies on the driver's account, and is sent again later."""
    if outcome.number > payout.returned_send:
        payout = await _fail(work, payout, outcome)
    # One that failed without a moment to try again waits for a person; one on hold only for what holds it.
    is_waiting = payout.state is PayoutState.FAILED if payout.retry_at is None else payout.retry_at > work.now
    return payout if is_waiting else await _send(work, payout)


async def _fail(work: Work, payout: PayoutRow, outcome: Outcome) -> PayoutRow:
    await book_returned(work, payout, outcome)
    payout = await waive_fee(work, payout)
    await work.execute(MARK_UNPAID, payout.id)
    reason = str(outcome.facts.get("failure_code") or outcome.object_state)[:80]
    failures = payout.failures + 1
    work.emit(PayoutFailed(**payout.about, reason=reason, is_given_back=False))
    return await change_payout(
        work,
        payout,
        state=PayoutState.FAILED,
        method=PayoutMethod.STANDARD,
        reason=reason,
        failures=failures,
        returned_send=outcome.number,
        retry_at=after_failure(work.now, failures),
        settled_at=work.now,
    )


async def _refused(work: Work, payout: PayoutRow, outcome: Outcome) -> PayoutRow:
    """The provider will not carry this sending out; the money stays on the driver's account."""
    code = outcome.error_code or "refused"
    if payout.state is PayoutState.ON_HOLD or payout.retry_at is not None:
        is_due = payout.retry_at is None or payout.retry_at <= work.now
        return await _send(work, payout) if is_due else payout
    if payout.state is PayoutState.FAILED:
        return payout
    if code in NOT_AT_ONCE and payout.method is PayoutMethod.INSTANT:
        payout = await waive_fee(work, payout)
        return await _send(work, await change_payout(work, payout, method=PayoutMethod.STANDARD))
    if code in STOPPED:
        return await _hold(work, payout, Reason.ACCOUNT, next_look(work.now, payout.sends))
    work.emit(PayoutFailed(**payout.about, reason=code[:80], is_given_back=False))
    return await change_payout(work, payout, state=PayoutState.FAILED, reason=code[:80], settled_at=work.now)


async def _hold(work: Work, payout: PayoutRow, reason: Reason, until: datetime | None) -> PayoutRow:
    """Stands still until its reason is gone; the sweep looks, and looks again by `until` at the latest."""
    if payout.state is PayoutState.ON_HOLD and payout.reason == reason:
        return await change_payout(work, payout, retry_at=until)
    work.emit(PayoutHeld(**payout.about, reason=reason.value))
    return await change_payout(work, payout, state=PayoutState.ON_HOLD, reason=reason.value, retry_at=until)
