"""How far apart the places of a planning request are: looked up in its matrix, or worked out from its points."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from marketplace.core.geo import EARTH_RADIUS_M
from marketplace.matching.limits import MAX_DISTANCE_M, number, point_array, whole_matrix
from marketplace.matching.refusals import BadRequest
from marketplace.matching.request import NO_WAY_S, PlanRequest

DEFAULT_CIRCUITY = 1.3

Table = npt.NDArray[np.int64]
Places: TypeAlias = Sequence[int] | npt.NDArray[np.intp]


class Travel(Protocol):
    """Travel between any places of a request, as tables with a row for each origin."""

    @property
    def places(self) -> int:
        """How many places there are."""

    def seconds(self, origins: Places, targets: Places) -> Table:
        """Travel times in seconds, at most `NO_WAY_S`."""

    def metres(self, origins: Places, targets: Places) -> Table | None:
        """Distances in metres, or None where the request has none."""


def read_travel(request: PlanRequest) -> Travel:
    """The request's own travel times, checked, or a refusal that names the matrix, row or point at fault."""
    if request.durations_s is not None and request.points is not None:
        raise BadRequest("points", "a request has durations_s or points, not both")
    if request.durations_s is None and request.points is None:
        raise BadRequest("durations_s", "a request has durations_s or points; this one has neither")
    return _read_points(request) if request.durations_s is None else _read_matrix(request)


def _read_matrix(request: PlanRequest) -> "MatrixTravel":
    for name in ("speed_mps", "circuity"):
        if getattr(request, name) is not None:
            raise BadRequest(name, f"{name} goes with points, and this request has durations_s")
    durations = whole_matrix(request.durations_s, "durations_s")
    if request.distances_m is None:
        return MatrixTravel(durations, None)
    distances = whole_matrix(request.distances_m, "distances_m", MAX_DISTANCE_M)
    if len(distances) != len(durations):
        raise BadRequest("distances_m", "distances_m must have as many places as durations_s")
    return MatrixTravel(durations, distances)


def _read_points(request: PlanRequest) -> "PointTravel":
    if request.distances_m is not None:
        raise BadRequest("distances_m", "distances_m goes with durations_s, and this request has points")
    if request.speed_mps is None:
        raise BadRequest("speed_mps", "speed_mps is required with points")
    number(request.speed_mps, "speed_mps", 0.1, 100)
    circuity = DEFAULT_CIRCUITY if request.circuity is None else request.circuity
    number(circuity, "circuity", 1, 5)
    return PointTravel(point_array(request.points, "points"), float(request.speed_mps), float(circuity))


class MatrixTravel:
    """Travel by the request's own matrices."""

    def __init__(self, durations: Table, distances: Table | None) -> None:
        self._durations, self._distances = durations, distances

    @property
    def places(self) -> int:
        """How many places the matrix has."""
        return len(self._durations)

    def seconds(self, origins: Places, targets: Places) -> Table:
        """The cells of the duration matrix."""
        return self._durations[np.asarray(origins, dtype=np.intp)[:, None], np.asarray(targets, dtype=np.intp)]

    def metres(self, origins: Places, targets: Places) -> Table | None:
        """The cells of the distance matrix."""
        if self._distances is None:
            return None
        return self._distances[np.asarray(origins, dtype=np.intp)[:, None], np.asarray(targets, dtype=np.intp)]


class PointTravel:
    """Travel worked out from great circles, for requests whose matrix would be too large to send."""

    def __init__(self, points: npt.NDArray[np.float64], speed_mps: float, circuity: float) -> None:
        self._radians, self._speed_mps, self._circuity = np.radians(points), speed_mps, circuity

    @property
    def places(self) -> int:
        """How many points there are."""
        return len(self._radians)

    def seconds(self, origins: Places, targets: Places) -> Table:
        """Road metres at the request's speed, rounded up to seconds."""
        return np.minimum(np.ceil(self._road_m(origins, targets) / self._speed_mps), NO_WAY_S).astype(np.int64)

    def metres(self, origins: Places, targets: Places) -> Table:
        """Road metres, rounded up."""
        return np.ceil(self._road_m(origins, targets)).astype(np.int64)

    def _road_m(self, origins: Places, targets: Places) -> npt.NDArray[np.float64]:
        lat_a, lon_a = self._radians[np.asarray(origins, dtype=np.intp)].T
        lat_b, lon_b = self._radians[np.asarray(targets, dtype=np.intp)].T
        across = np.sin((lat_a[:, None] - lat_b) / 2) ** 2
        along = np.cos(lat_a)[:, None] * np.cos(lat_b) * np.sin((lon_a[:, None] - lon_b) / 2) ** 2
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(across + along, 1.0))) * self._circuity
        return np.asarray(metres, dtype=np.float64)
