"""A shipper lets go on what it, or too many refusals, had paused."""

from datetime import date
from itertools import takewhile
from uuid import UUID

import asyncpg

from marketplace.core.work import Work
from marketplace.recurring_batches.move_on import enter, go_on
from marketplace.recurring_batches.queries import LOCK, lock_recurring, settled_from
from marketplace.recurring_batches.settle_day import settle_skipped
from marketplace.recurring_batches.states import ChangeReason, RecurringState, SkipReason
from marketplace.recurring_batches.terms import Terms

LONGEST_PAUSE_DAYS = 400
"""Days of a pause that are written down; of a longer one the first so many."""


async def resume_recurring_batch(work: Work, *, shipper_id: UUID, recurring_batch_id: UUID) -> None:
    """Goes on with the first day that is not due yet; those that were due while it paused are written down as such."""
    row = await lock_recurring(work, recurring_batch_id=recurring_batch_id, shipper_id=shipper_id)
    if row["state"] != RecurringState.PAUSED:
        return
    await enter(work, row, RecurringState.ACTIVE, ChangeReason.RESUMED)
    for day in await _passed(work, row):
        await settle_skipped(work, row, day, SkipReason.PAUSED)
    active = await work.fetch_row(LOCK, recurring_batch_id, shipper_id)
    assert active is not None, "it was just locked"
    await go_on(work, active, first=row["next_day"], refusals=0)


async def _passed(work: Work, row: asyncpg.Record) -> list[date]:
    """The days that were due before now and that nothing has become of."""
    terms, time_zone = Terms.of(row), row["time_zone"]
    settled = await settled_from(work, recurring_batch_id=row["id"], first=row["next_day"])
    days = terms.recurrence(time_zone).days_from(row["next_day"], at_most=LONGEST_PAUSE_DAYS, without=settled)
    return list(takewhile(lambda day: terms.posts_at(day, time_zone) < work.now, days))
