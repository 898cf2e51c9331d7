"""StreetGraph: a city's streets as directed edges with lengths, free-flow times and shapes, ready to be searched.

A *street* here is a run between two junctions; an *edge* is one direction of it that may be driven. Edges 0 to
streets - 1 run as the street is drawn, the edges after them run the other way; `twin` leads from one to the other.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.adapters.city.distances import metres_between
from marketplace.adapters.city.pack import DEGREES, CityArrays, CityPack
from marketplace.adapters.routers.chains import Chains, join_segments

NEAR_JUNCTION_M = 12.0
"""A street's direction at a junction is taken over this distance, so that a kerb-sized kink is no turn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetGraph:
    """Streets, their shapes, and the directed edges on them."""

    # one for each street
    shape_start: Whole  # street s owns shape points shape_start[s] .. shape_start[s + 1]
    length_m: Real
    road_class: Whole
    name_index: Whole
    # one for each shape point
    lat: Real
    lon: Real
    milestone_m: Real  # metres along all streets laid end to end: it only rises, so that one search serves many streets
    # one for each edge
    street: Whole
    is_backward: Flags
    twin: Whole  # -1: one-way
    tail: Whole
    head: Whole
    time_ms: Whole  # free flow
    length_cm: Whole
    first_segment: Whole
    last_segment: Whole
    # one for each node
    has_signals: Flags
    # rows of (from segment, over node, to segment)
    banned_turns: Whole
    drives_on_right: bool

    @property
    def street_count(self) -> int:
        """How many streets there are."""
        return len(self.length_m)

    @property
    def edge_count(self) -> int:
        """How many directions of streets may be driven."""
        return len(self.street)

    def place_at(self, street: Whole, at_m: Real) -> tuple[Real, Real]:
        """The latitudes and longitudes that lie `at_m` metres along each street, as it is drawn."""
        first, last = self.shape_start[street], self.shape_start[street + 1] - 1
        milestone = np.clip(self.milestone_m[first] + at_m, self.milestone_m[first], self.milestone_m[last])
        after = np.clip(np.searchsorted(self.milestone_m, milestone, side="right"), first + 1, last)
        before = after - 1
        step_m = self.milestone_m[after] - self.milestone_m[before]
        share = (milestone - self.milestone_m[before]) / np.where(step_m > 0, step_m, 1.0)
        return (
            self.lat[before] + share * (self.lat[after] - self.lat[before]),
            self.lon[before] + share * (self.lon[after] - self.lon[before]),
        )

    def bearings_deg(self) -> tuple[Real, Real]:
        """Each edge's direction, degrees clockwise from north, as it leaves its tail and as it comes to its head."""
        every = np.arange(self.street_count, dtype=np.int32)
        near_m = np.minimum(NEAR_JUNCTION_M, self.length_m)
        leaving = _bearing_deg(self.place_at(every, 0 * near_m), self.place_at(every, near_m))
        coming = _bearing_deg(self.place_at(every, self.length_m - near_m), self.place_at(every, self.length_m))
        return (
            np.where(self.is_backward, coming[self.street] + 180, leaving[self.street]),
            np.where(self.is_backward, leaving[self.street] + 180, coming[self.street]),
        )


def build_street_graph(pack: CityPack) -> StreetGraph:
    """Lays a city pack out as a graph of junctions and directed edges."""
    arrays = pack.arrays
    chains = join_segments(arrays)
    first, last = chains.start[:-1], chains.start[1:] - 1
    shape_start, lat, lon = _shapes(arrays, chains)
    milestone_m, length_m = _milestones(shape_start, lat, lon)
    first_segment, last_segment = chains.segment[first], chains.segment[last]
    begins_at = np.where(chains.is_reversed[first], arrays.end_node[first_segment], arrays.start_node[first_segment])
    ends_at = np.where(chains.is_reversed[last], arrays.start_node[last_segment], arrays.end_node[last_segment])

    count = len(first)
    two_way = np.flatnonzero(~arrays.is_one_way[first_segment]).astype(np.int32)
    street = np.concatenate([np.arange(count, dtype=np.int32), two_way])
    twin = np.full(len(street), -1, np.int32)
    twin[two_way], twin[count:] = np.arange(count, len(street)), two_way
    metres_per_ms = arrays.speed_kmh[first_segment] / 3_600.0
    time_ms = np.maximum(1, np.rint(length_m / metres_per_ms)).astype(np.int64)
    return StreetGraph(
        shape_start=shape_start,
        length_m=length_m,
        road_class=arrays.road_class[first_segment],
        name_index=arrays.name_index[first_segment],
        lat=lat,
        lon=lon,
        milestone_m=milestone_m,
        street=street,
        is_backward=np.arange(len(street)) >= count,
        twin=twin,
        tail=np.concatenate([begins_at, ends_at[two_way]]),
        head=np.concatenate([ends_at, begins_at[two_way]]),
        time_ms=time_ms[street],
        length_cm=np.rint(length_m * 100).astype(np.int64)[street],
        first_segment=np.concatenate([first_segment, last_segment[two_way]]),
        last_segment=np.concatenate([last_segment, first_segment[two_way]]),
        has_signals=arrays.has_signals,
        banned_turns=arrays.banned_turns,
        drives_on_right=pack.meta.drives_on_right,
    )


def _shapes(arrays: CityArrays, chains: Chains) -> tuple[Whole, Real, Real]:
    """The points of every street: those of its segments one after another, without naming shared points twice."""
    begin = arrays.shape_start[chains.segment]
    count = arrays.shape_start[chains.segment + 1] - begin
    step = np.where(chains.is_reversed, -1, 1)
    begin = np.where(chains.is_reversed, begin + count - 1, begin)
    goes_on = np.ones(len(chains.segment), np.int64)
    goes_on[chains.start[:-1]] = 0  # later members leave their first point out: it is the one before
    begin, count = begin + goes_on * step, count - goes_on

    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    point = np.repeat(begin, count) + offset * np.repeat(step, count)
    shape_start = np.concatenate([[0], np.cumsum(count)])[chains.start]
    return shape_start, arrays.lat_e7[point] * DEGREES, arrays.lon_e7[point] * DEGREES


def _milestones(shape_start: Whole, lat: Real, lon: Real) -> tuple[Real, Real]:
    step_m = metres_between(lat[:-1], lon[:-1], lat[1:], lon[1:])
    step_m[shape_start[1:-1] - 1] = 1.0  # a gap between one street and the next keeps their milestones apart
    milestone_m = np.concatenate([[0.0], np.cumsum(step_m)])
    return milestone_m, milestone_m[shape_start[1:] - 1] - milestone_m[shape_start[:-1]]


def _bearing_deg(origin: tuple[Real, Real], target: tuple[Real, Real]) -> Real:
    north = target[0] - origin[0]
    east = (target[1] - origin[1]) * np.cos(np.radians(origin[0]))
    return np.asarray(np.degrees(np.arctan2(east, north)))
