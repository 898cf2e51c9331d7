"""What drivers want, told to the planner in the words that it has: where they go and how far. Pure.

A driver with areas takes only deliveries that begin and end in them, and one with a longest route none that is longer
already by itself. Each becomes a need of the deliveries that only some drivers meet, beside the skills; where nobody
wants anything, nothing is added. A whole route is measured again before anybody is asked.
"""

from collections.abc import Sequence
from dataclasses import replace

from marketplace.core.geo import Point, straight_line_m
from marketplace.fleet.preferences import area_of
from marketplace.matching.nearby import FreeDriver

Trip = tuple[Point, Point]
"""Where a delivery begins and ends."""


def wishes_as_skills(
    trips: Sequence[Trip], drivers: Sequence[FreeDriver]
) -> tuple[Sequence[Sequence[str]], Sequence[FreeDriver]]:
    """What each trip asks for besides, and the drivers with what they agree to."""
    lengths = sorted({driver.max_distance_m for driver in drivers if driver.max_distance_m is not None})
    has_areas = any(driver.area_cells is not None for driver in drivers)
    if not lengths and not has_areas:
        return [()] * len(trips), drivers
    needs = [_needs(trip, lengths, has_areas=has_areas) for trip in trips]
    areas = {_area(area_of(place)) for trip in trips for place in trip} if has_areas else set()
    return needs, [replace(driver, skills=(*driver.skills, *_agreed(driver, lengths, areas))) for driver in drivers]


def _needs(trip: Trip, lengths: Sequence[int], *, has_areas: bool) -> list[str]:
    areas = {_area(area_of(place)) for place in trip} if has_areas else set()
    long_m = straight_line_m(*trip)
    return [*sorted(areas), *(_beyond(length_m) for length_m in lengths if length_m < long_m)]


def _agreed(driver: FreeDriver, lengths: Sequence[int], areas: set[str]) -> list[str]:
    own = areas if driver.area_cells is None else areas & {_area(cell) for cell in driver.area_cells}
    most_m = driver.max_distance_m
    return [*sorted(own), *(_beyond(length_m) for length_m in lengths if most_m is None or length_m < most_m)]


def _area(cell: str) -> str:
    return f"AREA {cell}"


def _beyond(length_m: int) -> str:
    return f"BEYOND {length_m} m"
