"""GraphEngine: matrices and journeys on a city's streets, computed in this process and on this thread.

It is pure: no clock, no I/O after loading. `GraphRouter` runs it in a process of its own; tests and benchmarks run it
directly.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from marketplace.adapters.city.arrays import Real, Whole
from marketplace.adapters.city.pack import CityPack
from marketplace.adapters.routers.network import Network
from marketplace.adapters.routers.search import Search, Spots, Way, split_cost
from marketplace.adapters.routers.shapes import shape_of_way
from marketplace.adapters.routers.snapping import Snapped, StreetIndex
from marketplace.adapters.routers.street_graph import build_street_graph
from marketplace.adapters.routers.time_of_day import Factors, check_factors, slot_of
from marketplace.adapters.routers.turns import find_turns
from marketplace.core.geo import Point
from marketplace.routing import (
    NO_WAY,
    SNAP_LIMIT_M,
    Journey,
    Leg,
    Matrix,
    Shape,
    TooFarFromStreet,
    Unreachable,
    check_departure,
    check_journey_size,
    check_matrix_size,
)

ENGINE = "graph"
SEARCHES_KEPT = 6
"""Prepared states of traffic kept ready: the hours that are being planned."""


class GraphEngine:
    """One city's streets, ready to answer; the same for everybody who asks."""

    def __init__(self, pack: CityPack, *, factors: Factors | None = None) -> None:
        """Builds the graph of a pack; `factors` says how much longer each edge takes by hour of the week."""
        graph = build_street_graph(pack)
        self.dataset = pack.dataset
        self.network = Network(graph, find_turns(graph))
        self._index = StreetIndex(graph, self.network.is_usable_street)
        self._factors = factors
        if factors is not None:
            check_factors(factors, graph.edge_count)
        self._searches: dict[int, Search] = {}

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

        search = self._search(slot_of(depart_at))
        cost = search.costs(self._spots(search, from_spots, from_near), self._spots(search, to_spots, to_near))
        found = np.isfinite(cost)
        is_reachable = np.zeros(shape, bool)
        is_reachable[np.ix_(from_near, to_near)] = found
        durations_s[is_reachable], distances_m[is_reachable] = _seconds_and_metres(cost[found])
        return Matrix(
            durations_s=durations_s, distances_m=distances_m, is_reachable=is_reachable,
            source_snap_m=from_spots.beside_m, target_snap_m=to_spots.beside_m, engine=ENGINE, dataset=self.dataset,
        )  # fmt: skip

    def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Drives the points in order; each leg is timed by the hour in which it departs."""
        check_departure(depart_at)
        check_journey_size(points)
        snapped = self.snap(points)
        _refuse_far_points(snapped)
        legs: list[Leg] = []
        shapes: list[Shape] = []
        for start in range(len(points) - 1):
            way = self._way(snapped, start, slot_of(depart_at))
            duration_s, distance_m = (int(whole) for whole in _seconds_and_metres(np.array(way.cost)))
            arrives_at = depart_at + timedelta(seconds=duration_s)
            legs.append(Leg(duration_s=duration_s, distance_m=distance_m, departs_at=depart_at, arrives_at=arrives_at))
            from_m, to_m = float(snapped.at_m[start]), float(snapped.at_m[start + 1])
            shapes.append(shape_of_way(self.network.graph, way.edges, from_m, to_m))
            depart_at = arrives_at
        return Journey(legs=tuple(legs), geometry=tuple(shapes), engine=ENGINE, dataset=self.dataset)

    def _way(self, snapped: Snapped, start: int, slot: int) -> Way:
        search = self._search(slot)
        source, target = (self._spots(search, snapped, np.array([index])) for index in (start, start + 1))
        way = search.way(source, target)
        if way is None:
            raise Unreachable(f"no street leads from point {start} to point {start + 1}", field=f"points.{start + 1}")
        return way

    def _spots(self, search: Search, snapped: Snapped, chosen: Whole) -> Spots:
        street = snapped.street[chosen]
        length_m = np.maximum(self.network.graph.length_m[street], 0.01)  # two junctions may share one place
        return search.spots(street, np.minimum(snapped.at_m[chosen] / length_m, 1.0))

    def _search(self, slot: int) -> Search:
        key = slot if self._factors is not None else 0
        search = self._searches.pop(key, None)
        if search is None:
            time_ms = self.network.graph.time_ms
            if self._factors is not None:
                time_ms = np.maximum(1, np.rint(time_ms * self._factors[key].astype(np.float64))).astype(np.int64)
            search = Search(self.network, time_ms)
        self._searches[key] = search  # the latest used stands last
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
