"""A shipper sets up a batch that is posted again and again, on the days of a rule."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.recurring_batches.events import RecurringBatchChanged
from marketplace.recurring_batches.queries import COUNT, INSERT_BATCH, next_day_of
from marketplace.recurring_batches.refusals import TooManyRecurring
from marketplace.recurring_batches.states import ChangeReason, RecurringState
from marketplace.recurring_batches.template import Template, write_version

MOST_RECURRING = 100
"""Recurring batches that one shipper keeps and that have not ended."""
LOCK_SHIPPER = "SELECT id FROM shipper WHERE id = $1 FOR NO KEY UPDATE"


async def create_recurring_batch(work: Work, *, shipper_id: UUID, market_id: UUID, template: Template) -> UUID:
    """Keeps the template; its first day is posted when that is due, by the same way as all others."""
    time_zone = await template.check(work, shipper_id=shipper_id, market_id=market_id)
    # Two at once queue at the shipper, so that both count.
    await work.execute(LOCK_SHIPPER, shipper_id)
    if await work.fetch_value(COUNT, shipper_id) >= MOST_RECURRING:
        raise TooManyRecurring(f"you keep {MOST_RECURRING} recurring batches already; end one first")
    recurring_batch_id = work.new_id()
    day, moment = await next_day_of(
        work,
        recurring_batch_id=recurring_batch_id,
        terms=template.terms,
        time_zone=time_zone,
        first=template.terms.starts_at.date(),
    )
    await work.execute(INSERT_BATCH, recurring_batch_id, market_id, shipper_id, template.name, day, moment, work.now)
    await write_version(
        work, template, market_id=market_id, shipper_id=shipper_id, recurring_batch_id=recurring_batch_id, number=1
    )
    work.emit(
        RecurringBatchChanged(
            market_id=market_id,
            shipper_id=shipper_id,
            recurring_batch_id=recurring_batch_id,
            state=RecurringState.ACTIVE,
            version=1,
            reason=ChangeReason.CREATED,
        )
    )
    return recurring_batch_id
