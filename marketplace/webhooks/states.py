"""The lives of webhooks and of the messages that wait for them, and the ways in which sending one can fail."""

from enum import StrEnum


class WebhookState(StrEnum):
    """Only an ENABLED webhook gets messages. A DELETED one keeps its log until that is forgotten."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DELETED = "DELETED"


class DisabledReason(StrEnum):
    """SHIPPER: by its owner. GONE: the receiver answered 410. FAILING: nothing came through for days."""

    SHIPPER = "SHIPPER"
    GONE = "GONE"
    FAILING = "FAILING"


class MessageState(StrEnum):
    """A READY message waits to be sent, first or again; a FAILED one is given up until somebody replays it."""

    READY = "READY"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Failure(StrEnum):
    """Why an attempt did not count as taken."""

    STATUS = "STATUS"
    REDIRECT = "REDIRECT"
    TIMEOUT = "TIMEOUT"
    CONNECTION = "CONNECTION"
    ANSWER_TOO_LONG = "ANSWER_TOO_LONG"
    UNKNOWN_HOST = "UNKNOWN_HOST"
    REFUSED_ADDRESS = "REFUSED_ADDRESS"
    SECRET_UNREADABLE = "SECRET_UNREADABLE"  # noqa: S105 - the name of a failure
