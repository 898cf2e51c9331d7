"""Words of arrivals: the moments at which a prediction is kept, to be held against what happened."""

from enum import StrEnum


class PredictionMoment(StrEnum):
    """DISPATCH when a driver has the route, PICKUP after loading, NEXT when the stop is next, TEN_MINUTES before it."""

    DISPATCH = "DISPATCH"
    PICKUP = "PICKUP"
    NEXT = "NEXT"
    TEN_MINUTES = "TEN_MINUTES"
