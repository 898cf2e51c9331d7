"""Places on the earth and the straight line between them."""

import math
from dataclasses import dataclass

import h3

from marketplace.core.errors import Invalid

EARTH_RADIUS_M = 6_371_008.8
CELL_RESOLUTION = 8
"""H3 resolution of stored cells: about 0.7 km², the grain of heat maps, surge and coarse areas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in WGS84 degrees; built by keyword, so that latitude and longitude never change places."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lat) and -90 <= self.lat <= 90):
            raise BadPoint("latitude must be between -90 and 90 degrees", field="lat")
        if not (math.isfinite(self.lon) and -180 <= self.lon <= 180):
            raise BadPoint("longitude must be between -180 and 180 degrees", field="lon")

    @property
    def cell(self) -> str:
        """The H3 cell of about 0.7 km² that holds this place: fine enough to plan with, too coarse to find a door."""
        return str(h3.latlng_to_cell(self.lat, self.lon, CELL_RESOLUTION))


class BadPoint(Invalid):
    """Coordinates that are no place on earth."""

    code = "BAD_POINT"


def straight_line_m(origin: Point, target: Point) -> float:
    """Great-circle metres between two places; never a travel distance, only a bound or a plausibility check."""
    lat_a, lat_b = math.radians(origin.lat), math.radians(target.lat)
    d_lat, d_lon = lat_b - lat_a, math.radians(target.lon - origin.lon)
    a = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(a)))


def cell_centre(cell: str) -> Point:
    """The middle of an H3 cell: what is shown where the exact place must stay private."""
    lat, lon = h3.cell_to_latlng(cell)
    return Point(lat=lat, lon=lon)


def cell_outline(cell: str) -> list[Point]:
    """The corners of an H3 cell, in order: what a map draws."""
    return [Point(lat=lat, lon=lon) for lat, lon in h3.cell_to_boundary(cell)]
