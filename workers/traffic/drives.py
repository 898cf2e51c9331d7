"""True drives: one drive through hidden traffic, edge by edge, and where the vehicle is at each moment of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np

from marketplace.adapters.city.arrays import Real, Whole
from marketplace.adapters.routers.network import MS, Network
from marketplace.adapters.routers.street_graph import StreetGraph
from marketplace.core.geo import EARTH_RADIUS_M, Point

FactorOf = Callable[[int, datetime], float]
METRES_A_DEGREE = EARTH_RADIUS_M * np.pi / 180


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrueDrive:
    """One drive as it really goes: edge i of the way is driven from `begins_s[i]` to `ends_s[i]` after the start."""

    graph: StreetGraph
    departs_at: datetime
    street: Whole
    from_m: Real
    to_m: Real
    begins_s: Real
    ends_s: Real

    @property
    def duration_s(self) -> float:
        """How long it takes from place to place."""
        return float(self.ends_s[-1])

    @property
    def distance_m(self) -> float:
        """Metres on streets."""
        return float(np.abs(self.to_m - self.from_m).sum())

    def lasting(self, seconds: float) -> "TrueDrive":
        """The same drive by somebody who takes so long for it."""
        share = seconds / self.duration_s if self.duration_s > 0 else 1.0
        return replace(self, begins_s=self.begins_s * share, ends_s=self.ends_s * share)

    def place_at(self, moment: datetime) -> Point:
        """Where the vehicle is at a moment; at its start before, at its end after."""
        lat, lon = self._places(np.array([(moment - self.departs_at).total_seconds()]))
        return Point(lat=float(lat[0]), lon=float(lon[0]))

    def reports(
        self, after: datetime, until: datetime, *, every_s: float, off_by_m: float, source: Random
    ) -> list[tuple[datetime, Point]]:
        """What a phone tells of a part of the drive: moments and places, the places off by some metres."""
        first_s = (after - self.departs_at).total_seconds()
        last_s = min((until - self.departs_at).total_seconds(), self.duration_s)
        seconds = np.arange(first_s + every_s, last_s, every_s)
        lat, lon = self._places(seconds)
        told: list[tuple[datetime, Point]] = []
        for at_s, north, east in zip(seconds.tolist(), lat.tolist(), lon.tolist(), strict=True):
            lat_off = source.gauss(0.0, off_by_m) / METRES_A_DEGREE
            lon_off = source.gauss(0.0, off_by_m) / (METRES_A_DEGREE * float(np.cos(np.radians(north))))
            told.append((self.departs_at + timedelta(seconds=at_s), Point(lat=north + lat_off, lon=east + lon_off)))
        return told

    def _places(self, seconds: Real) -> tuple[Real, Real]:
        edge = np.clip(np.searchsorted(self.begins_s, seconds, side="right") - 1, 0, len(self.street) - 1)
        lasts = self.ends_s[edge] - self.begins_s[edge]
        share = np.clip((seconds - self.begins_s[edge]) / np.where(lasts > 0, lasts, 1.0), 0.0, 1.0)
        at_m = self.from_m[edge] + share * (self.to_m[edge] - self.from_m[edge])
        return self.graph.place_at(self.street[edge], at_m)


def true_drive(
    network: Network,
    edges: tuple[int, ...],
    from_m: float,
    to_m: float,
    *,
    departs_at: datetime,
    factor_of: FactorOf,
    luck: float,
) -> TrueDrive:
    """Drives the edges in order, each as slowly as it is at the moment at which it is entered."""
    graph = network.graph
    street = graph.street[np.array(edges)]
    length_m, is_backward = graph.length_m[street], graph.is_backward[np.array(edges)]
    begin_m, end_m = np.where(is_backward, length_m, 0.0), np.where(is_backward, 0.0, length_m)
    begin_m[0], end_m[-1] = from_m, to_m
    turn_s = [*(_turn_s(network, come, go) for come, go in pairwise(edges)), 0.0]
    begins_s, ends_s = np.zeros(len(edges)), np.zeros(len(edges))
    now_s = 0.0
    for number, edge in enumerate(edges):
        share = abs(end_m[number] - begin_m[number]) / max(length_m[number], 0.01)
        factor = factor_of(edge, departs_at + timedelta(seconds=now_s)) * luck
        begins_s[number] = now_s
        ends_s[number] = now_s + share * graph.time_ms[edge] / 1_000 * factor
        now_s = ends_s[number] + turn_s[number]
    return TrueDrive(
        graph=graph, departs_at=departs_at, street=street, from_m=begin_m, to_m=end_m,
        begins_s=begins_s, ends_s=ends_s,
    )  # fmt: skip


def _turn_s(network: Network, come: int, go: int) -> float:
    """What it costs to get from one edge into the next: the junction's own time, which traffic does not change."""
    steps = network.forward
    row = slice(steps.first[come], steps.first[come + 1])
    costs = steps.turn_cost[row][steps.neighbour[row] == go]
    return float(costs.min()) / MS / 1_000 if len(costs) else 0.0
