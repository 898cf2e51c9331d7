"""What is refused about blocks, each with what to do next."""

from marketplace.core.errors import Conflict, Invalid, NotAllowed, NotFound


class NoSuchBlock(NotFound):
    """A block that does not exist, or not for the asker."""

    code = "NOT_FOUND"


class BadBlock(Invalid):
    """A block that nobody could keep: no time, no place, no area."""

    code = "BAD_BLOCK"


class BlockNotOpen(Conflict):
    """Sign-ups have not begun, the block has begun, or it was cancelled."""

    code = "BLOCK_NOT_OPEN"


class BlockOverlap(Conflict):
    """The driver has another block or a shift at that time."""

    code = "BLOCK_OVERLAP"


class CannotKeepBlock(NotAllowed):
    """Vehicle, certificate or papers do not carry to the end of the block."""

    code = "CANNOT_KEEP_BLOCK"


class NotSignedUp(Conflict):
    """The driver is not in the block."""

    code = "NOT_SIGNED_UP"
