"""Streets between real junctions: the pack's segments joined where nothing can be decided.

A source cuts its streets at every node; a driver chooses only at junctions. Joining segments of the same kind makes
the graph a third smaller, and every search on it quicker, without changing any way or any time.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.adapters.city.arrays import Flags, Whole
from marketplace.adapters.city.pack import CityArrays

End = tuple[int, bool]  # a segment, and whether it is driven from its end to its start


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chains:
    """Streets as runs of segments: street s is made of members `start[s]` to `start[s + 1]`, in driving order."""

    segment: Whole
    is_reversed: Flags
    start: Whole


def join_segments(arrays: CityArrays) -> Chains:
    """Joins segments across nodes that are no junction; every segment is in exactly one chain."""
    follower = _followers(arrays)
    runs: list[list[End]] = []
    used = np.zeros(len(arrays.start_node), bool)
    starts = [(segment, turned) for segment in range(len(used)) for turned in (False, True)]
    leftovers = [(segment, False) for segment in range(len(used))]  # rings without any junction start anywhere
    for candidates, is_ring in ((starts, False), (leftovers, True)):
        for segment, turned in candidates:
            begins_here = is_ring or (segment, not turned) not in follower
            if used[segment] or not begins_here or (turned and arrays.is_one_way[segment]):
                continue
            runs.append(_run_from((segment, turned), follower, used))
    members = [member for run in runs for member in run]
    return Chains(
        segment=np.array([segment for segment, _ in members], np.int32),
        is_reversed=np.array([turned for _, turned in members], bool),
        start=np.cumsum([0, *(len(run) for run in runs)], dtype=np.int64),
    )


def _run_from(first: End, follower: dict[End, End], used: Flags) -> list[End]:
    run, here = [], first
    while not used[here[0]]:
        used[here[0]] = True
        run.append(here)
        here = follower.get(here, here)
    return run


def _followers(arrays: CityArrays) -> dict[End, End]:
    """For each way to drive a segment that ends at no junction: how it goes on. Keys and values mirror each other."""
    count = len(arrays.start_node)
    node = np.concatenate([arrays.start_node, arrays.end_node])
    touching = np.bincount(node)
    kept = np.zeros(len(touching), bool)
    kept[arrays.has_signals.nonzero()] = True
    kept[arrays.banned_turns[:, 1]] = True

    order = np.argsort(node, kind="stable")
    first = np.searchsorted(node[order], np.flatnonzero((touching == 2) & ~kept))
    follower: dict[End, End] = {}
    for end_a, end_b in zip(order[first].tolist(), order[first + 1].tolist(), strict=True):
        a, b = end_a % count, end_b % count
        if a != b and _is_same_road(arrays, a, b):
            a_in, b_in = end_a >= count, end_b >= count  # does the segment, as drawn, end at this node?
            if not arrays.is_one_way[a] or a_in != b_in:
                follower[a, not a_in] = (b, b_in)
                follower[b, not b_in] = (a, a_in)
    return follower


def _is_same_road(arrays: CityArrays, a: int, b: int) -> bool:
    return bool(
        arrays.road_class[a] == arrays.road_class[b]
        and arrays.is_one_way[a] == arrays.is_one_way[b]
        and arrays.speed_kmh[a] == arrays.speed_kmh[b]
    )
