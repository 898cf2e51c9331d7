"""What people are told of and how: causes, readers, ways, and the states of a message."""

from enum import StrEnum


class Cause(StrEnum):
    """Why somebody is told something; each cause is told once for each occasion."""

    DRIVER_FOUND = "DRIVER_FOUND"
    ON_THE_WAY = "ON_THE_WAY"
    ARRIVING_SOON = "ARRIVING_SOON"
    LATE = "LATE"
    WINDOW_CHANGED = "WINDOW_CHANGED"
    DELIVERED = "DELIVERED"
    ATTEMPTED = "ATTEMPTED"
    READY_TO_COLLECT = "READY_TO_COLLECT"
    UNCOLLECTED = "UNCOLLECTED"
    RETURNED = "RETURNED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"
    OCCURRENCE_REFUSED = "OCCURRENCE_REFUSED"
    RECURRING_PAUSED = "RECURRING_PAUSED"


class Audience(StrEnum):
    """Who is told."""

    RECIPIENT = "recipient"
    SHIPPER = "shipper"
    DISPATCHER = "dispatcher"


class NotificationState(StrEnum):
    """READY is promised: somebody is sending it. WAITING has its moment before it; DROPPED was no longer true then."""

    WAITING = "WAITING"
    READY = "READY"
    SENT = "SENT"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


URGENT = frozenset({Cause.ON_THE_WAY, Cause.ARRIVING_SOON, Cause.ATTEMPTED})
"""What is of no use later: it is told in quiet hours too, for somebody is at the door, or was."""
