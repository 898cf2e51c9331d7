"""Search: fastest ways on the graph of edges, with time and distance found in one pass of Dijkstra's algorithm.

A cost carries both: milliseconds times 2^26 plus centimetres, a whole number that a double holds exactly (up to 37
hours and 671 km). The least cost is then the fastest way and, among equally fast ones, the shortest; its parts can be
added in any order and always give the same sum, so that a search backwards from the target agrees with one forwards
to the digit.

Searching forward, a state is "about to enter edge e"; searching backward it is "just left edge e at its end". A place
in the middle of a street joins the graph as one more node, with steps to wherever one can go from it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from marketplace.adapters.city.arrays import Real, Whole
from marketplace.adapters.routers.network import MS, Network, Steps

PLACES_AT_ONCE = 64
"""So many searches share one pass, which bounds the memory of their answers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighted:
    """Steps in one direction of search, with what each costs now: the turn and the edge that is driven."""

    steps: Steps
    cost: Real


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spots:
    """Places as the search sees them: the two edges of their street (-1: not to be driven) and the costs on it."""

    edge: Whole  # n × 2
    behind_cost: Real  # n × 2: from the edge's start to the place
    ahead_cost: Real  # n × 2: from the place to the edge's end


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The fastest way between two places: its cost and the edges it drives, the first and the last only in part."""

    cost: float
    edges: tuple[int, ...]


class Search:
    """Answers shortest-way questions for one state of traffic: the driving time of every edge is fixed here."""

    def __init__(self, network: Network, time_ms: Whole) -> None:
        """Prepares both directions; `time_ms` has the driving time of each edge."""
        self._network = network
        self._time_ms = time_ms
        self._edge_cost = time_ms * MS + network.graph.length_cm
        self._forward, self._backward = (
            Weighted(steps=steps, cost=steps.turn_cost + np.repeat(self._edge_cost, np.diff(steps.first)))
            for steps in (network.forward, network.backward)
        )

    def spots(self, street: Whole, share: Real) -> Spots:
        """Places on streets, `share` of the way along as they are drawn, as places on the edges of these streets."""
        edge = self._network.edges_of_street[street]
        known = np.maximum(edge, 0)
        behind = np.column_stack([share, 1.0 - share])
        behind_cm = np.rint(behind * self._network.graph.length_cm[known])
        behind_cost = np.rint(behind * self._time_ms[known]) * MS + behind_cm
        return Spots(edge=edge, behind_cost=behind_cost, ahead_cost=self._edge_cost[known] - behind_cost)

    def costs(self, sources: Spots, targets: Spots) -> Real:
        """The least cost from every source to every target; infinite where there is no way."""
        if len(sources.edge) <= len(targets.edge):
            around = self._around(self._forward, sources.edge, sources.ahead_cost, targets.edge, targets.behind_cost)
        else:
            around = self._around(self._backward, targets.edge, targets.behind_cost, sources.edge, sources.ahead_cost).T
        return np.minimum(around, _straight_ahead(sources, targets))

    def way(self, source: Spots, target: Spots) -> Way | None:
        """The fastest way from one place to another; `None` where there is none."""
        graph = self._graph_from(self._forward, source.edge, source.ahead_cost)
        start = self._network.graph.edge_count
        reached, before = dijkstra(graph, indices=np.array([start]), return_predecessors=True)
        arriving = _arrivals(reached, target.edge, target.behind_cost)[:, 0, 0]
        ahead = _straight_ahead(source, target)[0, 0]
        best = int(arriving.argmin())
        if ahead <= arriving[best]:
            return self._straight_way(source, target, float(ahead))

        edges = [int(target.edge[0, best])]
        while (previous := int(before[0, edges[-1]])) != start:
            edges.append(previous)
        edges.append(self._first_edge(source, edges[-1]))
        return Way(cost=float(arriving[best]), edges=tuple(reversed(edges)))

    def _straight_way(self, source: Spots, target: Spots, cost: float) -> Way | None:
        if not np.isfinite(cost):
            return None
        same = [column for column in (0, 1) if source.edge[0, column] >= 0
                and target.behind_cost[0, column] - source.behind_cost[0, column] == cost]  # fmt: skip
        return Way(cost=cost, edges=(int(source.edge[0, same[0]]),))

    def _first_edge(self, source: Spots, second: int) -> int:
        """Which direction of its street the way leaves on, known by the edge that follows."""
        steps = self._network.forward
        leaving: dict[int, float] = {}
        for edge, ahead in zip(source.edge[0].tolist(), source.ahead_cost[0].tolist(), strict=True):
            row = slice(steps.first[edge], steps.first[edge + 1]) if edge >= 0 else slice(0, 0)
            for follower, turn_cost in zip(steps.neighbour[row], steps.turn_cost[row], strict=True):
                if follower == second:
                    leaving[edge] = ahead + turn_cost
        return min(leaving, key=leaving.__getitem__)

    def _around(self, weighted: Weighted, edge: Whole, cost: Real, to_edge: Whole, to_cost: Real) -> Real:
        """Costs from places left at their edge's end to others entered at their edge's start."""
        found = [np.empty((0, len(to_edge)))]
        for begin in range(0, len(edge), PLACES_AT_ONCE):
            part = slice(begin, begin + PLACES_AT_ONCE)
            graph = self._graph_from(weighted, edge[part], cost[part])
            places = np.arange(self._network.graph.edge_count, graph.shape[0])
            found.append(_arrivals(dijkstra(graph, indices=places), to_edge, to_cost).min(axis=0))
        return np.vstack(found)

    def _graph_from(self, weighted: Weighted, edge: Whole, cost: Real) -> csr_array:
        """The graph with one more node for each place, from which the steps of its edges can be taken."""
        steps = weighted.steps
        edges = edge.ravel()
        known = np.maximum(edges, 0)
        count = np.where(edges >= 0, steps.first[known + 1] - steps.first[known], 0)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        taken = np.repeat(steps.first[known], count) + offset
        leaving = np.repeat(cost.ravel(), count) + steps.turn_cost[taken]
        rows = steps.first[-1] + np.cumsum(count.reshape(edge.shape).sum(axis=1))
        nodes = len(steps.first) - 1 + len(edge)
        return csr_array(
            (
                np.concatenate([weighted.cost, leaving]),
                np.concatenate([steps.neighbour, steps.neighbour[taken]]),
                np.concatenate([steps.first, rows]).astype(np.int32),
            ),
            shape=(nodes, nodes),
        )


def split_cost(cost: Real) -> tuple[Whole, Whole]:
    """Takes finite costs apart into milliseconds and centimetres."""
    milliseconds = np.floor(cost / MS)
    return milliseconds.astype(np.int64), (cost - milliseconds * MS).astype(np.int64)


def _arrivals(reached: Real, edge: Whole, cost: Real) -> Real:
    """Costs of arriving by each direction of the street: 2 × searches × places."""
    return np.stack(
        [
            np.where(edge[:, side] >= 0, reached[:, np.maximum(edge[:, side], 0)] + cost[:, side], np.inf)
            for side in (0, 1)
        ]
    )


def _straight_ahead(sources: Spots, targets: Spots) -> Real:
    """Costs within one street, where the target lies ahead of the source; infinite elsewhere."""
    least = np.full((len(sources.edge), len(targets.edge)), np.inf)
    for side in (0, 1):
        source, target = np.nonzero(
            (sources.edge[:, side, None] == targets.edge[None, :, side]) & (sources.edge[:, side, None] >= 0)
        )
        cost = targets.behind_cost[target, side] - sources.behind_cost[source, side]
        least[source, target] = np.minimum(least[source, target], np.where(cost >= 0, cost, np.inf))
    return least
