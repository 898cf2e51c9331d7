"""Small cities laid out in metres, so that a test can say how long a drive must take: 36 km/h is 10 m/s."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from marketplace.adapters.city.draft import CityDraft, SegmentDraft
from marketplace.adapters.city.pack import CityPack
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.city.zones import ZoneDraft
from marketplace.adapters.routers.engine import GraphEngine
from marketplace.core.geo import EARTH_RADIUS_M, Point

MONDAY_NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TEN_METRES_A_SECOND = 36.0
SOUTH, WEST = -30.0, -71.0
DEGREE_M = math.radians(1.0) * EARTH_RADIUS_M

Corner = tuple[float, float]
"""Metres east and north of the city's south-west corner."""


def at(east_m: float, north_m: float) -> Point:
    """The place so many metres east and north of the origin."""
    return Point(lat=SOUTH + north_m / DEGREE_M, lon=WEST + east_m / DEGREE_M / math.cos(math.radians(SOUTH)))


def street(
    name: str,
    *corners: Corner,
    road_class: RoadClass = RoadClass.RESIDENTIAL,
    one_way: bool = False,
    kmh: float = TEN_METRES_A_SECOND,
) -> list[SegmentDraft]:
    """A street from corner to corner; corners at the same place are the same junction."""
    places = [(at(*corner).lat, at(*corner).lon) for corner in corners]
    return [
        SegmentDraft(
            start=corners[index],
            end=corners[index + 1],
            road_class=road_class,
            is_one_way=one_way,
            speed_kmh=kmh,
            name=name,
            shape=places[index : index + 2],
        )
        for index in range(len(corners) - 1)
    ]


def build_city(
    folder: Path,
    *streets: list[SegmentDraft],
    zones: Iterable[ZoneDraft] = (),
    signals: Iterable[Corner] = (),
    banned_turns: Iterable[tuple[int, Corner, int]] = (),
    drives_on_right: bool = True,
) -> CityPack:
    """Writes a city of these streets; turns are banned by the numbers of the pieces of street, counted through."""
    draft = CityDraft(
        segments=[segment for pieces in streets for segment in pieces],
        zones=list(zones),
        signal_nodes=set(signals),
        banned_turns=list(banned_turns),
    )
    return draft.save(
        folder,
        name="Small City",
        source="a test",
        licence="none",
        attribution="nobody",
        is_generated=True,
        drives_on_right=drives_on_right,
    )


def drive(engine: GraphEngine, source: Point, target: Point) -> tuple[int, int]:
    """Seconds and metres from one place to another, after checking that matrix and journey agree."""
    matrix = engine.matrix([source], [target], depart_at=MONDAY_NOON)
    (leg,) = engine.legs([source, target], depart_at=MONDAY_NOON).legs
    cell = int(matrix.durations_s[0, 0]), int(matrix.distances_m[0, 0])
    assert (leg.duration_s, leg.distance_m) == cell
    return cell
