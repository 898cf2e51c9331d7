"""Snapping: the nearest point on a drivable street for any place, by the street's line and not by its corners."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.adapters.routers.street_graph import StreetGraph
from marketplace.core.geo import EARTH_RADIUS_M

PIECE_M = 40.0
"""Streets are indexed in pieces no longer than this."""

PIECES_NEAR = 24
"""How many pieces are looked at where several streets are wanted."""

FIRST_LOOK = 12
"""How many nearby pieces are measured at first; a place that needs more is looked at again with four times as many."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapped:
    """Where places lie on the streets: the street, the metres along it as it is drawn, the metres beside it."""

    street: Whole
    at_m: Real
    beside_m: Real


class StreetIndex:
    """Finds the nearest street for many places at once."""

    def __init__(self, graph: StreetGraph, is_usable: Flags) -> None:
        """Indexes the streets marked usable; `is_usable` has one flag for each street."""
        self._lat_0 = float(graph.lat.mean())
        self._lon_0 = float(graph.lon.mean())
        starts = np.ones(len(graph.lat), bool)
        starts[graph.shape_start[1:] - 1] = False  # a street's last point starts no line
        street_of_point = np.repeat(np.arange(graph.street_count, dtype=np.int32), np.diff(graph.shape_start))
        line = np.flatnonzero(starts & is_usable[street_of_point])

        span_m = graph.milestone_m[line + 1] - graph.milestone_m[line]
        pieces = np.maximum(1, np.ceil(span_m / PIECE_M)).astype(np.int64)
        number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        self._line = np.repeat(line, pieces)
        low, high = number / np.repeat(pieces, pieces), (number + 1) / np.repeat(pieces, pieces)
        x, y = self._plane(graph.lat, graph.lon)
        self._x = x[self._line] + low * (x[self._line + 1] - x[self._line])
        self._y = y[self._line] + low * (y[self._line + 1] - y[self._line])
        self._dx = (high - low) * (x[self._line + 1] - x[self._line])
        self._dy = (high - low) * (y[self._line + 1] - y[self._line])
        self._street = street_of_point[self._line]
        street_start_m = graph.milestone_m[graph.shape_start[self._street]]
        self._from_m = graph.milestone_m[self._line] + low * np.repeat(span_m, pieces) - street_start_m
        self._long_m = (high - low) * np.repeat(span_m, pieces)
        self._half_m = float(np.hypot(self._dx, self._dy).max(initial=0.0)) / 2
        self._tree = cKDTree(np.column_stack([self._x + self._dx / 2, self._y + self._dy / 2]))

    def snap(self, lat: Real, lon: Real) -> Snapped:
        """The nearest point of the streets for each place, however far it is."""
        x, y = self._plane(lat, lon)
        snapped = Snapped(street=np.zeros(len(x), np.int32), at_m=np.zeros(len(x)), beside_m=np.zeros(len(x)))
        waiting = np.arange(len(x))
        look = min(FIRST_LOOK, len(self._line))
        while len(waiting):
            beyond_m = self._measure(x, y, waiting, look, snapped)
            # A piece left out has its middle at least `beyond_m` away, its nearest end half a piece nearer.
            unsure = (snapped.beside_m[waiting] > beyond_m - self._half_m) & (look < len(self._line))
            waiting = waiting[unsure]
            look = min(4 * look, len(self._line))
        return snapped

    def near(self, lat: Real, lon: Real, *, within_m: float, at_most: int) -> list[list[tuple[int, float, float]]]:
        """The nearest streets of each place: (street, metres along it as it is drawn, metres beside it)."""
        x, y = self._plane(lat, lon)
        look = min(PIECES_NEAR, len(self._line))
        _, found = self._tree.query(np.column_stack([x, y]), k=np.arange(1, look + 1))
        piece = np.asarray(found)
        share, beside_m = self._beside(x[:, None], y[:, None], piece)
        along_m = self._from_m[piece] + share * self._long_m[piece]
        order = np.argsort(beside_m, axis=1)
        streets = np.take_along_axis(self._street[piece], order, axis=1).tolist()
        metres = np.take_along_axis(along_m, order, axis=1).tolist()
        away = np.take_along_axis(beside_m, order, axis=1).tolist()
        nearest: list[list[tuple[int, float, float]]] = []
        for row in zip(streets, metres, away, strict=True):
            chosen: dict[int, tuple[int, float, float]] = {}
            for street, at_m, off_m in zip(*row, strict=True):
                if off_m > within_m or len(chosen) == at_most:
                    break
                chosen.setdefault(street, (street, at_m, off_m))
            nearest.append(list(chosen.values()))
        return nearest

    def _measure(self, x: Real, y: Real, places: Whole, look: int, snapped: Snapped) -> Real:
        nearest = self._tree.query(np.column_stack([x[places], y[places]]), k=np.arange(1, look + 1))
        middle_m, piece = map(np.asarray, nearest)
        share, beside_m = self._beside(x[places, None], y[places, None], piece)
        row, best = np.arange(len(places)), beside_m.argmin(axis=1)
        chosen = piece[row, best]
        snapped.street[places] = self._street[chosen]
        snapped.at_m[places] = self._from_m[chosen] + share[row, best] * self._long_m[chosen]
        snapped.beside_m[places] = beside_m[row, best]
        return np.asarray(middle_m[:, -1])

    def _beside(self, x: Real, y: Real, piece: Whole) -> tuple[Real, Real]:
        """The nearest point of each piece, as its share of the piece, and the metres to it."""
        away_x, away_y = x - self._x[piece], y - self._y[piece]
        dx, dy = self._dx[piece], self._dy[piece]
        squared = dx * dx + dy * dy
        share = np.clip((away_x * dx + away_y * dy) / np.where(squared > 0, squared, 1.0), 0.0, 1.0)
        return share, np.hypot(away_x - share * dx, away_y - share * dy)

    def _plane(self, lat: Real, lon: Real) -> tuple[Real, Real]:
        """Metres east and north of the city's middle: flat enough over a city to find what is nearest."""
        metre = math.radians(1.0) * EARTH_RADIUS_M
        return (lon - self._lon_0) * metre * math.cos(math.radians(self._lat_0)), (lat - self._lat_0) * metre
