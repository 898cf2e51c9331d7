"""How long it takes to drive: the Router protocol, its answers and its refusals.

Quotes, offers and plans all ask the same two questions of streets: a `Matrix` of travel times between many places,
and the `Journey` through a few. Who answers (our own street graph, an OSRM server, a straight line in an emergency)
is chosen when the marketplace is put together; an answer that is not from streets says so (`is_degraded`).

How full the streets are at which time of day is `Traffic`, learnt from sums of what our own drivers' drives took
(`SpeedSum`), once their `Fix`es have been matched to streets and told `Traversal`s.
"""

from marketplace.routing.learning import HALF_LIFE, NO_SLOT, Layer, SpeedSum, fade, traffic_of
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
from marketplace.routing.slots import SLOTS, slot_at, slot_ends_at, slot_name
from marketplace.routing.tracks import FIXES_AT_ONCE, Fix, TrackMatcher, Traversal
from marketplace.routing.traffic import (
    EMPTY_STREETS,
    GROUPS,
    LearnedRouter,
    Phase,
    RoadGroup,
    Traffic,
    through_phases,
)

__all__ = [
    "EMPTY_STREETS",
    "FIXES_AT_ONCE",
    "GROUPS",
    "HALF_LIFE",
    "MAX_JOURNEY_POINTS",
    "MAX_MATRIX_SIDE",
    "NO_SLOT",
    "NO_WAY",
    "SLOTS",
    "SNAP_LIMIT_M",
    "Fix",
    "Journey",
    "Layer",
    "LearnedRouter",
    "Leg",
    "Matrix",
    "NaiveDeparture",
    "Phase",
    "RoadGroup",
    "Router",
    "RouterUnavailable",
    "Shape",
    "SpeedSum",
    "TooFarFromStreet",
    "TooManyPoints",
    "TrackMatcher",
    "Traffic",
    "Traversal",
    "Unreachable",
    "check_departure",
    "check_journey_size",
    "check_matrix_size",
    "fade",
    "slot_at",
    "slot_ends_at",
    "slot_name",
    "through_phases",
    "traffic_of",
]
