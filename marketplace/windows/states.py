"""The life of a place in a window, and why a window costs more or less than another."""

from enum import StrEnum


class HoldState(StrEnum):
    """HELD → BOOKED, EXPIRED or RELEASED; what is BOOKED may be REVOKED, or REPLACED by another booking."""

    HELD = "HELD"
    BOOKED = "BOOKED"
    EXPIRED = "EXPIRED"
    RELEASED = "RELEASED"
    REVOKED = "REVOKED"
    REPLACED = "REPLACED"


H = HoldState
STEPS: dict[HoldState, frozenset[HoldState]] = {
    H.HELD: frozenset({H.BOOKED, H.EXPIRED, H.RELEASED}),
    H.BOOKED: frozenset({H.REVOKED, H.REPLACED}),
    H.EXPIRED: frozenset(),
    H.RELEASED: frozenset(),
    H.REVOKED: frozenset(),
    H.REPLACED: frozenset(),
}


class WindowReason(StrEnum):
    """What serving a window takes, which is why it costs more or less than the others."""

    ON_THE_WAY = "ON_THE_WAY"
    SHARED_TRIP = "SHARED_TRIP"
    OWN_TRIP = "OWN_TRIP"


class ClosedReason(StrEnum):
    """Why a day has no window to offer."""

    UNSERVED_DAY = "UNSERVED_DAY"
    CLOSED = "CLOSED"
    PAST_CUTOFF = "PAST_CUTOFF"
    NOTICE_TOO_SHORT = "NOTICE_TOO_SHORT"
    FULL = "FULL"
    OUT_OF_REACH = "OUT_OF_REACH"
    NO_DRIVER = "NO_DRIVER"
    NOT_IN_TIER = "NOT_IN_TIER"
