"""Where a shipper is served, as a value: polygons with holes, and the cells that answer most questions at once.

A place in a cell that lies wholly inside is inside, one in a cell that the area does not touch is outside; only for the
cells along its edge the rings themselves are asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import h3
import numpy as np
import numpy.typing as npt
import orjson

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point

POLYGONS_AT_MOST, CORNERS_AT_MOST = 50, 1_000
WIDEST_DEGREES = 3.0
"""About three hundred kilometres: a market is a city and what lies around it."""
RESOLUTION = 7
"""H3 resolution of the cells that are looked at first, about 5 km²: an area has some thousands of them at most."""

Position = tuple[float, float]
"""Longitude and latitude, in the order of GeoJSON."""
Ring = Sequence[Position]
Numbers = npt.NDArray[np.float64]


class BadServiceArea(Invalid):
    """GeoJSON that is no area, or one too large or too fine."""

    code = "BAD_SERVICE_AREA"


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """Polygons, each an outer ring and its holes, and the cells inside and along the edge."""

    polygons: Sequence[Sequence[Ring]]
    inside: frozenset[str]
    edge: frozenset[str]

    def holds(self, place: Point) -> bool:
        """Whether a place lies in the area."""
        cell = str(h3.latlng_to_cell(place.lat, place.lon, RESOLUTION))
        if cell in self.inside:
            return True
        return cell in self.edge and is_within(self.polygons, place)


def is_within(polygons: Sequence[Sequence[Ring]], place: Point) -> bool:
    """Whether a place lies in one of the polygons and in none of its holes, by the rings alone."""
    return any(_in_ring(rings[0], place) and not any(_in_ring(hole, place) for hole in rings[1:]) for rings in polygons)


def read_area(geojson: Mapping[str, Any]) -> ServiceArea:
    """The area of a GeoJSON Polygon or MultiPolygon; refuses rings that are open, cross themselves or are too many."""
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in {"Polygon", "MultiPolygon"} or not isinstance(coordinates, list):
        raise BadServiceArea("an area is a GeoJSON Polygon or MultiPolygon", field="area")
    found = [coordinates] if kind == "Polygon" else coordinates
    if not 1 <= len(found) <= POLYGONS_AT_MOST:
        raise BadServiceArea(f"an area has 1 to {POLYGONS_AT_MOST} polygons", field="area")
    polygons = [_read_polygon(polygon) for polygon in found]
    corners = [position for polygon in polygons for ring in polygon for position in ring]
    if len(corners) > CORNERS_AT_MOST:
        raise BadServiceArea(f"an area has at most {CORNERS_AT_MOST} corners", field="area")
    spread = np.ptp(np.asarray(corners), axis=0)
    if max(spread) > WIDEST_DEGREES:
        raise BadServiceArea(f"an area is at most {WIDEST_DEGREES:g} degrees wide and high", field="area")
    for polygon in polygons:
        _check_polygon(polygon)
        if all(_turn_of(polygon[0], number) == 0 for number in range(1, len(polygon[0]) - 1)):
            raise BadServiceArea("a polygon encloses something", field="area")
    return _with_cells(polygons)


@lru_cache(maxsize=500)
def kept_area(text: str) -> ServiceArea:
    """The area of a kept row, read once for each version: a version never changes."""
    return read_area(orjson.loads(text))


def _read_polygon(rings: object) -> list[list[Position]]:
    if not isinstance(rings, list) or not 1 <= len(rings) <= CORNERS_AT_MOST:
        raise BadServiceArea("a polygon is a list of rings: the outer one, then its holes", field="area")
    return [_read_ring(ring) for ring in rings]


def _read_ring(ring: object) -> list[Position]:
    if not isinstance(ring, list) or not 4 <= len(ring) <= CORNERS_AT_MOST:
        raise BadServiceArea(f"a ring has 4 to {CORNERS_AT_MOST} positions", field="area")
    read = [_read_position(position) for position in ring]
    if read[0] != read[-1]:
        raise BadServiceArea("a ring ends where it began", field="area")
    return read


def _read_position(position: object) -> Position:
    if not isinstance(position, list) or len(position) != 2 or not all(type(one) in {int, float} for one in position):
        raise BadServiceArea("a position is longitude and latitude, two numbers", field="area")
    lon, lat = float(position[0]), float(position[1])
    if not (-180 <= lon <= 180 and -85 <= lat <= 85):
        raise BadServiceArea("a position is within 180 degrees of longitude and 85 of latitude", field="area")
    return lon, lat


def _check_polygon(rings: Sequence[Ring]) -> None:
    if _has_crossing(rings):
        raise BadServiceArea("the rings of a polygon cross or touch neither themselves nor one another", field="area")
    for hole in rings[1:]:
        lon, lat = hole[0]
        if not _in_ring(rings[0], Point(lat=lat, lon=lon)):
            raise BadServiceArea("a hole lies inside its polygon", field="area")


def _has_crossing(rings: Sequence[Ring]) -> bool:
    """Whether two sides of a polygon meet anywhere but at the corner that they share."""
    sides = np.asarray([(*a, *b) for ring in rings for a, b in pairwise(ring)])
    if (sides[:, :2] == sides[:, 2:]).all(axis=1).any():
        return True
    begins, lasts = 0, dict[int, int]()
    for ring in rings:
        lasts[begins] = begins + len(ring) - 2
        begins += len(ring) - 1
    for i in range(len(sides) - 1):
        # The next side of the ring begins where this one ends, and its last one ends where the first began.
        meets = _meets(sides[i], sides[i + 1 :])
        meets[0] &= i + 1 in lasts
        if i in lasts:
            meets[lasts[i] - i - 1] = False
        if meets.any():
            return True
    return False


def _meets(side: Numbers, others: Numbers) -> npt.NDArray[np.bool_]:
    """Which of the other sides a side touches or crosses."""
    a, b, c, d = side[:2], side[2:], others[:, :2], others[:, 2:]
    abc, abd = _turn(a, b, c), _turn(a, b, d)
    cda, cdb = _turn(c, d, a), _turn(c, d, b)
    overlap = (np.minimum(c, d) <= np.maximum(a, b)).all(axis=1) & (np.minimum(a, b) <= np.maximum(c, d)).all(axis=1)
    crosses: npt.NDArray[np.bool_] = overlap & (abc * abd <= 0) & (cda * cdb <= 0)
    return crosses


def _turn_of(ring: Ring, number: int) -> float:
    a, b, c = (np.asarray(ring[one]) for one in (number - 1, number, number + 1))
    return float(_turn(a, b, c))


def _turn(a: Numbers, b: Numbers, c: Numbers) -> Numbers:
    """On which side of the line from a to b the point c lies: above nothing on its left."""
    turn: Numbers = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
        c[..., 0] - a[..., 0]
    )
    return np.sign(turn)


def _in_ring(ring: Ring, place: Point) -> bool:
    """Counts how often a line to the east crosses the ring."""
    is_inside = False
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(ring):
        if (lat_a > place.lat) != (lat_b > place.lat):
            crossing = lon_a + (place.lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
            if place.lon < crossing:
                is_inside = not is_inside
    return is_inside


def _with_cells(polygons: Sequence[Sequence[Ring]]) -> ServiceArea:
    touched, inside = set[str](), set[str]()
    for rings in polygons:
        outline = [[(lat, lon) for lon, lat in ring] for ring in rings]
        shape = h3.LatLngPoly(outline[0], *outline[1:])
        touched.update(h3.h3shape_to_cells_experimental(shape, RESOLUTION, contain="bbox_overlap"))
        inside.update(h3.h3shape_to_cells_experimental(shape, RESOLUTION, contain="full"))
    return ServiceArea(polygons=polygons, inside=frozenset(inside), edge=frozenset(touched - inside))
