"""People decide: one confirms or dismisses a proposal, another one decides the appeal, one ends a suspension."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.core.errors import Conflict, NotAllowed, NotFound
from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.standing.correct import checked_text
from marketplace.standing.events import AppealDecided, SuspensionConfirmed, SuspensionDismissed, SuspensionEnded
from marketplace.standing.notice import notice_of
from marketplace.standing.states import SUSPENSION_STEPS, SuspensionState

LONGEST_REASON = 500
APPEAL_WITHIN = timedelta(days=14)
"""How long after it is in force a suspension can be appealed; no account is closed before."""

# Two operators at once: the second waits here and finds the first's decision.
LOCK = "SELECT * FROM suspension WHERE id = $1 AND market_id = $2 FOR UPDATE"
DECIDE = """
UPDATE suspension SET state = $2, decided_by = $3, decided_at = $4, decision_reason = $5, notice_law = $6,
    notice_s = $7, effective_at = $8 WHERE id = $1
"""
DECIDE_APPEAL = """
UPDATE suspension SET state = $2, appeal_decided_by = $3, appeal_decided_at = $4, appeal_upheld = $5,
    appeal_reason = $6::text,
    ended_by = CASE WHEN $5 THEN $3::uuid END, ended_at = CASE WHEN $5 THEN $4::timestamptz END,
    end_reason = CASE WHEN $5 THEN $6::text END WHERE id = $1
"""
END = "UPDATE suspension SET state = $2, ended_by = $3, ended_at = $4, end_reason = $5 WHERE id = $1"
SUSPEND = "UPDATE driver SET suspension_id = $2, suspended_by = $3, suspended_from = $4 WHERE id = $1"
LET_IN = """
UPDATE driver SET account_state = 'ACTIVE', suspension_id = NULL, suspended_by = NULL, suspended_from = NULL
WHERE id = $1
"""
CLOSE = "UPDATE driver SET account_state = 'DEACTIVATED' WHERE id = $1"


class SamePerson(NotAllowed):
    """Whoever decided does not decide the appeal."""

    code = "SAME_PERSON"


class NoAppeal(Conflict):
    """There is no appeal that waits for a decision."""

    code = "NO_APPEAL"


class AppealOpen(Conflict):
    """No account is closed while its driver can still appeal or waits for an answer."""

    code = "APPEAL_OPEN"


async def decide_suspension(
    work: Work,
    *,
    suspension_id: UUID,
    market_id: UUID,
    operator_id: UUID,
    is_confirmed: bool,
    reason: str,
    is_immediate: bool = False,
) -> SuspensionState:
    """An operator decides a proposal; a confirmed one is in force when the notice of the market's law is over.

    At once only where the proposal names an enumerated danger.
    """
    row = await _locked(work, suspension_id, market_id)
    words = checked_text(reason, "reason", LONGEST_REASON)
    state = SuspensionState.CONFIRMED if is_confirmed else SuspensionState.DISMISSED
    check_step(SUSPENSION_STEPS, SuspensionState(row["state"]), state)
    if is_immediate and row["safety_reason"] is None:
        raise NotAllowed("only an enumerated danger lets a suspension begin at once", field="isImmediate")
    decision = (suspension_id, state.value, operator_id, work.now, words)
    about = {"market_id": market_id, "driver_id": row["driver_id"], "suspension_id": suspension_id}
    if not is_confirmed:
        await work.execute(DECIDE, *decision, None, None, None)
        await work.execute(LET_IN, row["driver_id"])
        work.emit(SuspensionDismissed(**about))
        return state
    law = await notice_of(work, market_id)
    notice_s = 0 if is_immediate else law.notice_s
    effective_at = work.now + timedelta(seconds=notice_s)
    await work.execute(DECIDE, *decision, law.law, notice_s, effective_at)
    await work.execute(SUSPEND, row["driver_id"], suspension_id, operator_id, effective_at)
    work.emit(SuspensionConfirmed(**about, effective_at=effective_at))
    return state


async def decide_appeal(
    work: Work, *, suspension_id: UUID, market_id: UUID, operator_id: UUID, is_upheld: bool, reason: str
) -> SuspensionState:
    """Another person than the one who decided answers an appeal; an upheld one lets the driver back in at once."""
    row = await _locked(work, suspension_id, market_id)
    words = checked_text(reason, "reason", LONGEST_REASON)
    if row["appealed_at"] is None or row["appeal_decided_at"] is not None or row["state"] != SuspensionState.CONFIRMED:
        raise NoAppeal("no appeal of this suspension waits for a decision")
    if operator_id == row["decided_by"]:
        raise SamePerson("an appeal is decided by somebody else than the one who suspended")
    state = SuspensionState.REVERSED if is_upheld else SuspensionState.CONFIRMED
    await work.execute(DECIDE_APPEAL, suspension_id, state.value, operator_id, work.now, is_upheld, words)
    if is_upheld:
        await work.execute(LET_IN, row["driver_id"])
    about = {"market_id": market_id, "driver_id": row["driver_id"], "suspension_id": suspension_id}
    work.emit(AppealDecided(**about, is_upheld=is_upheld))
    return state


async def end_suspension(
    work: Work, *, suspension_id: UUID, market_id: UUID, operator_id: UUID, state: SuspensionState, reason: str
) -> SuspensionState:
    """An operator lets a driver back in (LIFTED), or closes the account (DEACTIVATED) once no appeal is possible."""
    row = await _locked(work, suspension_id, market_id)
    words = checked_text(reason, "reason", LONGEST_REASON)
    if state not in {SuspensionState.LIFTED, SuspensionState.DEACTIVATED}:
        raise NotAllowed("a suspension ends LIFTED or DEACTIVATED", field="ending")
    check_step(SUSPENSION_STEPS, SuspensionState(row["state"]), state)
    if state is SuspensionState.DEACTIVATED:
        answered = row["appeal_decided_at"] is not None
        if not answered and (row["appealed_at"] is not None or work.now < row["effective_at"] + APPEAL_WITHIN):
            raise AppealOpen("the driver can still appeal, or waits for an answer")
        if work.now < row["effective_at"]:
            raise AppealOpen("the notice is not over")
    await work.execute(END, suspension_id, state.value, operator_id, work.now, words)
    await work.execute(CLOSE if state is SuspensionState.DEACTIVATED else LET_IN, row["driver_id"])
    about = {"market_id": market_id, "driver_id": row["driver_id"], "suspension_id": suspension_id}
    work.emit(SuspensionEnded(**about, state=state.value))
    return state


async def _locked(work: Work, suspension_id: UUID, market_id: UUID) -> Any:
    row = await work.fetch_row(LOCK, suspension_id, market_id)
    if row is None:
        raise NotFound("there is no such suspension", field="suspensionId")
    return row
