"""The kinds of road a city has, their order of importance and how fast they are driven when nothing else is known."""

from enum import IntEnum


class RoadClass(IntEnum):
    """A road's class as OpenStreetMap's `highway` names it; a smaller number is a more important road."""

    MOTORWAY = 0
    TRUNK = 1
    PRIMARY = 2
    SECONDARY = 3
    TERTIARY = 4
    UNCLASSIFIED = 5
    RESIDENTIAL = 6
    LIVING_STREET = 7
    SERVICE = 8


MAIN_ROADS = frozenset({
    RoadClass.MOTORWAY, RoadClass.TRUNK, RoadClass.PRIMARY, RoadClass.SECONDARY, RoadClass.TERTIARY
})  # fmt: skip
"""What a map shows before one looks closer."""

LIVED_ON = frozenset({RoadClass.TERTIARY, RoadClass.UNCLASSIFIED, RoadClass.RESIDENTIAL, RoadClass.LIVING_STREET})
"""Roads with front doors: where a made-up address may stand."""

CLASS_KMH: dict[RoadClass, float] = {
    RoadClass.MOTORWAY: 90,
    RoadClass.TRUNK: 80,
    RoadClass.PRIMARY: 58,
    RoadClass.SECONDARY: 50,
    RoadClass.TERTIARY: 40,
    RoadClass.UNCLASSIFIED: 28,
    RoadClass.RESIDENTIAL: 26,
    RoadClass.LIVING_STREET: 10,
    RoadClass.SERVICE: 14,
}
"""Free-flow speed between junctions; what junctions cost is charged there, by the turn."""

LIMIT_SHARE = 0.8
"""Drivers average about this share of a posted limit: they speed up, slow down and yield."""


def free_flow_kmh(road_class: RoadClass, posted_limit_kmh: float | None = None) -> float:
    """Tells how fast a road is driven without traffic: a share of its posted limit, else what its class is good for."""
    if posted_limit_kmh is None or posted_limit_kmh <= 0:
        return CLASS_KMH[road_class]
    return max(5.0, posted_limit_kmh * LIMIT_SHARE)


def road_class_of(highway: str) -> RoadClass | None:
    """Reads an OpenStreetMap `highway` value; `None` for what a car does not drive on."""
    name = highway.removesuffix("_link").upper()
    if name == "ROAD":
        return RoadClass.UNCLASSIFIED
    return RoadClass.__members__.get(name)
