"""GraphEngine: matrices and journeys on a city's streets, computed in this process and on this thread.

It is pure: no clock, no I/O after loading. `GraphRouter` runs it in a process of its own; tests and benchmarks run it
directly.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from marketplace.adapters.city.arrays import Real, Whole
from marketplace.adapters.city.pack import CityPack
from marketplace.adapters.routers.matching import Matcher, cells_of
from marketplace.adapters.routers.network import Network
from marketplace.adapters.routers.search import Search, Spots, Way, split_cost
from marketplace.adapters.routers.shapes import shape_of_way
from marketplace.adapters.routers.snapping import Snapped, StreetIndex
from marketplace.adapters.routers.street_graph import build_street_graph
from marketplace.adapters.routers.turns import find_turns
from marketplace.core.geo import Point
from marketplace.routing import (
    EMPTY_STREETS,
    NO_WAY,
    SNAP_LIMIT_M,
    Fix,
    Journey,
    Leg,
    Matrix,
    Phase,
    Shape,
    TooFarFromStreet,
    Traffic,
    Traversal,
    Unreachable,
    check_departure,
    check_journey_size,
    check_matrix_size,
    through_phases,
)

ENGINE = "graph"
SEARCHES_KEPT = 6
"""Prepared states of traffic kept ready: the times of day that are being planned."""


class GraphEngine:
    """One city's streets, ready to answer; the same for everybody who asks."""

    def __init__(self, pack: CityPack, *, traffic: Traffic | None = None) -> None:
        """Builds the graph of a pack; without traffic its streets are empty at all hours."""
        graph = build_street_graph(pack)
        self.dataset = pack.dataset
        self.network = Network(graph, find_turns(graph))
        self._index = StreetIndex(graph, self.network.is_usable_street)
        self._traffic = traffic
        self._searches: dict[tuple[int, bool], Search] = {}

    def take_traffic(self, traffic: Traffic) -> None:
        """Answers by this traffic from now on."""
        self._traffic = traffic
        self._searches.clear()

    @cached_property
    def cells(self) -> tuple[Whole, Whole]:
        """Each edge's H3 cell and kind of road, by which traffic is told."""
        return cells_of(self.network)

    def match(self, tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:
        """What tracks of our own drivers tell about the streets."""
        return [one for track in tracks for one in self._matcher.traversals(track)]

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.network, self._index, *self.cells)

    def snap(self, points: Sequence[Point]) -> Snapped:
        """Where the points lie on the streets, however far from them."""
        return self._index.snap(np.array([point.lat for point in points]), np.array([point.lon for point in points]))

    def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """Travel times and distances from every source to every target at a time of departure."""
        check_matrix_size(sources, targets)
        from_spots = self.snap(sources)
        to_spots = from_spots if targets is None else self.snap(targets)
        from_near, to_near = _near(from_spots), _near(to_spots)
        shape = (len(sources), len(to_spots.street))
        durations_s, distances_m = np.full(shape, NO_WAY, np.int32), np.full(shape, NO_WAY, np.int32)

        def costs_in(phase: Phase) -> Real:
            search = self._search(phase)
            return search.costs(self._spots(search, from_spots, from_near), self._spots(search, to_spots, to_near))

        cost = costs_in(self._phase_at(depart_at))
        found = np.isfinite(cost)
        is_reachable = np.zeros(shape, bool)
        is_reachable[np.ix_(from_near, to_near)] = found
        first_s, distances_m[is_reachable] = _seconds_and_metres(cost[found])
        durations_s[is_reachable] = through_phases(
            first_s, depart_at, self._traffic, lambda phase: _seconds_and_metres(costs_in(phase)[found])[0]
        )
        return Matrix(
            durations_s=durations_s, distances_m=distances_m, is_reachable=is_reachable,
            source_snap_m=from_spots.beside_m, target_snap_m=to_spots.beside_m, engine=ENGINE, dataset=self.dataset,
            traffic_version=self._traffic.version if self._traffic else 0,
        )  # fmt: skip

    def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Drives the points in order; each leg is timed by the traffic in which it departs."""
        check_departure(depart_at)
        check_journey_size(points)
        snapped = self.snap(points)
        _refuse_far_points(snapped)
        legs: list[Leg] = []
        shapes: list[Shape] = []
        for start in range(len(points) - 1):
            way, duration_s, distance_m = self._drive(snapped, start, depart_at)
            arrives_at = depart_at + timedelta(seconds=duration_s)
            legs.append(Leg(duration_s=duration_s, distance_m=distance_m, departs_at=depart_at, arrives_at=arrives_at))
            from_m, to_m = float(snapped.at_m[start]), float(snapped.at_m[start + 1])
            shapes.append(shape_of_way(self.network.graph, way.edges, from_m, to_m))
            depart_at = arrives_at
        return Journey(legs=tuple(legs), geometry=tuple(shapes), engine=ENGINE, dataset=self.dataset)

    def _drive(self, snapped: Snapped, start: int, depart_at: datetime) -> tuple[Way, int, int]:
        """The way to the next place, the seconds it takes and its metres, as the matrix has them."""
        way = self._way(snapped, start, self._phase_at(depart_at))
        first_s, distance_m = _seconds_and_metres(np.array([way.cost]))
        duration_s = through_phases(
            first_s,
            depart_at,
            self._traffic,
            lambda phase: _seconds_and_metres(np.array([self._way(snapped, start, phase).cost]))[0],
        )
        return way, int(duration_s[0]), int(distance_m[0])

    def _way(self, snapped: Snapped, start: int, phase: Phase) -> Way:
        search = self._search(phase)
        source, target = (self._spots(search, snapped, np.array([index])) for index in (start, start + 1))
        way = search.way(source, target)
        if way is None:
            raise Unreachable(f"no street leads from point {start} to point {start + 1}", field=f"points.{start + 1}")
        return way

    def _spots(self, search: Search, snapped: Snapped, chosen: Whole) -> Spots:
        street = snapped.street[chosen]
        length_m = np.maximum(self.network.graph.length_m[street], 0.01)  # two junctions may share one place
        return search.spots(street, np.minimum(snapped.at_m[chosen] / length_m, 1.0))

    def _phase_at(self, moment: datetime) -> Phase:
        check_departure(moment)
        return EMPTY_STREETS if self._traffic is None else self._traffic.phase_at(moment)

    def _search(self, phase: Phase) -> Search:
        search = self._searches.pop(phase.key, None)
        if search is None:
            time_ms = self.network.graph.time_ms
            if self._traffic is not None:
                time_ms = np.rint(time_ms * self._traffic.factors(phase, *self.cells).astype(np.float64))
                time_ms = np.maximum(1, time_ms).astype(np.int64)
            search = Search(self.network, time_ms)
        self._searches[phase.key] = search  # the latest used stands last
        if len(self._searches) > SEARCHES_KEPT:
            del self._searches[next(iter(self._searches))]
        return search


def _near(snapped: Snapped) -> Whole:
    return np.flatnonzero(snapped.beside_m <= SNAP_LIMIT_M)


def _refuse_far_points(snapped: Snapped) -> None:
    far = np.flatnonzero(snapped.beside_m > SNAP_LIMIT_M)
    if len(far):
        first = int(far[0])
        metres = f"{snapped.beside_m[first]:.0f} m from the nearest street, more than {SNAP_LIMIT_M:.0f} m"
        raise TooFarFromStreet(f"point {first} lies {metres}: move it to the street", field=f"points.{first}")


def _seconds_and_metres(cost: Real) -> tuple[Whole, Whole]:
    """Costs as whole seconds and metres, rounded half up, the same way wherever a duration is told."""
    milliseconds, centimetres = split_cost(cost)
    return ((milliseconds + 500) // 1_000).astype(np.int32), ((centimetres + 50) // 100).astype(np.int32)
