"""What becomes of a day of a recurring batch is written down once, in the commit that makes it so."""

from datetime import date

import asyncpg

from marketplace.batches import PostResult, RowProblem
from marketplace.core.errors import Refusal
from marketplace.core.work import Work
from marketplace.recurring_batches.events import OccurrencePosted, OccurrenceRefused, OccurrenceSkipped
from marketplace.recurring_batches.queries import write_run
from marketplace.recurring_batches.refusals import NothingTaken, OccurrenceSettled
from marketplace.recurring_batches.states import RunOutcome, SkipReason

ALREADY_SETTLED = OccurrenceSettled("that day was posted or skipped before; see lastRuns", field="day")


async def settle_posted(work: Work, row: asyncpg.Record, day: date, falls_on: date, result: PostResult) -> None:
    """A day was posted, whole or in part; raises NothingTaken where no row of it was."""
    problems = [one for posted in result.rows if (one := posted.problem) is not None]
    # A row that answers with a delivery of before has the reference of something else that its shipper has posted.
    problems += [
        RowProblem(
            external_id=posted.external_id,
            code="EXTERNAL_ID_REUSED",
            message="a delivery of this reference was posted before; give the row another externalId",
            field="externalId",
        )
        for posted in result.rows
        if posted.problem is None and not posted.is_new
    ]
    posted_count = len(result.rows) - len(problems)
    if posted_count == 0 or result.batch_id is None:
        raise NothingTaken(problems)
    is_first = await write_run(
        work,
        row,
        day,
        RunOutcome.POSTED,
        moved_to=falls_on,
        batch_id=result.batch_id,
        posted_count=posted_count,
        problems=problems,
    )
    if not is_first:
        raise ALREADY_SETTLED
    work.emit(
        OccurrencePosted(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            recurring_batch_id=row["id"],
            day=day.isoformat(),
            batch_id=result.batch_id,
            posted_count=posted_count,
            refused_count=len(problems),
        )
    )


async def settle_refused(work: Work, row: asyncpg.Record, day: date, refusal: Refusal) -> None:
    """Nothing was taken for a day: of no row, or of all of them for one reason such as credit."""
    problems = refusal.problems if isinstance(refusal, NothingTaken) else ()
    reasons = {problem.code for problem in problems} or {refusal.code}
    reason = reasons.pop() if len(reasons) == 1 else refusal.code
    is_first = await write_run(
        work, row, day, RunOutcome.REFUSED, reason=reason, message=refusal.message, problems=problems
    )
    if not is_first:
        raise ALREADY_SETTLED
    work.emit(
        OccurrenceRefused(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            recurring_batch_id=row["id"],
            day=day.isoformat(),
            reason=reason,
        )
    )


async def settle_skipped(work: Work, row: asyncpg.Record, day: date, reason: SkipReason) -> None:
    """For a day nothing is to be posted."""
    if not await write_run(work, row, day, RunOutcome.SKIPPED, reason=reason):
        raise ALREADY_SETTLED
    work.emit(
        OccurrenceSkipped(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            recurring_batch_id=row["id"],
            day=day.isoformat(),
            reason=reason,
        )
    )
