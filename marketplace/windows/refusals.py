"""Why a window cannot be had; nothing has changed then."""

from marketplace.core.errors import Conflict, Invalid, LimitReached, NotFound, Unavailable


class NotAWindow(Invalid):
    """Times that are none of the windows of that day."""

    code = "NOT_A_WINDOW"


class BadWish(Invalid):
    """A question about a delivery or about a hub and a place, but not about both or neither."""

    code = "BAD_WISH"


class OutOfReach(Conflict):
    """The place lies outside the hub's catchment."""

    code = "OUT_OF_REACH"


class PastCutoff(Conflict):
    """The day's cut-off of this service level has passed."""

    code = "PAST_CUTOFF"


class NoticeTooShort(Conflict):
    """The window opens too soon."""

    code = "NOTICE_TOO_SHORT"


class WindowFull(LimitReached):
    """The hub gives out no more deliveries in this window, or on this day."""

    code = "WINDOW_FULL"


class WindowNotKeepable(Conflict):
    """No driver who is known today could keep this window."""

    code = "WINDOW_NOT_KEEPABLE"


class PlanMoved(Unavailable):
    """Others took what was left of this window while it was being looked at; ask again."""

    code = "PLAN_MOVED"


class DifferenceChanged(Conflict):
    """The window costs more by now than the caller has agreed to."""

    code = "WINDOW_PRICE_CHANGED"


class WindowNotPaid(Conflict):
    """The sender cannot be charged what this costs more; how the sender stands is not the recipient's to know."""

    code = "WINDOW_NOT_PAID"


class HoldNotFound(NotFound):
    """There is no such hold for this caller."""

    code = "NOT_FOUND"


class HoldEnded(Conflict):
    """The hold has expired, was given back, or is replaced by another."""

    code = "HOLD_ENDED"
