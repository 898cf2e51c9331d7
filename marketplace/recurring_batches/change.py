"""A shipper changes what it has posted again and again: another version follows, and posted days stay as they are."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.recurring_batches.move_on import tell
from marketplace.recurring_batches.queries import FOLLOW, MOVE, lock_recurring, next_day_of
from marketplace.recurring_batches.states import ChangeReason, RecurringState
from marketplace.recurring_batches.template import Template, write_version


async def change_recurring_batch(work: Work, *, shipper_id: UUID, recurring_batch_id: UUID, template: Template) -> int:
    """Follows the version in force by another one, whose days begin at its own start; returns its number.

    A day that was posted or skipped is not settled anew, whatever the new rule says of it.
    """
    row = await lock_recurring(work, recurring_batch_id=recurring_batch_id, shipper_id=shipper_id)
    time_zone = await template.check(work, shipper_id=shipper_id, market_id=row["market_id"])
    day, moment = await next_day_of(
        work,
        recurring_batch_id=recurring_batch_id,
        terms=template.terms,
        time_zone=time_zone,
        first=template.terms.starts_at.date(),
    )
    number: int = row["version"] + 1
    await write_version(
        work,
        template,
        market_id=row["market_id"],
        shipper_id=shipper_id,
        recurring_batch_id=recurring_batch_id,
        number=number,
    )
    await work.execute(FOLLOW, recurring_batch_id, template.name)
    state = RecurringState(row["state"]) if day is not None else RecurringState.ENDED
    await work.execute(MOVE, recurring_batch_id, state.value, day, moment, row["refusals"], work.now)
    tell(work, row, state, ChangeReason.CHANGED, version=number)
    return number
