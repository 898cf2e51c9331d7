"""Shapes: the line a way follows on the map, from the place where it starts to the place where it ends."""

from itertools import pairwise

import numpy as np

from marketplace.adapters.city.arrays import Real
from marketplace.adapters.routers.street_graph import StreetGraph
from marketplace.routing import Shape

DECIMALS = 6
"""About ten centimetres."""


def shape_of_way(graph: StreetGraph, edges: tuple[int, ...], from_m: float, to_m: float) -> Shape:
    """Draws the edges in driving order; `from_m` and `to_m` are metres along the first and the last street as drawn."""
    if len(edges) == 1:
        parts = [_part(graph, edges[0], from_m, to_m)]
    else:
        first, last = edges[0], edges[-1]
        parts = [_part(graph, first, from_m, _end_m(graph, first))]
        parts += [_whole(graph, edge) for edge in edges[1:-1]]
        parts += [_part(graph, last, _begin_m(graph, last), to_m)]
    line = np.hstack(parts).round(DECIMALS)
    return _without_repeats(tuple(zip(line[0].tolist(), line[1].tolist(), strict=True)))


def _end_m(graph: StreetGraph, edge: int) -> float:
    return 0.0 if graph.is_backward[edge] else float(graph.length_m[graph.street[edge]])


def _begin_m(graph: StreetGraph, edge: int) -> float:
    return float(graph.length_m[graph.street[edge]]) if graph.is_backward[edge] else 0.0


def _whole(graph: StreetGraph, edge: int) -> Real:
    street = graph.street[edge]
    points = slice(graph.shape_start[street], graph.shape_start[street + 1])
    line = np.stack([graph.lat[points], graph.lon[points]])
    return line[:, ::-1] if graph.is_backward[edge] else line


def _part(graph: StreetGraph, edge: int, begin_m: float, end_m: float) -> Real:
    street = graph.street[edge]
    low, high = min(begin_m, end_m), max(begin_m, end_m)
    points = slice(graph.shape_start[street], graph.shape_start[street + 1])
    along_m = graph.milestone_m[points] - graph.milestone_m[points.start]
    between = (along_m > low) & (along_m < high)
    ends = np.stack(graph.place_at(np.array([street, street]), np.array([low, high])))
    line = np.hstack([ends[:, :1], np.stack([graph.lat[points][between], graph.lon[points][between]]), ends[:, 1:]])
    return line if begin_m <= end_m else line[:, ::-1]


def _without_repeats(line: Shape) -> Shape:
    """Drops points that repeat the one before; a line that goes nowhere keeps its two ends, or no map would take it."""
    kept = (*line[:1], *(point for before, point in pairwise(line) if point != before))
    return kept if len(kept) > 1 else line[:1] * 2
