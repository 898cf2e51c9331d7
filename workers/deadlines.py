"""Every kind of deadline: when the next one is due, and the verb that has the due ones take effect."""

from marketplace import batches, fleet, matching, offers, reassignments, windows
from workers.waker import Deadline

DEADLINES = (
    Deadline("offer expires", next_due=offers.next_expiry, fire=offers.expire_due),
    Deadline("reassignment expires", next_due=reassignments.next_expiry, fire=reassignments.expire_due),
    Deadline("delivery expires", next_due=batches.next_expiry, fire=batches.expire_due),
    Deadline("answer due", next_due=batches.next_answer_due, fire=batches.settle_due),
    Deadline("presence ends", next_due=fleet.next_presence_end, fire=fleet.expire_presence),
    Deadline("window hold expires", next_due=windows.next_hold_end, fire=windows.expire_holds),
    Deadline("planning due", next_due=matching.next_planning, fire=matching.wake_due),
)
