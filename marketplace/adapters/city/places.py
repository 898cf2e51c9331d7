"""Made-up addresses on real streets: where people live, a house beside the road, a street name and a number.

Demand for the demo and for simulations is drawn here. A zone is chosen by its population, then a piece of street in
it by its length, then a house along it; the same `random.Random` gives the same houses.
"""

import math
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from random import Random

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real
from marketplace.adapters.city.distances import metres_between
from marketplace.adapters.city.pack import DEGREES, BadCityPack, CityPack
from marketplace.adapters.city.road_classes import LIVED_ON
from marketplace.core.geo import EARTH_RADIUS_M, Point

FRONT_YARD_M = (6.0, 18.0)
"""A house stands this far from the middle of its road."""

LOT_M = 8.0
"""One house number every so many metres on each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A made-up address: the street is real (in a real city), the house is not."""

    point: Point
    street: str
    house_number: int
    zone: int  # -1: in no zone

    @property
    def address(self) -> str:
        """The address as one would write it on a parcel."""
        return f"{self.street} {self.house_number}"


class PlaceSampler:
    """Draws addresses of one city; made once for a pack, then drawn from as often as one likes."""

    def __init__(self, pack: CityPack) -> None:
        """Weighs every street people live on: by the population around it, or by its length where none is known."""
        self._pack = pack
        self._length_m = _segment_lengths(pack)
        weight = _weights(pack, self._length_m)
        self._segments = np.flatnonzero(weight > 0).tolist()
        if not self._segments:
            raise BadCityPack("no street of this city has both a name and houses; no address can be drawn")
        self._climb = list(accumulate(weight[self._segments].tolist()))

    def draw_place(self, random: Random) -> Place:
        """Draws one address."""
        segment = self._segments[bisect(self._climb, random.random() * self._climb[-1], 0, len(self._climb) - 1)]
        at_m = random.random() * float(self._length_m[segment])
        is_left = random.random() < 0.5
        beside_m = random.uniform(*FRONT_YARD_M)
        return Place(
            point=self._beside(segment, at_m, -beside_m if is_left else beside_m),
            street=self._pack.name_of(segment),
            house_number=100 * (1 + segment % 40) + 2 * int(at_m / LOT_M) + is_left,
            zone=int(self._pack.arrays.zone_index[segment]),
        )

    def draw_places(self, random: Random, count: int) -> list[Place]:
        """Draws many addresses."""
        return [self.draw_place(random) for _ in range(count)]

    def _beside(self, segment: int, at_m: float, right_m: float) -> Point:
        """The place `at_m` metres along a piece of street and `right_m` to its right."""
        lat, lon = self._pack.shape_of(segment)
        step_m = metres_between(lat[:-1], lon[:-1], lat[1:], lon[1:])
        reached_m = np.concatenate([[0.0], np.cumsum(step_m)])
        line = min(int(np.searchsorted(reached_m, at_m, side="right")), len(step_m)) - 1
        share = (at_m - reached_m[line]) / step_m[line] if step_m[line] > 0 else 0.0
        metre = math.radians(1.0) * EARTH_RADIUS_M  # metres in a degree of latitude
        metre_east = metre * math.cos(math.radians(float(lat[line])))
        north_m, east_m = (lat[line + 1] - lat[line]) * metre, (lon[line + 1] - lon[line]) * metre_east
        long_m = math.hypot(north_m, east_m) or 1.0
        return Point(
            lat=round(float(lat[line] + share * (lat[line + 1] - lat[line]) - right_m * east_m / long_m / metre), 6),
            lon=round(
                float(lon[line] + share * (lon[line + 1] - lon[line]) + right_m * north_m / long_m / metre_east), 6
            ),
        )


def _segment_lengths(pack: CityPack) -> Real:
    arrays = pack.arrays
    lat, lon = arrays.lat_e7 * DEGREES, arrays.lon_e7 * DEGREES
    step_m = np.append(metres_between(lat[:-1], lon[:-1], lat[1:], lon[1:]), 0.0)
    step_m[arrays.shape_start[1:] - 1] = 0.0  # from one segment's end to the next one's start nobody drives
    return np.add.reduceat(step_m, arrays.shape_start[:-1])


def _weights(pack: CityPack, length_m: Real) -> Real:
    arrays = pack.arrays
    has_houses: Flags = np.isin(arrays.road_class, [int(road_class) for road_class in LIVED_ON]) & (
        arrays.name_index >= 0
    )
    weight = np.where(has_houses, length_m, 0.0)
    if pack.population <= 0:
        return weight
    in_zone = arrays.zone_index >= 0
    zone = np.maximum(arrays.zone_index, 0)
    street_m = np.bincount(zone, weights=np.where(in_zone, weight, 0.0), minlength=len(arrays.zone_population))
    share = np.where(street_m > 0, arrays.zone_population / np.where(street_m > 0, street_m, 1.0), 0.0)
    return np.where(in_zone, weight * share[zone], 0.0)
