"""What tracking refuses, with a word on how to go on."""

from typing import Any

from marketplace.core.errors import Conflict, Invalid, LimitReached, Unavailable


class CursorExpired(Conflict):
    """A cursor that is not of this stream, or older than what can be resumed.

    `snapshot` is how things stand now, and `cursor` the place in the stream from which on it has to be told further.
    """

    code = "CURSOR_EXPIRED"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.cursor: str | None = None
        self.snapshot: dict[str, Any] | None = None


class SubscriberTooSlow(LimitReached):
    """A subscriber took its events more slowly than they came; `cursor` is where it can go on."""

    code = "SUBSCRIBER_TOO_SLOW"

    def __init__(self, message: str, *, cursor: str) -> None:
        super().__init__(message)
        self.cursor = cursor


class StreamEnded(Unavailable):
    """This process stops; `cursor` is where any other can go on."""

    code = "STREAM_ENDED"

    def __init__(self, message: str, *, cursor: str) -> None:
        super().__init__(message)
        self.cursor = cursor


class BadPosition(Invalid):
    """A reported position that no receiver would measure."""

    code = "BAD_POSITION"


class TooManyPositions(LimitReached):
    """More positions wait to be written than this process keeps."""

    code = "TOO_MANY_POSITIONS"
