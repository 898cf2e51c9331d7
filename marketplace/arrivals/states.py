"""Words of arrivals: the moments at which a prediction is kept, to be held against what happened."""

from enum import StrEnum


class PredictionMoment(StrEnum):
    """When a prediction is kept, each moment once for each stop of a delivery.

    PLANNED when a route looks for its driver, DISPATCH when it has one, PICKUP after loading, HALF_HOUR when the
    drop-off is expected to be half an hour away, NEXT when it is the driver's next stop, TEN_MINUTES when it is
    expected to be ten minutes away.
    """

    PLANNED = "PLANNED"
    DISPATCH = "DISPATCH"
    PICKUP = "PICKUP"
    HALF_HOUR = "HALF_HOUR"
    NEXT = "NEXT"
    TEN_MINUTES = "TEN_MINUTES"


BITS = {moment: 1 << number for number, moment in enumerate(PredictionMoment)}
"""The bit of each moment in what a row remembers."""
