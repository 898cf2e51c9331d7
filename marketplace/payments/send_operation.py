"""Has one operation of the outbox carried out: claim it, call the provider with no Work open, record what came of it.

It is sent at once only if it was never sent before. After anything that left its outcome open, a lost answer, a crash,
a failure of theirs, a key that is a day old, it is looked up first, adopted if it is there, and only then sent again.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from marketplace.core.errand import run_errand
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.work import Work, Works
from marketplace.payments.claim import SPENT_KEY, ClaimedOperation, claim_operation
from marketplace.payments.events import OperationEnded
from marketplace.payments.keep_object import keep_object
from marketplace.payments.provider import (
    OperationRefused,
    OutcomeUnknown,
    PaymentProvider,
    ProviderBusy,
    ProviderObject,
)
from marketplace.payments.queries import END_OPERATION, PUT_OPERATION_OFF
from marketplace.payments.states import OperationKind, OperationState

BALANCE_INSUFFICIENT = "balance_insufficient"
WAITING_FOR_MONEY = {OperationKind.TRANSFER, OperationKind.PAYOUT}
"""Refused for now where there is not enough on the account: later there may be. Others are refused for good."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 600.0
FIRST_PAUSE_FOR_MONEY_S = 30.0
LONGEST_PAUSE_FOR_MONEY_S = 3_600.0
NO_READING = -1
"""Matches no number of readings."""
LONGEST_CODE = 80
LONGEST_ERROR = 200

log = structlog.get_logger(__name__)

Answer = ProviderObject | OperationRefused | ProviderBusy | OutcomeUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Putting:
    """How an operation that has not ended waits: in which state, for how long, and whether its key is done with."""

    state: OperationState
    code: str
    error: str
    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S
    new_epoch: bool = False


class SendOperation:
    """The errand. Runs any number of times; whoever holds the lease sends, and whoever lost it writes nothing."""

    def __init__(self, provider: PaymentProvider, operation_id: UUID) -> None:
        self._provider = provider
        self._operation_id = operation_id

    async def read(self, work: Work) -> ClaimedOperation | None:
        """Claims the operation, where it is due and free."""
        return await claim_operation(work, self._operation_id)

    async def call(self, found: ClaimedOperation) -> Answer:
        """Looks if need be, sends if nothing is there; every way in which that can end is an answer."""
        pass_failpoint("operation_before_call")
        try:
            if found.must_look:
                made = await self._provider.find(found.frozen)
                pass_failpoint("operation_after_look")
                if made is not None:
                    return made
            if not found.is_in_time:
                return ProviderBusy("this worker was held up and does not send any more")
            return await self._provider.send(found.frozen)
        except (OperationRefused, ProviderBusy, OutcomeUnknown) as failure:
            return failure
        finally:
            pass_failpoint("operation_after_call")

    async def record(self, work: Work, found: ClaimedOperation, answer: Answer) -> OperationState | None:
        """Writes down what became of it, unless another worker has taken over; returns the new state."""
        pass_failpoint("operation_before_record")
        if isinstance(answer, ProviderObject):
            return await _end(work, found, OperationState.DONE, made=answer)
        if isinstance(answer, OperationRefused) and not _waits_for_money(found, answer):
            return await _end(work, found, OperationState.REJECTED, refusal=answer)
        return await _put_off(work, found, _putting(found, answer))


async def send_operation(works: Works, *, provider: PaymentProvider, operation_id: UUID) -> OperationState | None:
    """Runs the errand for one operation; None where there was nothing to do, or somebody else did it."""
    state = await run_errand(works, SendOperation(provider, operation_id))
    pass_failpoint("operation_after_record")
    return state


def _waits_for_money(found: ClaimedOperation, refusal: OperationRefused) -> bool:
    return refusal.reason == BALANCE_INSUFFICIENT and found.frozen.kind in WAITING_FOR_MONEY


def _putting(found: ClaimedOperation, answer: OperationRefused | ProviderBusy | OutcomeUnknown) -> _Putting:
    if isinstance(answer, OperationRefused):
        # A definitive answer stays with its key, so the next try needs another one. Nothing was carried out.
        return _Putting(
            state=OperationState.READY,
            code=answer.reason,
            error=answer.message,
            first_pause_s=FIRST_PAUSE_FOR_MONEY_S,
            longest_pause_s=LONGEST_PAUSE_FOR_MONEY_S,
            new_epoch=True,
        )
    if isinstance(answer, OutcomeUnknown):
        code = SPENT_KEY if answer.is_key_spent else "unknown"
        return _Putting(state=OperationState.UNKNOWN, code=code, error=answer.message)
    # This try was not carried out; whether an earlier one was is as open as before.
    state = OperationState.UNKNOWN if found.must_look else OperationState.READY
    return _Putting(state=state, code="busy", error=answer.message)


async def _end(
    work: Work,
    found: ClaimedOperation,
    state: OperationState,
    *,
    made: ProviderObject | None = None,
    refusal: OperationRefused | None = None,
) -> OperationState | None:
    written = await work.execute(
        END_OPERATION,
        found.frozen.id,
        found.fence,
        state.value,
        made.id if made else None,
        refusal.reason[:LONGEST_CODE] if refusal else None,
        refusal.message[:LONGEST_ERROR] if refusal else None,
        work.now,
    )
    if not written:
        log.warning("an operation was taken over by another worker", operation=str(found.frozen.id))
        return None
    if made is not None:
        # A send is no reading: it tells what was so when it was carried out, so it only adds or moves on.
        await keep_object(
            work,
            made,
            market_id=found.market_id,
            subject_id=found.subject_id,
            operation_id=found.frozen.id,
            reading=NO_READING,
        )
    work.emit(
        OperationEnded(
            market_id=found.market_id,
            operation_id=found.frozen.id,
            kind=found.frozen.kind.value,
            subject_id=found.subject_id,
            state=state.value,
        )
    )
    return state


async def _put_off(work: Work, found: ClaimedOperation, putting: _Putting) -> OperationState | None:
    pause_s = min(putting.longest_pause_s, putting.first_pause_s * 2.0 ** min(found.attempts - 1, 16))
    written = await work.execute(
        PUT_OPERATION_OFF,
        found.frozen.id,
        found.fence,
        putting.state.value,
        1 if putting.new_epoch else 0,
        work.machine_now + timedelta(seconds=pause_s * work.random.uniform(0.5, 1.0)),
        putting.code[:LONGEST_CODE],
        putting.error[:LONGEST_ERROR],
    )
    return putting.state if written else None
