"""Map matching: the streets that a track of reported places was driven on, by a hidden Markov model on the graph.

The hidden states are places on edges near each fix; a fix is the likelier the nearer it lies, a step the likelier the
less the way on streets differs from the way as the crow flies. The likeliest chain (Viterbi) is the drive. It then
tells, between each two fixes, how long the driven pieces of street took and how long they take when they are empty.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

import h3
import numpy as np

from marketplace.adapters.city.arrays import Whole
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers.network import MS, Network
from marketplace.adapters.routers.snapping import StreetIndex
from marketplace.core.geo import CELL_RESOLUTION, Point, straight_line_m
from marketplace.routing import Fix, RoadGroup, Traversal

SEARCH_M = 45.0
"""Streets further from a fix than this were not driven on."""
LEAST_ERROR_M = 6.0
STREETS_A_FIX = 5
DETOUR_M = 12.0
"""How much a way on streets usually differs from the straight line between two fixes."""
LONGEST_STEP = timedelta(seconds=90)
"""Between fixes further apart than this anything may have happened."""
SHORTEST_STEP = timedelta(seconds=4)
BACKWARD_M = 15.0
"""A fix may seem to lie so far behind the one before, on the same edge: phones are not exact."""
HOPELESS = 12.0
"""Log odds behind the best state at which a state is given up."""
BEYOND_M, BEYOND_SHARE = 120.0, 1.6
"""Ways are searched as far as the straight line takes, times the share, and so many metres."""
FASTEST_M_PER_S = 45.0
PARKED_RATIO = 15.0
"""Who takes so many times the free-flow time and hardly moves is not in traffic."""
HARDLY_MOVED_M = 25.0

GROUP_OF = {
    RoadClass.MOTORWAY: RoadGroup.MAIN,
    RoadClass.TRUNK: RoadGroup.MAIN,
    RoadClass.PRIMARY: RoadGroup.MAIN,
    RoadClass.SECONDARY: RoadGroup.COLLECTOR,
    RoadClass.TERTIARY: RoadGroup.COLLECTOR,
}


class Spot(NamedTuple):
    """A place on an edge at which a fix may have been taken, metres along the edge as it is driven."""

    edge: int
    along_m: float
    beside_m: float


class Way(NamedTuple):
    """How one gets from a spot to the next: the edges, the first and the last in part, and what junctions took."""

    edges: tuple[int, ...]
    metres: float
    turns_s: float


@dataclass(slots=True)
class _State:
    spot: Spot
    odds: float
    before: "_State | None"
    way: Way | None


def cells_of(network: Network) -> tuple[Whole, Whole]:
    """Each edge's H3 cell, by the middle of its street, and its kind of road."""
    graph = network.graph
    every = np.arange(graph.street_count, dtype=np.int32)
    lat, lon = graph.place_at(every, graph.length_m / 2)
    cell = np.array(
        [h3.str_to_int(h3.latlng_to_cell(north, east, CELL_RESOLUTION)) for north, east in zip(lat, lon, strict=True)],
        np.int64,
    )
    group = np.array([GROUP_OF.get(RoadClass(kind), RoadGroup.LOCAL) for kind in graph.road_class.tolist()], np.int64)
    return cell[graph.street], group[graph.street]


