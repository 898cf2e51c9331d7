"""CityDraft: what an import collects about a city, and how it becomes a CityPack.

Every source (the default city, an OpenStreetMap extract, the generated grid) only fills a draft; the rules that make
the streets usable are here, once: nothing of zero length, one main network, zones by the middle of each piece of
street.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.adapters.city.pack import DEGREES, BadCityPack, CityArrays, CityMeta, CityPack, save_city_pack
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.city.zones import ZoneDraft, flatten_zones, zones_of_points

Name = TypeVar("Name", bound=Hashable)
Line = Sequence[tuple[float, float]]
"""(latitude, longitude) pairs."""

MAX_CITY_SPAN_DEGREES = 3.0
"""A city pack covers a city and its surroundings; a country belongs on a routing server (`ROUTER_URL`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDraft:
    """A piece of street between two nodes, as found in a source; the nodes are the source's own names for them."""

    start: Hashable
    end: Hashable
    road_class: RoadClass
    is_one_way: bool
    speed_kmh: float
    name: str
    shape: Line
    osm_nodes: tuple[int, ...] = ()
    """OpenStreetMap's numbers of the points of the shape; none where the source has none."""


@dataclass(slots=True, kw_only=True)
class CityDraft:
    """A city while it is being read."""

    segments: list[SegmentDraft] = field(default_factory=list)
    zones: list[ZoneDraft] = field(default_factory=list)
    signal_nodes: set[Hashable] = field(default_factory=set)
    banned_turns: list[tuple[int, Hashable, int]] = field(default_factory=list)  # segment, node, segment

    def save(
        self,
        folder: Path,
        *,
        name: str,
        source: str,
        licence: str,
        attribution: str,
        is_generated: bool = False,
        drives_on_right: bool = True,
        source_sha256: str | None = None,
    ) -> CityPack:
        """Keeps the streets that can all be reached from each other and writes them as a pack."""
        kept = self._connected_segments()
        arrays = self._arrays(kept)
        lat, lon = arrays.lat_e7 * DEGREES, arrays.lon_e7 * DEGREES
        south, west, north, east = (round(float(edge), 7) for edge in (lat.min(), lon.min(), lat.max(), lon.max()))
        if north - south > MAX_CITY_SPAN_DEGREES or east - west > 2 * MAX_CITY_SPAN_DEGREES:
            raise BadCityPack("the streets span more than a city: cut the extract, or run a routing server for it")

        meta = CityMeta(
            name=name, source=source, licence=licence, attribution=attribution, source_sha256=source_sha256,
            is_generated=is_generated, drives_on_right=drives_on_right, south=south, west=west, north=north, east=east,
        )  # fmt: skip
        return save_city_pack(folder, meta, arrays)

    def _connected_segments(self) -> list[int]:
        """The largest set of streets in which every one can be driven to from every other."""
        nodes = _numbered(node for segment in self.segments for node in (segment.start, segment.end))
        starts = np.array([nodes[segment.start] for segment in self.segments], np.int32)
        ends = np.array([nodes[segment.end] for segment in self.segments], np.int32)
        two_way = np.array([not segment.is_one_way for segment in self.segments], bool)
        if not len(starts):
            raise BadCityPack("there is no street in it that a car may drive")

        rows, columns = np.concatenate([starts, ends[two_way]]), np.concatenate([ends, starts[two_way]])
        # Late, because a server reads packs and never imports a city: scipy is dear to load.
        label: Whole = import_module("marketplace.adapters.city.linked").groups_of_junctions(len(nodes), rows, columns)
        inside = (label[starts] == label[ends]) & self._has_length()
        if not inside.any():
            raise BadCityPack("no two of its streets can be driven both ways: the extract is too small")
        main = np.bincount(label[starts[inside]]).argmax()
        return [int(index) for index in np.flatnonzero(inside & (label[starts] == main))]

    def _has_length(self) -> Flags:
        """A loop of no length is a mistake of the source; between two junctions it may hold streets together."""
        return np.array([s.start != s.end or len(set(s.shape)) > 1 for s in self.segments], bool)

    def _arrays(self, kept: list[int]) -> CityArrays:
        segments = [self.segments[index] for index in kept]
        nodes = _numbered(node for segment in segments for node in (segment.start, segment.end))
        names = _numbered(segment.name for segment in segments if segment.name)
        new_index = {old: new for new, old in enumerate(kept)}
        banned = [
            (new_index[from_segment], nodes[node], new_index[to_segment])
            for from_segment, node, to_segment in self.banned_turns
            if from_segment in new_index and to_segment in new_index and node in nodes
        ]
        zones = flatten_zones(self.zones)
        shape = np.array([pair for segment in segments for pair in segment.shape], np.float64)
        shape_start = np.cumsum([0, *(len(segment.shape) for segment in segments)])
        return CityArrays(
            start_node=np.array([nodes[segment.start] for segment in segments], np.int32),
            end_node=np.array([nodes[segment.end] for segment in segments], np.int32),
            road_class=np.array([segment.road_class for segment in segments], np.int32),
            is_one_way=np.array([segment.is_one_way for segment in segments], bool),
            speed_kmh=np.array([segment.speed_kmh for segment in segments], np.float64),
            name_index=np.array([names.get(segment.name, -1) for segment in segments], np.int32),
            zone_index=zones_of_points(zones, *_middles(shape, shape_start)),
            shape_start=shape_start,
            lat_e7=stored_degrees(shape[:, 0]),
            lon_e7=stored_degrees(shape[:, 1]),
            has_signals=np.array([node in self.signal_nodes for node in nodes], bool),
            banned_turns=np.array(banned, np.int32).reshape(-1, 3),
            names_utf8=np.frombuffer("\n".join(names).encode("utf-8"), np.uint8),
            zone_population=zones.population,
            zone_rings=zones.rings,
            ring_start=zones.ring_start,
            ring_lat_e7=stored_degrees(zones.lat),
            ring_lon_e7=stored_degrees(zones.lon),
            osm_node=np.array([node for segment in segments for node in segment.osm_nodes], np.int64),
        )


def stored_degrees(degrees: Real) -> Whole:
    """Degrees as the whole numbers that a pack stores."""
    return np.asarray(np.rint(degrees / DEGREES), np.int32)


def _middles(shape: Real, shape_start: Whole) -> tuple[Real, Real]:
    """A point in the middle of each segment's list of points: good enough to tell its zone."""
    first = (shape_start[:-1] + shape_start[1:] - 1) // 2
    second = (shape_start[:-1] + shape_start[1:]) // 2
    middle = (shape[first] + shape[second]) / 2
    return middle[:, 0], middle[:, 1]


def _numbered(names: Iterable[Name]) -> dict[Name, int]:
    return {name: index for index, name in enumerate(dict.fromkeys(names))}
