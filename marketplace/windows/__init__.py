"""Windows that can be promised: a day is looked at, a place in a window is held, booked, or given back.

Nobody is offered a window that the plan could not keep: hub hours, places and reach say what may be asked for, and an
insertion probe against today's fleet and everything already promised says what can be done, at what cost.

In order of life: `delivery_windows`, `HoldWindow`, `BookWindow`, `BookHeld`, `book_window`, `revoke_window`,
`expire_holds`.
"""

from marketplace.windows.book import BookHeld, BookWindow, WindowCaller, book_window
from marketplace.windows.expire import expire_holds, next_hold_end
from marketplace.windows.hold import HoldWindow
from marketplace.windows.look import OfferedDay, OfferedWindow, delivery_windows
from marketplace.windows.probe import Probe
from marketplace.windows.queries import find_hold
from marketplace.windows.refusals import (
    BadWish,
    DifferenceChanged,
    HoldEnded,
    HoldNotFound,
    NotAWindow,
    NoticeTooShort,
    OutOfReach,
    PastCutoff,
    PlanMoved,
    WindowFull,
    WindowNotKeepable,
    WindowNotPaid,
)
from marketplace.windows.revoke import revoke_window
from marketplace.windows.states import ClosedReason, HoldState, WindowReason
from marketplace.windows.target import WindowQuestion

__all__ = [
    "BadWish",
    "BookHeld",
    "BookWindow",
    "ClosedReason",
    "DifferenceChanged",
    "HoldEnded",
    "HoldNotFound",
    "HoldState",
    "HoldWindow",
    "NotAWindow",
    "NoticeTooShort",
    "OfferedDay",
    "OfferedWindow",
    "OutOfReach",
    "PastCutoff",
    "PlanMoved",
    "Probe",
    "WindowCaller",
    "WindowFull",
    "WindowNotKeepable",
    "WindowNotPaid",
    "WindowQuestion",
    "WindowReason",
    "book_window",
    "delivery_windows",
    "expire_holds",
    "find_hold",
    "next_hold_end",
    "revoke_window",
]
