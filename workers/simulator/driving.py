"""Where a simulated vehicle is at which moment: on the streets of a leg, as fast as the plan says it drives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from marketplace.core.geo import Point, straight_line_m
from workers.traffic import TrueDrive

SET_OFF_S = 90.0
STRAIGHT_M_PER_S = 11.0
"""How a drive is estimated where the plan does not say: some time in side streets, then this fast as the crow flies.

Fitted to legs of the demo's city between 0.5 and 16 km.
"""
SHORTEST_DRIVE_S = 20.0


WAY_BEGINS_WITHIN_M = 250.0
"""A way that begins further from where the vehicle is leads from elsewhere, and is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One drive from a place to another, between two moments of market time, along a way where one is known."""

    origin: Point
    target: Point
    departs_at: datetime
    arrives_at: datetime
    way: Sequence[Point] = ()
    drive: TrueDrive | None = None
    """How it goes through traffic that only the streets know of."""

    def place_at(self, moment: datetime) -> Point:
        """Where the vehicle is then: at the origin before the departure, at the target after the arrival."""
        if self.drive is not None and self.departs_at < moment < self.arrives_at:
            return self.drive.place_at(moment)
        lasts_s = (self.arrives_at - self.departs_at).total_seconds()
        gone_s = (moment - self.departs_at).total_seconds()
        share = 1.0 if lasts_s <= 0 else min(1.0, max(0.0, gone_s / lasts_s))
        return _along((self.origin, *self.way, self.target), share)

    def samples(self, after: datetime, until: datetime, *, every_s: float) -> list[tuple[datetime, Point]]:
        """The moments and places between two moments, `every_s` apart; the end is always the last of them."""
        samples, moment, step = [], after + timedelta(seconds=every_s), timedelta(seconds=every_s)
        while moment < until:
            samples.append((moment, self.place_at(moment)))
            moment += step
        return [*samples, (until, self.place_at(until))]


def way_from(here: Point, way: Sequence[Point]) -> Sequence[Point]:
    """The way, if it begins where the vehicle is; none otherwise."""
    return way if way and straight_line_m(here, way[0]) <= WAY_BEGINS_WITHIN_M else ()


def _along(line: Sequence[Point], share: float) -> Point:
    """The place on a line after that share of its length."""
    lengths = [straight_line_m(begin, end) for begin, end in pairwise(line)]
    left = share * sum(lengths)
    for (begin, end), length in zip(pairwise(line), lengths, strict=True):
        if length > 0 and left <= length:
            part = left / length
            return Point(
                lat=begin.lat + part * (end.lat - begin.lat),
                lon=begin.lon + part * (end.lon - begin.lon),
            )
        left -= length
    return line[-1]


def planned_drive_s(here: Point, stop: dict[str, Any]) -> float:
    """How long the drive to a stop is planned to take.

    The leg of the plan starts at the stop before. Where the driver comes from elsewhere, to the first stop or past a
    skipped one, that leg is no measure; then the straight line has to do.
    """
    straight_m = straight_line_m(here, Point(lat=stop["lat"], lon=stop["lon"]))
    if stop["legS"] > 0 and stop["legM"] >= straight_m:
        return max(SHORTEST_DRIVE_S, float(stop["legS"]))
    return SET_OFF_S + straight_m / STRAIGHT_M_PER_S if straight_m > 0 else SHORTEST_DRIVE_S
