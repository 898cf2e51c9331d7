"""Zones of a city with the people who live in them: what makes made-up demand look like the city's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.adapters.city.pack import DEGREES, CityPack

Ring = Sequence[tuple[float, float]]
"""(latitude, longitude) pairs around an area; a ring inside another is a hole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDraft:
    """An area of a city and its population, as found in a source."""

    population: float
    rings: Sequence[Ring]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatZones:
    """Zones as flat arrays: zone i owns rings `rings[i]` to `rings[i + 1]`, ring r begins at `ring_start[r]`."""

    population: Real
    rings: Whole
    ring_start: Whole
    lat: Real
    lon: Real

    def rings_of(self, zone: int) -> list[tuple[Real, Real]]:
        """The latitudes and longitudes of each ring of a zone."""
        starts = self.ring_start[self.rings[zone] : self.rings[zone + 1] + 1]
        return [(self.lat[a:b], self.lon[a:b]) for a, b in pairwise(starts)]


def zones_of(pack: CityPack) -> FlatZones:
    """The zones that a city pack holds."""
    arrays = pack.arrays
    return FlatZones(
        population=arrays.zone_population,
        rings=arrays.zone_rings,
        ring_start=arrays.ring_start,
        lat=arrays.ring_lat_e7 * DEGREES,
        lon=arrays.ring_lon_e7 * DEGREES,
    )


def flatten_zones(zones: Sequence[ZoneDraft]) -> FlatZones:
    """Lays drafts out as flat arrays."""
    rings = [ring for zone in zones for ring in zone.rings]
    points = np.array([point for ring in rings for point in ring], np.float64).reshape(-1, 2)
    return FlatZones(
        population=np.array([zone.population for zone in zones], np.float64),
        rings=np.cumsum([0, *(len(zone.rings) for zone in zones)], dtype=np.int64),
        ring_start=np.cumsum([0, *(len(ring) for ring in rings)], dtype=np.int64),
        lat=points[:, 0],
        lon=points[:, 1],
    )


def zones_of_points(zones: FlatZones, lat: Real, lon: Real) -> Whole:
    """The index of the zone that holds each point; -1 for none, the first of several."""
    found = np.full(len(lat), -1, np.int32)
    for zone in range(len(zones.population)):
        rings = zones.rings_of(zone)
        south, north = min(r[0].min() for r in rings), max(r[0].max() for r in rings)
        west, east = min(r[1].min() for r in rings), max(r[1].max() for r in rings)
        near = np.flatnonzero((found < 0) & (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east))
        found[near[_is_inside(rings, lat[near], lon[near])]] = zone
    return found


def _is_inside(rings: list[tuple[Real, Real]], lat: Real, lon: Real) -> Flags:
    """Counts how often a line drawn east from each point crosses the rings: inside means an odd number."""
    inside = np.zeros(len(lat), bool)
    for ring_lat, ring_lon in rings:
        for a_lat, a_lon, b_lat, b_lon in zip(
            ring_lat, ring_lon, np.roll(ring_lat, -1), np.roll(ring_lon, -1), strict=True
        ):
            if a_lat == b_lat:
                continue
            spans = (a_lat > lat) != (b_lat > lat)
            inside ^= spans & (lon < a_lon + (lat - a_lat) * (b_lon - a_lon) / (b_lat - a_lat))
    return inside
