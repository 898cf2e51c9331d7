"""How long it takes to drive: the Router protocol, its answers and its refusals.

Quotes, offers and plans all ask the same two questions of streets: a `Matrix` of travel times between many places,
and the `Journey` through a few. Who answers (our own street graph, an OSRM server, a straight line in an emergency)
is chosen when the marketplace is put together; an answer that is not from streets says so (`is_degraded`).
"""

from marketplace.routing.router import (
    MAX_JOURNEY_POINTS,
    MAX_MATRIX_SIDE,
    NO_WAY,
    SNAP_LIMIT_M,
    Journey,
    Leg,
    Matrix,
    NaiveDeparture,
    Router,
    RouterUnavailable,
    Shape,
    TooFarFromStreet,
    TooManyPoints,
    Unreachable,
    check_departure,
    check_journey_size,
    check_matrix_size,
)

__all__ = [
    "MAX_JOURNEY_POINTS",
    "MAX_MATRIX_SIDE",
    "NO_WAY",
    "SNAP_LIMIT_M",
    "Journey",
    "Leg",
    "Matrix",
    "NaiveDeparture",
    "Router",
    "RouterUnavailable",
    "Shape",
    "TooFarFromStreet",
    "TooManyPoints",
    "Unreachable",
    "check_departure",
    "check_journey_size",
    "check_matrix_size",
]
