"""A recurring batch goes on to its next day or to another state, and says so where its shipper cares."""

from datetime import date

import asyncpg

from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.recurring_batches.events import RecurringBatchChanged
from marketplace.recurring_batches.queries import MOVE, next_day_of
from marketplace.recurring_batches.states import STEPS, ChangeReason, RecurringState
from marketplace.recurring_batches.terms import Terms

REFUSALS_IN_A_ROW = 3
"""After so many days for which nothing was taken its shipper has to look at it first."""


async def go_on(work: Work, row: asyncpg.Record, *, first: date, refusals: int) -> None:
    """Waits for the next day from `first` on; ends where there is none, and pauses after too many refusals."""
    day, moment = await next_day_of(
        work, recurring_batch_id=row["id"], terms=Terms.of(row), time_zone=row["time_zone"], first=first
    )
    state, reason = RecurringState(row["state"]), None
    if day is None:
        state, reason = RecurringState.ENDED, ChangeReason.DONE
    elif refusals >= REFUSALS_IN_A_ROW and state is RecurringState.ACTIVE:
        state, reason = RecurringState.PAUSED, ChangeReason.REFUSALS
    await work.execute(MOVE, row["id"], state.value, day, moment, refusals, work.now)
    if reason is not None:
        tell(work, row, state, reason)


async def enter(work: Work, row: asyncpg.Record, state: RecurringState, reason: ChangeReason) -> None:
    """Takes a step of its life by its shipper's wish."""
    check_step(STEPS, RecurringState(row["state"]), state)
    is_over = state is RecurringState.ENDED
    day, moment = (None, None) if is_over else (row["next_day"], row["next_at"])
    await work.execute(MOVE, row["id"], state.value, day, moment, row["refusals"], work.now)
    tell(work, row, state, reason)


def tell(
    work: Work, row: asyncpg.Record, state: RecurringState, reason: ChangeReason, *, version: int | None = None
) -> None:
    """Says how a recurring batch stands from now on, and why."""
    work.emit(
        RecurringBatchChanged(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            recurring_batch_id=row["id"],
            state=state,
            version=version or row["version"],
            reason=reason,
        )
    )
