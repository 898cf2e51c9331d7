"""The fleet's hours as timelines: what each driver does next, and where one more stop would fit.

A timeline is a driver's place and moment to begin with, followed by visits. What is known beforehand about every
position in every timeline is kept in arrays, one row for each driver, so that a question about all positions of the
whole fleet is a few array operations. Moments are seconds since the look at the market.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

EMPTY = (0, 0, 0)
"""Packages, grams, cubic decimetres of an empty vehicle."""
LOADS = len(EMPTY)
ROOM = 16
"""Positions by which the rows grow when a timeline becomes longer than they are."""
NOWHERE = -1
FOREVER = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A stop on a timeline: a pickup adds to the load, a drop-off takes from it. `route_id` is of a route on offer."""

    place: int
    is_pickup: bool
    opens: float
    closes: float
    service_s: float
    load: tuple[int, ...]
    route_id: UUID | None = None


@dataclass(slots=True, kw_only=True)
class Timeline:
    """One driver from `free_at` to `until`, at first in `place`, and the visits that are already planned."""

    place: int
    free_at: float
    until: float
    capacity: tuple[int, ...]
    skills: frozenset[str]
    max_stops: int
    visits: list[Visit] = field(default_factory=list)


class Fleet:
    """All timelines, and for each position of each what must be known to put a stop there.

    Position k is after the k-th visit, position 0 before the first. A trip is a row of visits from the pickup at which
    an empty vehicle is loaded to the drop-off that empties it; another parcel of the same pickup place may join it.
    """

    def __init__(self, timelines: Sequence[Timeline], travel_s: Numbers, *, margin_s: float) -> None:
        self.timelines, self.travel_s, self.margin_s = timelines, travel_s, margin_s
        self.width = ROOM + max((len(one.visits) for one in timelines), default=0)
        self._make_room()

    def refresh(self, row: int) -> None:
        """Takes in that a timeline has changed."""
        if len(self.timelines[row].visits) >= self.width:
            self.width += ROOM
            self._make_room()
        else:
            self._fill(row)

    def _make_room(self) -> None:
        shape = (len(self.timelines), self.width)
        self.is_open = np.zeros(shape, dtype=np.bool_)
        self.is_empty = np.zeros(shape, dtype=np.bool_)
        self.here = np.zeros(shape, dtype=np.intp)
        self.next = np.full(shape, NOWHERE, dtype=np.intp)
        self.departs = np.full(shape, FOREVER)
        self.latest = np.full(shape, -FOREVER)
        self.origin = np.full(shape, NOWHERE, dtype=np.intp)
        self.trip_at = np.zeros(shape, dtype=np.intp)
        self.trip_slack = np.full(shape, -FOREVER)
        self.trip_stops = np.zeros(shape)
        self.trip_peak = np.zeros((*shape, LOADS))
        self.row_of = np.repeat(np.arange(len(self.timelines)), self.width)
        self.capacity = np.array([one.capacity for one in self.timelines], dtype=np.float64).reshape(-1, LOADS)
        self.max_stops = np.array([one.max_stops for one in self.timelines], dtype=np.float64)
        for row in range(len(self.timelines)):
            self._fill(row)

    def _fill(self, row: int) -> None:
        timeline = self.timelines[row]
        visits, count = timeline.visits, len(timeline.visits)
        places = [timeline.place, *(visit.place for visit in visits)]
        legs = [float(self.travel_s[a, b]) for a, b in pairwise(places)]
        arrivals, departs = _forward(timeline, legs)
        latest = _backward(timeline, legs, arrivals, self.margin_s)
        here = slice(0, count + 1)
        self.here[row, here], self.next[row, here] = places, [*places[1:], NOWHERE]
        self.departs[row, here], self.latest[row, here] = departs, latest
        self.is_open[row] = False
        self.is_open[row, here] = True
        self._fill_trips(row, departs, latest, legs)

    def _fill_trips(self, row: int, departs: list[float], latest: list[float], legs: list[float]) -> None:
        """Finds the trips of a row. Rows are short and filled for every delivery that waits: plain numbers are quicker
        here than small arrays."""
        visits = self.timelines[row].visits
        trips: list[int] = [0]
        slacks, loads = [-FOREVER], [EMPTY]
        first, slack = 0, FOREVER
        for position, visit in enumerate(visits, start=1):
            if visit.is_pickup and loads[-1] == EMPTY:
                first, slack = position, FOREVER
            elif position > first:
                slack = min(slack, latest[position - 1] - departs[position - 1] - legs[position - 1])
            (packages, grams, litres), (more, heavier, larger) = loads[-1], visit.load
            if visit.is_pickup:
                loads.append((packages + more, grams + heavier, litres + larger))
            else:
                loads.append((packages - more, grams - heavier, litres - larger))
            trips.append(first)
            slacks.append(slack)
        here = slice(0, len(trips))
        self.is_empty[row, here] = [load == EMPTY for load in loads]
        self.origin[row, here] = [visits[first - 1].place if first else NOWHERE for first in trips]
        self.trip_at[row, here], self.trip_slack[row, here] = trips, slacks
        self._fill_sizes(row, trips, loads)

    def _fill_sizes(self, row: int, trips: list[int], loads: list[tuple[int, int, int]]) -> None:
        """The stops and the fullest moment of each trip, known at all of its positions."""
        stops: dict[int, int] = {}
        peaks: dict[int, tuple[int, int, int]] = {}
        for first, (packages, grams, litres) in zip(trips[1:], loads[1:], strict=True):
            stops[first] = stops.get(first, 0) + 1
            most = peaks.get(first, EMPTY)
            peaks[first] = max(most[0], packages), max(most[1], grams), max(most[2], litres)
        inside = slice(1, len(trips))
        if len(trips) > 1:
            self.trip_stops[row, inside] = [stops[first] for first in trips[1:]]
            self.trip_peak[row, inside] = [peaks[first] for first in trips[1:]]


def _forward(timeline: Timeline, legs: list[float]) -> tuple[list[float], list[float]]:
    """When each visit is reached and left at the earliest; a visit that has not opened is waited for."""
    arrivals, departs = [timeline.free_at], [timeline.free_at]
    for visit, leg in zip(timeline.visits, legs, strict=True):
        arrivals.append(departs[-1] + leg)
        departs.append(max(arrivals[-1], visit.opens) + visit.service_s)
    return arrivals, departs


def _backward(timeline: Timeline, legs: list[float], arrivals: list[float], margin_s: float) -> list[float]:
    """From each position the latest arrival at what comes next that keeps every later visit in time.

    Whoever is later than the margin allows already must not become later still.
    """
    latest = [timeline.until]
    onward = timeline.until
    for k in range(len(timeline.visits) - 1, -1, -1):
        visit = timeline.visits[k]
        leg = legs[k + 1] if k + 1 < len(legs) else 0.0
        onward = min(visit.closes - margin_s, onward - leg - visit.service_s)
        onward = max(onward, arrivals[k + 1])
        latest.append(onward)
    return latest[::-1]
