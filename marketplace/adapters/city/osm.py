"""Imports any OpenStreetMap extract as a city pack: the streets a car may drive, with limits, one-ways and banned
turns.

`doorstep geo import city.osm.pbf` ends here. Ways are cut where they meet, at barriers and at their ends; what cars
are not let onto is left out.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import osmium

from marketplace.adapters.city.draft import CityDraft, SegmentDraft
from marketplace.adapters.city.osm_tags import is_barrier, is_for_cars, one_way_direction, speed_kmh
from marketplace.adapters.city.osm_turns import TurnRule, banned_turns, read_turn_rule
from marketplace.adapters.city.pack import OSM_ATTRIBUTION, OSM_LICENCE, BadCityPack, CityPack
from marketplace.adapters.city.progress import Progress, tell_nobody
from marketplace.adapters.city.road_classes import RoadClass, road_class_of


@dataclass(slots=True)
class _Way:
    """A drivable way as it stands in the extract."""

    number: int
    road_class: RoadClass
    direction: int
    speed_kmh: float
    name: str
    nodes: list[int]
    places: list[tuple[float, float]]


@dataclass(slots=True)
class _Extract:
    """What one pass over the extract collects."""

    ways: list[_Way] = field(default_factory=list)
    signals: set[int] = field(default_factory=set)
    barriers: set[int] = field(default_factory=set)
    rules: list[TurnRule] = field(default_factory=list)


def import_osm(
    path: Path,
    folder: Path,
    *,
    name: str,
    drives_on_right: bool = True,
    on_progress: Progress | None = None,
) -> CityPack:
    """Makes a city pack in `folder` out of an extract such as `city.osm.pbf`; blocks while it works."""
    report = on_progress or tell_nobody
    report("reading the extract", 0.0)
    extract = _read(path)
    report(f"cutting {len(extract.ways)} ways into streets", 0.6)
    draft = _cut(extract)
    report(f"writing {len(draft.segments)} pieces of street", 0.85)
    pack = draft.save(
        folder,
        name=name,
        source=f"OpenStreetMap extract {path.name}",
        licence=OSM_LICENCE,
        attribution=OSM_ATTRIBUTION,
        drives_on_right=drives_on_right,
        source_sha256=_checksum(path),
    )
    report("the city is ready", 1.0)
    return pack


def _read(path: Path) -> _Extract:
    extract = _Extract()
    try:
        objects = osmium.FileProcessor(str(path)).with_locations()
        for thing in objects.with_filter(
            osmium.filter.KeyFilter("highway", "barrier", "restriction", "restriction:motorcar")
        ):
            tags = {tag.k: tag.v for tag in thing.tags}
            if isinstance(thing, osmium.osm.Node):
                _note_node(extract, thing.id, tags)
            elif isinstance(thing, osmium.osm.Way):
                _note_way(extract, thing, tags)
            elif isinstance(thing, osmium.osm.Relation):
                members = [(member.role, member.type, member.ref) for member in thing.members]
                rule = read_turn_rule(tags, members)
                extract.rules.extend([rule] if rule else [])
    except (RuntimeError, OSError) as error:
        raise BadCityPack(f"{path} cannot be read as an OpenStreetMap extract: {error}") from error
    return extract


def _note_node(extract: _Extract, number: int, tags: Mapping[str, str]) -> None:
    if tags.get("highway") == "traffic_signals":
        extract.signals.add(number)
    if is_barrier(tags):
        extract.barriers.add(number)


def _note_way(extract: _Extract, way: osmium.osm.Way, tags: Mapping[str, str]) -> None:
    road_class = road_class_of(tags.get("highway", ""))
    if road_class is None or not is_for_cars(tags):
        return
    nodes = [node for node in way.nodes if node.location.valid()]  # an extract may cut a way off at its border
    extract.ways.append(
        _Way(
            number=way.id,
            road_class=road_class,
            direction=one_way_direction(tags, road_class),
            speed_kmh=speed_kmh(tags, road_class),
            name=tags.get("name", "").strip(),
            nodes=[node.ref for node in nodes],
            places=[(node.location.lat, node.location.lon) for node in nodes],
        )
    )


def _cut(extract: _Extract) -> CityDraft:
    """Cuts the ways wherever another begins, ends or crosses, and at barriers, whose two sides stay apart."""
    uses = Counter(node for way in extract.ways for node in way.nodes)
    draft = CityDraft(signal_nodes={(node, 0, 0) for node in extract.signals})
    ends: dict[int, tuple[int, int, int]] = {}
    for way in extract.ways:
        for start, end in _pieces(way, uses, extract.barriers):
            begin_node, end_node = (way.nodes[start], way.nodes[end])
            ends[len(draft.segments)] = (way.number, begin_node, end_node)
            draft.segments.append(_segment(way, start, end, extract.barriers))
    draft.banned_turns = [(come, (node, 0, 0), go) for come, node, go in banned_turns(extract.rules, ends)]
    return draft


def _pieces(way: _Way, uses: Counter[int], barriers: set[int]) -> Iterator[tuple[int, int]]:
    last = len(way.nodes) - 1
    cuts = [index for index, node in enumerate(way.nodes) if index in {0, last} or uses[node] > 1 or node in barriers]
    return pairwise(cuts)


def _segment(way: _Way, start: int, end: int, barriers: set[int]) -> SegmentDraft:
    nodes = [_node(way, start, barriers, 2 * start + 1), _node(way, end, barriers, 2 * end)]
    shape, numbers = way.places[start : end + 1], way.nodes[start : end + 1]
    if way.direction < 0:
        nodes.reverse()
        shape, numbers = shape[::-1], numbers[::-1]
    return SegmentDraft(
        start=nodes[0],
        end=nodes[1],
        road_class=way.road_class,
        is_one_way=way.direction != 0,
        speed_kmh=way.speed_kmh,
        name=way.name,
        shape=shape,
        osm_nodes=tuple(numbers),
    )


def _node(way: _Way, index: int, barriers: set[int], side: int) -> tuple[int, int, int]:
    """A node's name in the draft: each piece of street that ends at a barrier ends at a place of its own."""
    node = way.nodes[index]
    return (node, way.number, side) if node in barriers else (node, 0, 0)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
