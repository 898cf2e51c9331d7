"""The lives of blocks and of the places in them."""

from enum import StrEnum


class BlockState(StrEnum):
    """PUBLISHED → ENDED when everybody in it is settled, or CANCELLED by whoever published it."""

    PUBLISHED = "PUBLISHED"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


class SignUpState(StrEnum):
    """DRAWING → SIGNED or WAITING; WAITING → ASKED → SIGNED → KEPT or NO_SHOW. The others are ends without a place.

    LAPSED had no place until the block began, or did not answer; CALLED_OFF was in a block that was cancelled.
    """

    DRAWING = "DRAWING"
    WAITING = "WAITING"
    ASKED = "ASKED"
    SIGNED = "SIGNED"
    KEPT = "KEPT"
    NO_SHOW = "NO_SHOW"
    LEFT = "LEFT"
    LAPSED = "LAPSED"
    CALLED_OFF = "CALLED_OFF"


OPEN = (SignUpState.DRAWING, SignUpState.WAITING, SignUpState.ASKED, SignUpState.SIGNED)
"""A driver has at most one of these in each block."""
