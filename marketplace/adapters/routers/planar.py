"""PlanarRouter: a world without streets, for published instances whose rule of travel is part of the question.

Places lie on a plane and are told in metres east and north of a point on the equator, where a degree is equally long
both ways. A drive is a straight line at a steady speed and takes whole minutes, rounded up.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from marketplace.core.geo import Point
from marketplace.routing import (
    Fix,
    Journey,
    Leg,
    Matrix,
    Traversal,
    check_departure,
    check_journey_size,
    check_matrix_size,
)

METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180
ENGINE = "planar"
DATASET = "plane"
TO_WHOLE_MICROMETRES = 6
"""Distances are rounded to so many digits of a metre, so that what is exactly a minute away is not two."""


def plane_point(*, east_m: float, north_m: float) -> Point:
    """A place of the plane as the marketplace keeps places."""
    return Point(lat=north_m / METRES_PER_DEGREE, lon=east_m / METRES_PER_DEGREE)


class PlanarRouter:
    """Drives in straight lines; for this world that is exact, and no answer is degraded."""

    def __init__(self, *, metres_per_minute: float) -> None:
        self.metres_per_minute = metres_per_minute

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """Whole minutes, in seconds, from every source to every target at any hour."""
        check_departure(depart_at)
        check_matrix_size(sources, targets)
        here = np.array([(p.lat, p.lon) for p in sources]).reshape(-1, 2)
        there = here if targets is None else np.array([(p.lat, p.lon) for p in targets]).reshape(-1, 2)
        apart = (here[:, None, :] - there[None, :, :]) * METRES_PER_DEGREE
        metres = np.hypot(apart[..., 0], apart[..., 1]).round(TO_WHOLE_MICROMETRES)
        return Matrix(
            durations_s=(60 * np.ceil(metres / self.metres_per_minute)).astype(np.int32),
            distances_m=np.rint(metres).astype(np.int32),
            is_reachable=np.ones(metres.shape, bool),
            source_snap_m=np.zeros(len(here)),
            target_snap_m=np.zeros(len(there)),
            engine=ENGINE,
            dataset=DATASET,
        )

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Drives from place to place; its geometry is a straight line for each leg."""
        check_journey_size(points)
        cells = await self.matrix(points, depart_at=depart_at)
        legs: list[Leg] = []
        for start in range(len(points) - 1):
            duration_s = int(cells.durations_s[start, start + 1])
            arrives_at = depart_at + timedelta(seconds=duration_s)
            distance_m = int(cells.distances_m[start, start + 1])
            legs.append(Leg(duration_s=duration_s, distance_m=distance_m, departs_at=depart_at, arrives_at=arrives_at))
            depart_at = arrives_at
        shapes = tuple(((a.lat, a.lon), (b.lat, b.lon)) for a, b in pairwise(points))
        return Journey(legs=tuple(legs), geometry=shapes, engine=ENGINE, dataset=DATASET)

    async def match(self, tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:  # noqa: ARG002 - the protocol's
        """Knows no streets that could have been driven on."""
        return []

    async def aclose(self) -> None:
        """Holds nothing."""
