"""Where a simulated vehicle is at which moment: on the straight line of a leg, as fast as the plan says it drives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marketplace.core.geo import Point, straight_line_m

SET_OFF_S = 90.0
STRAIGHT_M_PER_S = 11.0
"""How a drive is estimated where the plan does not say: some time in side streets, then this fast as the crow flies.

Fitted to legs of the demo's city between 0.5 and 16 km.
"""
SHORTEST_DRIVE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One drive from a place to another, between two moments of market time."""

    origin: Point
    target: Point
    departs_at: datetime
    arrives_at: datetime

    def place_at(self, moment: datetime) -> Point:
        """Where the vehicle is then: at the origin before the departure, at the target after the arrival."""
        lasts_s = (self.arrives_at - self.departs_at).total_seconds()
        gone_s = (moment - self.departs_at).total_seconds()
        share = 1.0 if lasts_s <= 0 else min(1.0, max(0.0, gone_s / lasts_s))
        return Point(
            lat=self.origin.lat + share * (self.target.lat - self.origin.lat),
            lon=self.origin.lon + share * (self.target.lon - self.origin.lon),
        )

    def samples(self, after: datetime, until: datetime, *, every_s: float) -> list[tuple[datetime, Point]]:
        """The moments and places between two moments, `every_s` apart; the end is always the last of them."""
        samples, moment, step = [], after + timedelta(seconds=every_s), timedelta(seconds=every_s)
        while moment < until:
            samples.append((moment, self.place_at(moment)))
            moment += step
        return [*samples, (until, self.place_at(until))]


def planned_drive_s(here: Point, stop: dict[str, Any]) -> float:
    """How long the drive to a stop is planned to take.

    The leg of the plan starts at the stop before. Where the driver comes from elsewhere, to the first stop or past a
    skipped one, that leg is no measure; then the straight line has to do.
    """
    straight_m = straight_line_m(here, Point(lat=stop["lat"], lon=stop["lon"]))
    if stop["legS"] > 0 and stop["legM"] >= straight_m:
        return max(SHORTEST_DRIVE_S, float(stop["legS"]))
    return SET_OFF_S + straight_m / STRAIGHT_M_PER_S if straight_m > 0 else SHORTEST_DRIVE_S
