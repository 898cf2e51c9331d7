"""What waits while everybody is on a route: it is not weighed again and again until somebody comes free.

A look writes routes for drivers who are free at that moment and for nobody else. While all are busy a plan could only
repeat why everything waits, and on a day with far too few drivers nearly all looks were of this kind. Whoever comes
free or online has the market looked at, and then all that waits is weighed together, as ever.
"""

from collections.abc import Sequence
from datetime import timedelta

from marketplace.batches.states import UnassignedReason
from marketplace.core.work import Work
from marketplace.matching.snapshot import OpenDelivery, Snapshot

# The caller holds the rows. All that rests is looked at again at one moment, and not each at its own.
REST = """
UPDATE delivery d SET plan_after = $3 FROM unnest($1::uuid[], $2::int[]) AS seen(id, sequence)
WHERE d.id = seen.id AND d.sequence = seen.sequence AND d.state = 'SCHEDULED'
"""


def nobody_is_free(found: Snapshot) -> bool:
    """Whether drivers are there, and every one of them is still on a route."""
    return bool(found.drivers) and all(driver.available_at is not None for driver in found.drivers)


def new_ones(found: Snapshot) -> Sequence[OpenDelivery]:
    """The deliveries of a look for which it has not been said yet why they wait."""
    return [one for one in found.deliveries if _is_new(one) and one.id not in found.neighbours]


async def let_rest(work: Work, found: Snapshot) -> int:
    """Has the deliveries that wait already looked at again after the market's pause, and returns how many."""
    resting = [one for one in found.deliveries if not _is_new(one) and one.id not in found.neighbours]
    look_again = work.now + timedelta(seconds=found.dials.replan_after_s)
    return await work.execute(REST, [one.id for one in resting], [one.sequence for one in resting], look_again)


def _is_new(delivery: OpenDelivery) -> bool:
    return delivery.reason in {None, UnassignedReason.NOBODY_ACCEPTED}
