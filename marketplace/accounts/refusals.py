"""What can go wrong when somebody says who they are; no answer tells whether an account exists."""

from marketplace.core.errors import Invalid, LimitReached, NotAllowed


class Unauthenticated(NotAllowed):
    """The call needs a credential and has none, or one that is not valid any more."""

    code = "UNAUTHENTICATED"


class LinkEnded(Unauthenticated):
    """The tracking link is not one of ours, over or revoked: which of these is not told."""

    code = "LINK_ENDED"


class BadAddress(Invalid):
    """A phone number or an e-mail address that cannot be one."""

    code = "BAD_ADDRESS"


class TooManyCodes(LimitReached):
    """An address asked for too many codes in a short time."""

    code = "TOO_MANY_CODES"


class CodeRefused(NotAllowed):
    """The one-time code is wrong, used, expired, or was tried too often: which of these is not told."""

    code = "CODE_REFUSED"


class SessionEnded(NotAllowed):
    """The refresh token opens no session: sign in again."""

    code = "SESSION_ENDED"
