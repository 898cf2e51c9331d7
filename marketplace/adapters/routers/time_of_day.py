"""Time of day: how much longer each edge takes in each hour of the week than on empty streets.

A factor of 1 is free flow, 1.5 means half as long again. Today every factor is 1 unless somebody gives a table;
learned traffic fills it later. Factors act on the streets, not on the turns.
"""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from marketplace.core.errors import Invalid
from marketplace.routing import check_departure

SLOTS = 7 * 24
"""One slot for each hour of the week, in UTC, from Monday midnight."""

LEAST_FACTOR, GREATEST_FACTOR = 0.2, 20.0

Factors = npt.NDArray[np.float32]
"""One row for each slot, one column for each edge."""


def slot_of(depart_at: datetime) -> int:
    """The hour of the week in which a drive departs."""
    check_departure(depart_at)
    moment = depart_at.astimezone(UTC)
    return moment.weekday() * 24 + moment.hour


def check_factors(factors: Factors, edge_count: int) -> None:
    """Refuses a table of the wrong size, or with factors no street has."""
    if factors.shape != (SLOTS, edge_count):
        raise BadTimeFactors(f"time factors must have {SLOTS} rows and {edge_count} columns, not {factors.shape}")
    if not bool(((factors >= LEAST_FACTOR) & (factors <= GREATEST_FACTOR)).all()):
        raise BadTimeFactors(f"time factors must lie between {LEAST_FACTOR} and {GREATEST_FACTOR}")


class BadTimeFactors(Invalid):
    """A table of time factors that cannot be used."""

    code = "BAD_TIME_FACTORS"
