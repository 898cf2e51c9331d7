"""Network: what traffic does not change about a city's streets: edges, allowed turns, and how they hang together."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.adapters.routers.street_graph import StreetGraph
from marketplace.adapters.routers.turns import Turns

MS = 2.0**26
"""One millisecond in a cost; one centimetre is 1. See `search`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Steps between edges in rows: those of edge e stand from `first[e]` to `first[e + 1]`."""

    first: Whole
    neighbour: Whole
    turn_cost: Real


class Network:
    """Edges and turns of a city, cut down to the part in which every place can be reached from every other."""

    def __init__(self, graph: StreetGraph, turns: Turns) -> None:
        """Keeps the largest set of edges that can all be reached from each other; nobody snaps to the rest."""
        count = graph.edge_count
        steps = csr_array((np.ones(len(turns.from_edge), np.int8), (turns.from_edge, turns.to_edge)), (count, count))
        _, label = connected_components(steps, directed=True, connection="strong")
        self.graph = graph
        self.is_core: Flags = label == np.bincount(label).argmax()
        inside = self.is_core[turns.from_edge] & self.is_core[turns.to_edge]
        come, go, turn_cost = turns.from_edge[inside], turns.to_edge[inside], turns.cost_ms[inside] * MS
        self.forward = _rows(come, go, turn_cost, count)
        self.backward = _rows(go, come, turn_cost, count)
        with_twin = np.column_stack([np.arange(graph.street_count, dtype=np.int32), graph.twin[: graph.street_count]])
        self.edges_of_street: Whole = np.where((with_twin >= 0) & self.is_core[with_twin], with_twin, -1)
        self.is_usable_street: Flags = np.asarray(self.edges_of_street.max(axis=1) >= 0)


def _rows(from_edge: Whole, to_edge: Whole, turn_cost: Real, edge_count: int) -> Steps:
    order = np.argsort(from_edge, kind="stable")
    first = np.searchsorted(from_edge[order], np.arange(edge_count + 1)).astype(np.int32)
    return Steps(first=first, neighbour=to_edge[order], turn_cost=turn_cost[order])
