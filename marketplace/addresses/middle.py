"""The middle of where drivers have handed over at one address: a median, without those who were elsewhere. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.core.geo import Point, straight_line_m

FEWEST_VISITS = 3
"""Fewer than so many say too little; a corrected pin counts as several."""
OUTLIER_M = 80.0
"""Who reports from further off the first middle was not at the door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A place and how much it counts."""

    point: Point
    weight: int


def middle_of(visits: Sequence[Visit]) -> Point | None:
    """The weighted median of the places near their own median; None while they are too few or too scattered."""
    if _weight(visits) < FEWEST_VISITS:
        return None
    first = _median(visits)
    near = [visit for visit in visits if straight_line_m(visit.point, first) <= OUTLIER_M]
    if _weight(near) < FEWEST_VISITS:
        return None
    return _median(near)


def _weight(visits: Sequence[Visit]) -> int:
    return sum(visit.weight for visit in visits)


def _median(visits: Sequence[Visit]) -> Point:
    lats = sorted(visit.point.lat for visit in visits for _ in range(visit.weight))
    lons = sorted(visit.point.lon for visit in visits for _ in range(visit.weight))
    return Point(lat=_middle(lats), lon=_middle(lons))


def _middle(values: Sequence[float]) -> float:
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
