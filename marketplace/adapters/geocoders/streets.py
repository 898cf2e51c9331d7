"""StreetGeocoder: places from the names of the city pack's streets; the demo's geocoder, and its type-ahead.

It knows streets and no houses: its answers are the middle of a street. A street that is long leaves open where on it
the door is, and is answered with less confidence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.adapters.city import CityPack
from marketplace.adapters.city.arrays import Real
from marketplace.addresses import Candidate, Precision, normal_text, similarity
from marketplace.addresses.geocoder import LONGEST_TEXT, MOST_CANDIDATES
from marketplace.core.geo import Point, straight_line_m

LONG_STREET_M = 1_500.0
"""Along more than so much the middle of a street is no address."""
LEAST_PERCENT = 40
"""What is less alike than so is not worth showing."""
PREFIX_PERCENT = 90
HOUSE = re.compile(r" ?\b\d+\w?$")
"""A number at the end is that of a house, unless the street itself is called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """One name in the city: its middle, and how far its ends are from there."""

    name: str
    text: str
    middle: Point
    reach_m: float


class StreetGeocoder:
    """Answers from the streets of one city, in memory."""

    def __init__(self, pack: CityPack) -> None:
        """Gathers the names of the pack with their middles, which takes a moment for a large city."""
        self.name = f"streets:{pack.dataset}"
        self.streets = _streets_of(pack)

    async def forward(self, text: str, *, near: Point) -> Sequence[Candidate]:
        """At most five streets, the surest first and the nearer of equally sure ones before the further."""
        whole = normal_text(text[:LONGEST_TEXT])
        wanted = {words for words in (whole, HOUSE.sub("", whole)) if words}
        if not wanted:
            return []
        ranked = sorted(
            ((max(_likeness(words, street) for words in wanted), street) for street in self.streets),
            key=lambda one: (-one[0], straight_line_m(one[1].middle, near), one[1].name),
        )
        return [
            Candidate(
                point=street.middle,
                label=street.name,
                confidence_percent=round(percent * min(1.0, LONG_STREET_M / max(1.0, 2 * street.reach_m)) ** 0.5),
                precision=Precision.STREET,
            )
            for percent, street in ranked[:MOST_CANDIDATES]
            if percent >= LEAST_PERCENT
        ]

    async def aclose(self) -> None:
        """Has nothing to let go of."""


def _likeness(wanted: str, street: Street) -> float:
    if street.text == wanted:
        return 100.0
    if street.text.startswith(wanted):
        return float(PREFIX_PERCENT)
    return 100.0 * similarity(wanted, street.text)


def _streets_of(pack: CityPack) -> list[Street]:
    """Each name once, with the middle of the piece that is nearest to the middle of all its pieces."""
    arrays = pack.arrays
    starts, ends = arrays.shape_start[:-1], arrays.shape_start[1:]
    halves = (starts + ends) // 2
    lat, lon = arrays.lat_e7[halves] * 1e-7, arrays.lon_e7[halves] * 1e-7
    order = np.argsort(arrays.name_index, kind="stable")
    named = order[arrays.name_index[order] >= 0]
    groups = np.split(named, np.flatnonzero(np.diff(arrays.name_index[named])) + 1) if len(named) else []
    return [_street(pack.name_of(int(pieces[0])), lat[pieces], lon[pieces]) for pieces in groups]


def _street(name: str, lat: Real, lon: Real) -> Street:
    away = (lat - lat.mean()) ** 2 + ((lon - lon.mean()) * np.cos(np.radians(lat.mean()))) ** 2
    at = int(away.argmin())
    middle = Point(lat=float(lat[at]), lon=float(lon[at]))
    furthest = int(((lat - lat[at]) ** 2 + (lon - lon[at]) ** 2).argmax())
    reach_m = straight_line_m(middle, Point(lat=float(lat[furthest]), lon=float(lon[furthest])))
    return Street(name=name, text=normal_text(name), middle=middle, reach_m=reach_m)
