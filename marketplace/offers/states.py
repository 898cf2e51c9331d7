"""The lives of waves and offers, how a search for a driver ends, and why somebody is not asked."""

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
    UNQUALIFIED = "UNQUALIFIED"


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


class Outcome(StrEnum):
    """What a search came to: given to a dedicated driver, asked of one, of several or by hand, or given up."""

    ASSIGNED = "ASSIGNED"
    EXCLUSIVE = "EXCLUSIVE"
    BROADCAST = "BROADCAST"
    BY_HAND = "BY_HAND"
    GIVEN_UP = "GIVEN_UP"


class RuledOut(StrEnum):
    """Why a driver was not among those who could be asked for a route: the first rule, in this order, that failed."""

    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"
    OFFLINE = "OFFLINE"
    PAUSED = "PAUSED"
    NO_POSITION = "NO_POSITION"
    BUSY = "BUSY"
    DOCUMENT_EXPIRED = "DOCUMENT_EXPIRED"
    VEHICLE_NOT_CHECKED = "VEHICLE_NOT_CHECKED"
    COMPANY_ENDED = "COMPANY_ENDED"
    DECLINED_BEFORE = "DECLINED_BEFORE"
    ASKED_NOW = "ASKED_NOW"
    NO_SKILL = "NO_SKILL"
    NO_CAPACITY = "NO_CAPACITY"
    TOO_MANY_STOPS = "TOO_MANY_STOPS"
    OUTSIDE_AREAS = "OUTSIDE_AREAS"
    TOO_LONG = "TOO_LONG"
    SHIFT_ENDS = "SHIFT_ENDS"
    TOO_MANY_OFFERS = "TOO_MANY_OFFERS"
    TOO_FAR = "TOO_FAR"
    UNREACHABLE = "UNREACHABLE"
    CALLED_LATER = "CALLED_LATER"
    LET_PASS = "LET_PASS"  # noqa: S105 - no password: an offer that nobody answered


RULE_WORDS = {
    RuledOut.ACCOUNT_NOT_ACTIVE: "The account is not active.",
    RuledOut.OFFLINE: "The driver is not online.",
    RuledOut.PAUSED: "The driver has paused.",
    RuledOut.NO_POSITION: "Nobody knows where the driver is.",
    RuledOut.BUSY: "The driver has a route and finishes it first.",
    RuledOut.DOCUMENT_EXPIRED: "A paper of the driver ends before the route does.",
    RuledOut.VEHICLE_NOT_CHECKED: "The check of the driver's vehicle ends before the route does.",
    RuledOut.COMPANY_ENDED: "The driver's company works for the market no more.",
    RuledOut.DECLINED_BEFORE: "The driver has said no to this route, and is not asked for it again.",
    RuledOut.ASKED_NOW: "The driver has an open offer of this route.",
    RuledOut.NO_SKILL: "The driver lacks a skill that a delivery asks for, or its certificate ends too soon.",
    RuledOut.NO_CAPACITY: "The parcels do not fit into the vehicle.",
    RuledOut.TOO_MANY_STOPS: "The route has more stops than the driver takes.",
    RuledOut.OUTSIDE_AREAS: "A stop is outside the areas that the driver wants; that never counts against anybody.",
    RuledOut.TOO_LONG: "The route is longer than the driver wants; that never counts against anybody.",
    RuledOut.SHIFT_ENDS: "The driver's time ends before the route does.",
    RuledOut.TOO_MANY_OFFERS: "The driver has as many open offers as one may have.",
    RuledOut.TOO_FAR: "So many drivers are nearer that this one was not looked at.",
    RuledOut.UNREACHABLE: "No way leads from the driver to the first stop.",
    RuledOut.CALLED_LATER: "Contracted drivers have a head start in this market and are asked alone until it is over.",
    RuledOut.LET_PASS: "The driver let an offer of this route pass and is asked again only for more pay.",
}
"""The rules in words for people."""
