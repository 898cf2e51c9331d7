"""The Router protocol: travel times and distances on streets at a time of day, and the values it answers with.

A router is asked in two ways. `matrix` prices and plans: how long from each of these places to each of those. `legs`
follows one journey and draws it. Both speak of the same streets, so a leg takes exactly as long as its matrix cell.
A place that no street reaches is never given an invented number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from marketplace.core.errors import Invalid, Unavailable
from marketplace.core.geo import Point

NO_WAY = 100_000_000
"""Stands in `durations_s` and `distances_m` where there is no way; the matcher's contract uses the same number."""

SNAP_LIMIT_M = 500.0
"""A place further than this from every street counts as not reachable."""

MAX_MATRIX_SIDE = 1_000
"""At most this many sources, and this many targets, in one matrix."""

MAX_JOURNEY_POINTS = 200
"""At most this many places in one journey."""

Seconds = npt.NDArray[np.int32]
Metres = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Snaps = npt.NDArray[np.floating[Any]]
Shape = tuple[tuple[float, float], ...]
"""A line to draw: (latitude, longitude) pairs in driving order."""


class Router(Protocol):
    """Knows how long it takes to drive between places; every implementation passes the same contract suite."""

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> "Matrix":
        """Answers how long and how far it is from every source to every target (`None` = the sources themselves)."""
        ...

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> "Journey":
        """Drives the points in order, each leg timed by its own departure.

        A leg equals the matrix cell of its two places at the moment it departs. Refuses with `TooFarFromStreet` or
        `Unreachable` where a leg cannot be driven.
        """
        ...

    async def aclose(self) -> None:
        """Gives back what the router holds: processes, connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """Travel times and distances from n sources to m targets, and how far each place lies from its street."""

    durations_s: Seconds
    distances_m: Metres
    is_reachable: Flags
    source_snap_m: Snaps
    target_snap_m: Snaps
    engine: str
    dataset: str
    is_degraded: bool = False
    traffic_version: int = 0
    """Which version of the learnt traffic the times are by; 0 is empty streets."""

    @property
    def shape(self) -> tuple[int, int]:
        """The number of sources and of targets."""
        rows, columns = self.durations_s.shape
        return rows, columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One drive from a place to the next, as the router times it."""

    duration_s: int
    distance_m: int
    departs_at: datetime
    arrives_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The drives through a list of places, each with the line it follows on the streets."""

    legs: tuple[Leg, ...]
    geometry: tuple[Shape, ...]
    engine: str
    dataset: str
    is_degraded: bool = False

    @property
    def duration_s(self) -> int:
        """Driving time of all legs together; time spent at the stops is not the router's to know."""
        return sum(leg.duration_s for leg in self.legs)

    @property
    def distance_m(self) -> int:
        """Metres of all legs together."""
        return sum(leg.distance_m for leg in self.legs)


class TooFarFromStreet(Invalid):
    """A place lies more than `SNAP_LIMIT_M` from every street that can be driven."""

    code = "TOO_FAR_FROM_STREET"


class Unreachable(Invalid):
    """No way leads from one place to the next on the streets that are known."""

    code = "UNREACHABLE"


class TooManyPoints(Invalid):
    """A matrix or a journey is larger than one question may be; ask in parts."""

    code = "TOO_MANY_POINTS"


class RouterUnavailable(Unavailable):
    """The routing engine does not answer in time, or at all."""

    code = "ROUTER_UNAVAILABLE"


class NaiveDeparture(Invalid):
    """A time of departure without a time zone: nobody knows which hour it means."""

    code = "NAIVE_DEPARTURE"


def check_departure(depart_at: datetime) -> None:
    """Refuses a time of departure that is not an aware time."""
    if depart_at.tzinfo is None:
        raise NaiveDeparture("a time of departure needs a time zone; use UTC", field="depart_at")


def check_matrix_size(sources: Sequence[Point], targets: Sequence[Point] | None) -> None:
    """Refuses a matrix that is larger than one question may be."""
    for side, points in (("sources", sources), ("targets", targets)):
        if points is not None and len(points) > MAX_MATRIX_SIDE:
            raise TooManyPoints(f"at most {MAX_MATRIX_SIDE} {side} fit one matrix; ask in parts", field=side)


def check_journey_size(points: Sequence[Point]) -> None:
    """Refuses a journey of more places than one question may hold."""
    if len(points) > MAX_JOURNEY_POINTS:
        raise TooManyPoints(f"at most {MAX_JOURNEY_POINTS} points fit one journey; ask in parts", field="points")
