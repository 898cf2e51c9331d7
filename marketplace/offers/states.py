"""The lives of waves and offers."""

from enum import StrEnum


class OfferState(StrEnum):
    """SENT → VIEWED → ACCEPTED, DECLINED, EXPIRED or WITHDRAWN; the last four are final."""

    SENT = "SENT"
    VIEWED = "VIEWED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class WaveState(StrEnum):
    """OPEN → WON or EXHAUSTED."""

    OPEN = "OPEN"
    WON = "WON"
    EXHAUSTED = "EXHAUSTED"


class WithdrawReason(StrEnum):
    """Why an offer was taken back."""

    TAKEN = "TAKEN"
    ENGAGED = "ENGAGED"
    REPLANNED = "REPLANNED"
    CANCELLED = "CANCELLED"
    OFFLINE = "OFFLINE"


class DeclineReason(StrEnum):
    """Why a driver said no; never counted against anybody."""

    PAY_TOO_LOW = "PAY_TOO_LOW"
    TOO_FAR = "TOO_FAR"
    TOO_MANY_STOPS = "TOO_MANY_STOPS"
    HEAVY = "HEAVY"
    UNSAFE_AREA = "UNSAFE_AREA"
    WRONG_DIRECTION = "WRONG_DIRECTION"
    VEHICLE_FIT = "VEHICLE_FIT"
    BREAK = "BREAK"
    OTHER = "OTHER"
