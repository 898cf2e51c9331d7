"""Turns: which edge may follow which at a junction, and the seconds each turn costs.

Driving time is lost at junctions more than between them. A turn costs by its angle, a turn across oncoming traffic
more; whoever comes from a lesser road waits for the greater one; signals stop everybody now and then.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers.street_graph import StreetGraph

SHARP_TURN_S = 7.5
"""What the sharpest turn costs. The curve over the angle is that of OSRM's car profile, fitted to driven turns."""

TURN_STEEPNESS = 13.0
TURN_LEAN = 1.075
"""Makes the turn across oncoming traffic come earlier on the curve than the other one."""

ACROSS_ONCOMING_S = 2.0
TURN_AROUND_S = 20.0
YIELD_TO_GREATER_S = 1.5
CROSS_GREATER_S = 3.0
SIGNALS_S = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turns:
    """All allowed steps from edge to edge."""

    from_edge: Whole
    to_edge: Whole
    cost_ms: Whole


def find_turns(graph: StreetGraph) -> Turns:
    """Lists every allowed step from an edge to the next, with what it costs."""
    from_edge, to_edge = _neighbours(graph)
    is_around = graph.twin[from_edge] == to_edge
    ways_out = np.bincount(from_edge[~is_around], minlength=graph.edge_count)
    allowed = ~is_around | (ways_out[from_edge] == 0)  # one turns around at a dead end, not in a junction
    allowed &= ~_banned(graph, from_edge, to_edge)
    from_edge, to_edge, is_around = from_edge[allowed], to_edge[allowed], is_around[allowed]
    seconds = _seconds(graph, from_edge, to_edge, is_around)
    return Turns(from_edge=from_edge, to_edge=to_edge, cost_ms=np.rint(seconds * 1_000).astype(np.int64))


def _neighbours(graph: StreetGraph) -> tuple[Whole, Whole]:
    by_tail = np.argsort(graph.tail, kind="stable").astype(np.int32)
    first = np.searchsorted(graph.tail[by_tail], np.arange(len(graph.has_signals) + 1))
    count = first[graph.head + 1] - first[graph.head]
    from_edge = np.repeat(np.arange(graph.edge_count, dtype=np.int32), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return from_edge, by_tail[np.repeat(first[graph.head], count) + offset]


def _banned(graph: StreetGraph, from_edge: Whole, to_edge: Whole) -> Flags:
    if not len(graph.banned_turns):
        return np.zeros(len(from_edge), bool)
    banned = {(int(a), int(node), int(b)) for a, node, b in graph.banned_turns}
    nodes = np.isin(graph.head[from_edge], graph.banned_turns[:, 1])
    found = np.zeros(len(from_edge), bool)
    for index in np.flatnonzero(nodes).tolist():
        come, go = from_edge[index], to_edge[index]
        found[index] = (int(graph.last_segment[come]), int(graph.head[come]), int(graph.first_segment[go])) in banned
    return found


def _seconds(graph: StreetGraph, from_edge: Whole, to_edge: Whole, is_around: Flags) -> Real:
    node = graph.head[from_edge]
    arms = _arms(graph)[node]
    leaving, coming = graph.bearings_deg()
    clockwise_deg = (leaving[to_edge] - coming[from_edge] + 180) % 360 - 180
    seconds = np.where(arms > 2, _angle_s(clockwise_deg if graph.drives_on_right else -clockwise_deg), 0.0)
    seconds += np.where(arms > 2, _priority_s(graph, from_edge, to_edge), 0.0)
    seconds += np.where(graph.has_signals[node], SIGNALS_S, 0.0)
    return np.where(is_around, TURN_AROUND_S, seconds)


def _angle_s(away_deg: Real) -> Real:
    """What the angle costs: positive turns keep to the near side, negative ones cross the oncoming traffic."""
    sharpness = np.abs(away_deg) / 180
    across = away_deg < 0
    lean = np.where(across, TURN_LEAN, 1 / TURN_LEAN)
    bend = SHARP_TURN_S / (1 + np.exp(-(TURN_STEEPNESS * lean * sharpness - TURN_STEEPNESS / 2 / lean)))
    wait = ACROSS_ONCOMING_S / (1 + np.exp(-(TURN_STEEPNESS * sharpness - TURN_STEEPNESS / 4)))
    return np.asarray(bend + np.where(across, wait, 0.0))


def _priority_s(graph: StreetGraph, from_edge: Whole, to_edge: Whole) -> Real:
    """Waiting to join or to cross a greater road, where it is at least a tertiary one."""
    road_class = graph.road_class[graph.street]
    greatest = np.full(len(graph.has_signals), int(RoadClass.SERVICE), np.int32)
    np.minimum.at(greatest, graph.head, road_class)
    np.minimum.at(greatest, graph.tail, road_class)
    there = greatest[graph.head[from_edge]]
    yields = (there < road_class[from_edge]) & (there <= RoadClass.TERTIARY)
    joins = road_class[to_edge] == there
    return np.where(yields, np.where(joins, YIELD_TO_GREATER_S, CROSS_GREATER_S), 0.0)


def _arms(graph: StreetGraph) -> Whole:
    """How many streets meet at each node."""
    forward = ~graph.is_backward
    ends = np.concatenate([graph.tail[forward], graph.head[forward]])
    return np.bincount(ends, minlength=len(graph.has_signals)).astype(np.int32)
