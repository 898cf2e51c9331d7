"""A shipper halts what it has posted again and again."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.recurring_batches.move_on import enter
from marketplace.recurring_batches.queries import lock_recurring
from marketplace.recurring_batches.states import ChangeReason, RecurringState


async def pause_recurring_batch(work: Work, *, shipper_id: UUID, recurring_batch_id: UUID) -> None:
    """Posts no further day until it is resumed; one that is paused stays so."""
    row = await lock_recurring(work, recurring_batch_id=recurring_batch_id, shipper_id=shipper_id)
    if row["state"] != RecurringState.PAUSED:
        await enter(work, row, RecurringState.PAUSED, ChangeReason.PAUSED)
