"""Streets for a map: GeoJSON of a part of the city, main roads alone or all, with names and classes."""

from collections import defaultdict
from enum import StrEnum
from typing import Any

import numpy as np

from marketplace.adapters.city.arrays import Whole
from marketplace.adapters.city.pack import DEGREES, CityPack
from marketplace.adapters.city.road_classes import MAIN_ROADS, RoadClass
from marketplace.core.errors import Invalid

DECIMALS = 5
"""About a metre: finer than a map's line is wide."""


class Detail(StrEnum):
    """How much of the street network a map asks for."""

    MAIN = "main"
    ALL = "all"


class BadMapArea(Invalid):
    """A bounding box that is none."""

    code = "BAD_MAP_AREA"


Area = tuple[float, float, float, float]
"""West, south, east, north, as GeoJSON orders a bounding box."""


def streets_geojson(pack: CityPack, *, area: Area | None = None, detail: Detail = Detail.ALL) -> dict[str, Any]:
    """The city's streets as a GeoJSON FeatureCollection: a feature for each name and class, main roads last."""
    lines: dict[tuple[int, int], list[list[list[float]]]] = defaultdict(list)
    arrays = pack.arrays
    lat, lon = (arrays.lat_e7 * DEGREES).round(DECIMALS), (arrays.lon_e7 * DEGREES).round(DECIMALS)
    for segment in _chosen(pack, area, detail).tolist():
        part = slice(arrays.shape_start[segment], arrays.shape_start[segment + 1])
        line = np.column_stack([lon[part], lat[part]]).tolist()
        lines[int(arrays.road_class[segment]), int(arrays.name_index[segment])].append(line)
    return {
        "type": "FeatureCollection",
        "attribution": pack.meta.attribution,
        "licence": pack.meta.licence,
        "features": [
            {
                "type": "Feature",
                "properties": {"name": pack.names[name] if name >= 0 else "", "class": RoadClass(kind).name.lower()},
                "geometry": {"type": "MultiLineString", "coordinates": parts},
            }
            for (kind, name), parts in sorted(lines.items(), reverse=True)
        ],
    }


def _chosen(pack: CityPack, area: Area | None, detail: Detail) -> Whole:
    arrays = pack.arrays
    keep = np.ones(pack.segment_count, bool)
    if detail is Detail.MAIN:
        keep &= np.isin(arrays.road_class, [int(road_class) for road_class in MAIN_ROADS])
    if area is not None:
        west, south, east, north = area
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise BadMapArea(
                "an area is west, south, east, north in degrees, west < east and south < north", field="area"
            )
        starts = arrays.shape_start[:-1]
        keep &= np.maximum.reduceat(arrays.lat_e7, starts) * DEGREES >= south
        keep &= np.minimum.reduceat(arrays.lat_e7, starts) * DEGREES <= north
        keep &= np.maximum.reduceat(arrays.lon_e7, starts) * DEGREES >= west
        keep &= np.minimum.reduceat(arrays.lon_e7, starts) * DEGREES <= east
    return np.flatnonzero(keep)
