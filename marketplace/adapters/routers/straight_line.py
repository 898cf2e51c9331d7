"""StraightLineRouter: an estimate from the map's geometry for when no street router answers. It always says so.

It knows neither rivers nor one-way streets: measured on real cities, its error is about 22 % in the middle, and the
driver it calls the nearest is the wrong one in 26 to 48 of 100 cases. Good enough to keep showing something, never to
plan with.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from marketplace.adapters.city.arrays import Real
from marketplace.adapters.city.distances import metres_between
from marketplace.adapters.routers.time_of_day import at_time_of_day
from marketplace.core.geo import Point
from marketplace.routing import (
    Journey,
    Leg,
    Matrix,
    Traffic,
    check_departure,
    check_journey_size,
    check_matrix_size,
)

CIRCUITY = 1.35
"""A drive is longer than the straight line by about this: the median between 300 addresses of the default city."""

METRES_PER_SECOND = 11.5
"""About 41 km/h, junctions included: the median on empty streets between the same addresses."""

ENGINE = "straight_line"
DATASET = "none"


class StraightLineRouter:
    """Estimates from straight lines; every answer is marked degraded."""

    def __init__(self) -> None:
        """Knows no traffic until it is told."""
        self._traffic: Traffic | None = None

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """Estimates from every source to every target, by how the city as a whole does at that time of day."""
        check_departure(depart_at)
        check_matrix_size(sources, targets)
        columns = sources if targets is None else targets
        from_lat, from_lon, to_lat, to_lon = _grid(sources, columns)
        metres = metres_between(from_lat, from_lon, to_lat, to_lon) * CIRCUITY
        free_s = np.rint(metres / METRES_PER_SECOND).astype(np.int32)
        return Matrix(
            durations_s=at_time_of_day(free_s, depart_at, self._traffic),
            distances_m=np.rint(metres).astype(np.int32),
            is_reachable=np.ones(metres.shape, bool),
            source_snap_m=np.zeros(len(sources)),
            target_snap_m=np.zeros(len(columns)),
            engine=ENGINE,
            dataset=DATASET,
            is_degraded=True,
            traffic_version=self._traffic.version if self._traffic else 0,
        )

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Estimates a journey; its geometry is a straight line from place to place."""
        check_departure(depart_at)
        check_journey_size(points)
        legs: list[Leg] = []
        for start in range(len(points) - 1):
            cell = await self.matrix(points[start : start + 1], points[start + 1 : start + 2], depart_at=depart_at)
            duration_s = int(cell.durations_s[0, 0])
            arrives_at = depart_at + timedelta(seconds=duration_s)
            distance_m = int(cell.distances_m[0, 0])
            legs.append(Leg(duration_s=duration_s, distance_m=distance_m, departs_at=depart_at, arrives_at=arrives_at))
            depart_at = arrives_at
        shapes = tuple(((a.lat, a.lon), (b.lat, b.lon)) for a, b in pairwise(points))
        return Journey(legs=tuple(legs), geometry=shapes, engine=ENGINE, dataset=DATASET, is_degraded=True)

    async def take_traffic(self, traffic: Traffic) -> None:
        """Estimates by this traffic from now on."""
        self._traffic = traffic

    async def aclose(self) -> None:
        """Holds nothing."""


def _grid(sources: Sequence[Point], targets: Sequence[Point]) -> tuple[Real, Real, Real, Real]:
    """Coordinates laid out so that rows are sources and columns targets."""
    from_lat, from_lon = np.array([p.lat for p in sources]), np.array([p.lon for p in sources])
    to_lat, to_lon = np.array([p.lat for p in targets]), np.array([p.lon for p in targets])
    return from_lat[:, None], from_lon[:, None], to_lat[None, :], to_lon[None, :]
