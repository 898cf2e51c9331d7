"""The life of a parcel at a hand-over point, beside the life of its delivery."""

from enum import StrEnum


class CollectionState(StrEnum):
    """PROMISED has a place, WAITING lies there; it is COLLECTED or UNCOLLECTED, and RELEASED if it never comes."""

    PROMISED = "PROMISED"
    WAITING = "WAITING"
    COLLECTED = "COLLECTED"
    UNCOLLECTED = "UNCOLLECTED"
    RELEASED = "RELEASED"


C = CollectionState
COLLECTION_STEPS: dict[CollectionState, frozenset[CollectionState]] = {
    C.PROMISED: frozenset({C.WAITING, C.RELEASED}),
    C.WAITING: frozenset({C.COLLECTED, C.UNCOLLECTED}),
    C.COLLECTED: frozenset(),
    C.UNCOLLECTED: frozenset(),
    C.RELEASED: frozenset(),
}
