"""What a posting is: money that moved, or money that is held until it moves or comes free."""

from enum import StrEnum


class PostingState(StrEnum):
    """POSTED moved at once. PENDING is a hold; one POST_PENDING or VOID_PENDING of the same pair resolves it."""

    POSTED = "POSTED"
    PENDING = "PENDING"
    POST_PENDING = "POST_PENDING"
    VOID_PENDING = "VOID_PENDING"
