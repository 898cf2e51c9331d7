"""Memory: travel times between the places that were asked about last, as one square table for one state of traffic."""

from collections import OrderedDict
from collections.abc import Sequence
from math import inf

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.core.geo import Point
from marketplace.routing import Matrix


class Known:
    """One matrix while it is put together from memory and from what the router adds."""

    def __init__(self, rows: int, columns: int) -> None:
        """Starts with every cell missing."""
        self.is_missing: Flags = np.ones((rows, columns), bool)
        self.durations_s = np.zeros((rows, columns), np.int32)
        self.distances_m = np.zeros((rows, columns), np.int32)
        self.is_reachable: Flags = np.zeros((rows, columns), bool)
        self.source_snap_m: Real = np.zeros(rows)
        self.target_snap_m: Real = np.zeros(columns)
        self.engine = self.dataset = ""
        self.traffic_version = 0

    @property
    def is_filled(self) -> bool:
        """Whether any cell is known yet."""
        return bool(self.dataset)

    @property
    def source(self) -> tuple[str, int]:
        """What the known cells were measured on: the streets, and the version of their traffic."""
        return self.dataset, self.traffic_version

    def fill(self, part: Matrix, rows: Whole, columns: Whole) -> None:
        """Puts a router's answer for some rows and columns in its place."""
        cells = np.ix_(rows, columns)
        self.durations_s[cells], self.distances_m[cells] = part.durations_s, part.distances_m
        self.is_reachable[cells], self.is_missing[cells] = part.is_reachable, False
        self.source_snap_m[rows], self.target_snap_m[columns] = part.source_snap_m, part.target_snap_m
        self.engine, self.dataset, self.traffic_version = part.engine, part.dataset, part.traffic_version

    def matrix(self) -> Matrix:
        """The matrix, complete."""
        return Matrix(
            durations_s=self.durations_s, distances_m=self.distances_m, is_reachable=self.is_reachable,
            source_snap_m=self.source_snap_m, target_snap_m=self.target_snap_m,
            engine=self.engine, dataset=self.dataset, traffic_version=self.traffic_version,
        )  # fmt: skip


class Memory:
    """Cells between at most `places_kept` places; the place that was asked for longest ago makes room."""

    def __init__(self, places_kept: int) -> None:
        """Starts empty; memory is taken by the system as cells are written."""
        side = (places_kept, places_kept)
        self._seat: OrderedDict[Point, int] = OrderedDict()
        self._free = list(range(places_kept))
        self._is_known: Flags = np.zeros(side, bool)
        self._is_reachable: Flags = np.zeros(side, bool)
        self._durations_s, self._distances_m = np.zeros(side, np.int32), np.zeros(side, np.int32)
        self._snap_m: Real = np.zeros(places_kept)
        self._engine = self._dataset = ""
        self._traffic_version = 0

    def recall(self, sources: Sequence[Point], targets: Sequence[Point], *, within_s: float = inf) -> Known:
        """A copy of what is remembered about these places, so that nothing changes under it while a router is asked.

        Drives that take longer than `within_s` count as missing: they would run into other traffic.
        """
        known = Known(len(sources), len(targets))
        rows = np.array([index for index, place in enumerate(sources) if place in self._seat], np.int64)
        columns = np.array([index for index, place in enumerate(targets) if place in self._seat], np.int64)
        from_seats = np.array([self._seat[sources[row]] for row in rows], np.int64)
        to_seats = np.array([self._seat[targets[column]] for column in columns], np.int64)
        here, there = np.ix_(rows, columns), np.ix_(from_seats, to_seats)
        known.is_missing[here] = ~self._is_known[there] | self._runs_over(there, within_s)
        known.durations_s[here], known.distances_m[here] = self._durations_s[there], self._distances_m[there]
        known.is_reachable[here] = self._is_reachable[there]
        known.source_snap_m[rows], known.target_snap_m[columns] = self._snap_m[from_seats], self._snap_m[to_seats]
        known.engine, known.dataset = self._engine, self._dataset
        known.traffic_version = self._traffic_version
        return known

    def _runs_over(self, cells: tuple[Whole, ...], within_s: float) -> Flags:
        return np.asarray((self._durations_s[cells] > within_s) & self._is_reachable[cells])

    def remember(
        self, sources: Sequence[Point], targets: Sequence[Point], known: Known, *, within_s: float = inf
    ) -> None:
        """Keeps a complete matrix, and these places as the latest; of drives beyond `within_s` it keeps nothing."""
        if not known.is_missing.size:
            return
        from_seats = np.array([self._take_seat(place) for place in sources], np.int64)
        to_seats = np.array([self._take_seat(place) for place in targets], np.int64)
        cells = np.ix_(from_seats, to_seats)
        keeps = (known.durations_s < within_s - 1.0) | ~known.is_reachable  # a second for what was rounded off
        self._durations_s[cells] = np.where(keeps, known.durations_s, self._durations_s[cells])
        self._distances_m[cells] = np.where(keeps, known.distances_m, self._distances_m[cells])
        self._is_reachable[cells] = np.where(keeps, known.is_reachable, self._is_reachable[cells])
        self._is_known[cells] |= keeps
        self._snap_m[from_seats], self._snap_m[to_seats] = known.source_snap_m, known.target_snap_m
        self._engine, self._dataset, self._traffic_version = known.engine, known.dataset, known.traffic_version

    def forget(self) -> None:
        """Drops everything: the streets are no longer those that the cells were measured on."""
        self._free = list(range(len(self._snap_m)))
        self._seat.clear()
        self._is_known[:] = False
        self._engine = self._dataset = ""
        self._traffic_version = 0

    def _take_seat(self, place: Point) -> int:
        seat = self._seat.pop(place, None)
        if seat is None:
            seat = self._free.pop() if self._free else self._seat.popitem(last=False)[1]
            self._is_known[seat, :] = self._is_known[:, seat] = False
        self._seat[place] = seat
        return seat