class Matcher:
    """Matches tracks to one city's streets."""

    def __init__(self, network: Network, index: StreetIndex, cell: Whole, group: Whole) -> None:
        """Lays the steps between edges out for many short searches."""
        graph, steps = network.graph, network.forward
        self._index = index
        self._edges_of_street = network.edges_of_street
        self._cell, self._group = cell.tolist(), group.tolist()
        self._length_m = graph.length_m[graph.street].tolist()
        self._time_s = (graph.time_ms / 1_000).tolist()
        self._is_backward = graph.is_backward.tolist()
        first, neighbour = steps.first.tolist(), steps.neighbour.tolist()
        turn_s = (steps.turn_cost / MS / 1_000).tolist()
        self._steps = [
            list(zip(neighbour[begin:end], turn_s[begin:end], strict=True)) for begin, end in pairwise(first)
        ]

    def traversals(self, track: Sequence[Fix]) -> Iterator[Traversal]:
        """What one track tells about streets."""
        for here, there, way in self._drive(_thinned(track)):
            yield from self._told(here[0], there[0], here[1], there[1], way)

    def _told(self, left: Fix, reached: Fix, start: Spot, end: Spot, way: Way) -> Iterator[Traversal]:
        """One step as pieces of street; the time between the fixes is shared out as the streets would take it."""
        pieces = list(self._pieces(start, end, way))
        free_s = sum(seconds for _, seconds in pieces)
        driven_s = (reached.at - left.at).total_seconds() - way.turns_s
        if free_s <= 0 or driven_s <= 0:
            return
        if driven_s > PARKED_RATIO * free_s and way.metres < HARDLY_MOVED_M:
            return
        for edge, seconds in pieces:
            yield Traversal(
                at=reached.at, cell=self._cell[edge], group=RoadGroup(self._group[edge]),
                free_s=seconds, driven_s=driven_s * seconds / free_s,
            )  # fmt: skip

    def _pieces(self, start: Spot, end: Spot, way: Way) -> Iterator[tuple[int, float]]:
        last = len(way.edges) - 1
        for number, edge in enumerate(way.edges):
            length_m = max(self._length_m[edge], 0.01)
            from_m = start.along_m if number == 0 else 0.0
            to_m = end.along_m if number == last else length_m
            if to_m > from_m:
                yield edge, self._time_s[edge] * (to_m - from_m) / length_m

    def _drive(self, track: Sequence[Fix]) -> Iterator[tuple[tuple[Fix, Spot], tuple[Fix, Spot], Way]]:
        """The likeliest drive, step by step; where no way leads on it ends, and another begins."""
        chains: list[list[tuple[Fix, _State]]] = []
        layers: list[tuple[Fix, list[_State]]] = []
        for fix, spots in zip(track, self._spots(track), strict=True):
            states = self._follow(*layers[-1], fix, spots) if layers else []
            if not states:
                chains.append(_chain(layers))
                layers = []
                states = [_State(spot, _fit(spot, fix), None, None) for spot in spots]
            if states:
                layers.append((fix, states))
        chains.append(_chain(layers))
        for chain in chains:
            for (left, before), (reached, state) in pairwise(chain):
                assert state.way is not None, "a state that follows another has been reached by a way"
                yield (left, before.spot), (reached, state.spot), state.way

    def _follow(self, before: Fix, states: Sequence[_State], fix: Fix, spots: Sequence[Spot]) -> list[_State]:
        """The states at a fix, each reached from the state before that makes it likeliest."""
        straight_m = straight_line_m(Point(lat=before.lat, lon=before.lon), Point(lat=fix.lat, lon=fix.lon))
        seconds = (fix.at - before.at).total_seconds()
        if fix.at - before.at > LONGEST_STEP or straight_m > FASTEST_M_PER_S * seconds:
            return []
        best_odds = max(state.odds for state in states)
        best: dict[int, _State] = {}
        for state in states:
            if state.odds < best_odds - HOPELESS:
                continue
            for number, way in self._ways(state.spot, spots, BEYOND_M + BEYOND_SHARE * straight_m):
                odds = state.odds - abs(way.metres - straight_m) / DETOUR_M + _fit(spots[number], fix)
                if number not in best or odds > best[number].odds:
                    best[number] = _State(spots[number], odds, state, way)
        return list(best.values())

    def _ways(self, start: Spot, spots: Sequence[Spot], limit_m: float) -> Iterator[tuple[int, Way]]:
        """The quickest way from a spot to each of the next ones within reach, by their numbers."""
        wanted: dict[int, list[int]] = {}
        for number, spot in enumerate(spots):
            ahead_m = spot.along_m - start.along_m
            if spot.edge == start.edge and ahead_m >= -BACKWARD_M:
                yield number, Way((start.edge,), max(ahead_m, 0.0), 0.0)
            else:
                wanted.setdefault(spot.edge, []).append(number)
        for edges, metres, turns_s in self._search(start, set(wanted), limit_m):
            for number in wanted[edges[-1]]:
                yield number, Way(edges, metres + spots[number].along_m, turns_s)

    def _search(self, start: Spot, wanted: set[int], limit_m: float) -> Iterator[tuple[tuple[int, ...], float, float]]:
        """Dijkstra's algorithm for a few streets around: ways to the beginnings of the wanted edges."""
        length_m = max(self._length_m[start.edge], 0.01)
        ahead_m = length_m - start.along_m
        ahead_s = self._time_s[start.edge] * ahead_m / length_m
        queue = [(ahead_s + turn, ahead_m, turn, edge, -1) for edge, turn in self._steps[start.edge]]
        heapq.heapify(queue)
        settled: dict[int, int] = {}
        while queue and wanted:
            seconds, metres, turns_s, edge, before = heapq.heappop(queue)
            if edge in settled:
                continue
            settled[edge] = before
            if edge in wanted:
                wanted.discard(edge)
                yield _edges_to(edge, settled, start.edge), metres, turns_s
            onward_m = metres + self._length_m[edge]
            if onward_m <= limit_m:
                for onward, turn in self._steps[edge]:
                    if onward not in settled:
                        onward_s = seconds + self._time_s[edge] + turn
                        heapq.heappush(queue, (onward_s, onward_m, turns_s + turn, onward, edge))

    def _spots(self, track: Sequence[Fix]) -> Iterator[list[Spot]]:
        """The spots of each fix, both directions of each street near it."""
        lat, lon = np.array([fix.lat for fix in track]), np.array([fix.lon for fix in track])
        for near in self._index.near(lat, lon, within_m=SEARCH_M, at_most=STREETS_A_FIX):
            spots = []
            for street, at_m, beside_m in near:
                for edge in self._edges_of_street[street].tolist():
                    if edge >= 0:
                        along_m = self._length_m[edge] - at_m if self._is_backward[edge] else at_m
                        spots.append(Spot(edge, along_m, beside_m))
            yield spots


def _fit(spot: Spot, fix: Fix) -> float:
    return -0.5 * (spot.beside_m / max(LEAST_ERROR_M, fix.accuracy_m)) ** 2


def _edges_to(edge: int, settled: dict[int, int], first: int) -> tuple[int, ...]:
    edges = [edge]
    while (before := settled[edges[-1]]) >= 0:
        edges.append(before)
    return (first, *reversed(edges))


def _chain(layers: Sequence[tuple[Fix, list[_State]]]) -> list[tuple[Fix, _State]]:
    """The likeliest states of all fixes, found backwards from the likeliest last one."""
    if not layers:
        return []
    state: _State | None = max(layers[-1][1], key=lambda one: one.odds)
    chain = []
    for fix, _ in reversed(layers):
        assert state is not None, "every layer but the first follows from the one before"
        chain.append((fix, state))
        state = state.before
    return chain[::-1]


def _thinned(track: Sequence[Fix]) -> list[Fix]:
    """The fixes in order, without those that follow another so soon that they tell only the phone's error."""
    kept: list[Fix] = []
    for fix in sorted(track):
        if not kept or fix.at - kept[-1].at >= SHORTEST_STEP:
            kept.append(fix)
    return kept
