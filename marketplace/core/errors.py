"""Expected refusals: small classes with a stable code and a sentence that says what to do next.

A noun's own refusals derive from one of the six kinds below. The edges turn them into typed answers; everything else
that is raised is a bug, masked and logged.
"""

from typing import ClassVar


class Refusal(Exception):
    """An expected "no" with a stable `code`, a message for people and, where one is to blame, the input `field`."""

    code: ClassVar[str] = "REFUSED"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(Refusal):
    """There is no such thing for this caller; a thing of somebody else looks the same as none."""

    code = "NOT_FOUND"


class NotAllowed(Refusal):
    """The caller is known but may not do this."""

    code = "NOT_ALLOWED"


class Invalid(Refusal):
    """The input breaks a documented limit or form."""

    code = "INVALID"


class Conflict(Refusal):
    """The input is well-formed but contradicts the present state."""

    code = "CONFLICT"


class LimitReached(Refusal):
    """A named bound is used up; later, or smaller, it may pass."""

    code = "LIMIT_REACHED"
    retryable = True


class Unavailable(Refusal):
    """Something that is needed does not answer now; the same call may pass later."""

    code = "UNAVAILABLE"
    retryable = True


class CannotStart(RuntimeError):
    """This process is set up in a way in which it must not run; the sentence says what to change."""
