"""A shipper leaves out one day to come of what is posted again and again."""

from datetime import date
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.recurring_batches.move_on import go_on
from marketplace.recurring_batches.queries import lock_recurring
from marketplace.recurring_batches.settle_day import ALREADY_SETTLED, settle_skipped
from marketplace.recurring_batches.states import SkipReason
from marketplace.recurring_batches.terms import Terms


async def skip_occurrence(work: Work, *, shipper_id: UUID, recurring_batch_id: UUID, day: date) -> None:
    """Settles a day before it is posted; one that is posted already is cancelled by its deliveries."""
    # Closes the race against the posting of that day, which waits here and then finds the day settled.
    row = await lock_recurring(work, recurring_batch_id=recurring_batch_id, shipper_id=shipper_id)
    if day not in Terms.of(row).recurrence(row["time_zone"]).days_from(day, at_most=1):
        raise NotFound("nothing is posted on that day; see nextOccurrences", field="day")
    if day < row["next_day"]:
        raise ALREADY_SETTLED
    await settle_skipped(work, row, day, SkipReason.BY_SHIPPER)
    if day == row["next_day"]:
        await go_on(work, row, first=day, refusals=row["refusals"])
