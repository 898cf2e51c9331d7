"""What a driver wants: areas, the longest route, a language. Respected when drivers are chosen, and never scored.

Areas are H3 cells of about 5 km²; a driver without any goes everywhere.
"""

from collections.abc import Sequence
from uuid import UUID

import h3

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.work import Work

AREA_RESOLUTION = 7
AREAS_AT_MOST = 500
SHORTEST_LONGEST_M = 1_000
LONGEST_M = 500_000

SPEAK = "UPDATE driver SET language = $2 WHERE id = $1"
PREFER = "UPDATE driver SET area_cells = $2, max_distance_m = $3 WHERE id = $1"


class BadPreference(Invalid):
    """A wish that no route could meet, or that is none."""

    code = "BAD_PREFERENCE"


def area_of(place: Point) -> str:
    """The area that holds a place: an H3 cell of about 5 km²."""
    return str(h3.latlng_to_cell(place.lat, place.lon, AREA_RESOLUTION))


async def set_language(work: Work, *, driver_id: UUID, language: str) -> None:
    """Keeps the language in which a driver is told what happens."""
    await work.execute(SPEAK, driver_id, language)


async def set_preferences(
    work: Work, *, driver_id: UUID, area_cells: Sequence[str], max_distance_m: int | None
) -> None:
    """Keeps where a driver wants to go and how far: every stop lies in these areas, and no route is longer."""
    cells = sorted(set(area_cells))
    if len(cells) > AREAS_AT_MOST:
        raise BadPreference(f"at most {AREAS_AT_MOST} areas", field="areaCells")
    if any(not h3.is_valid_cell(cell) or h3.get_resolution(cell) != AREA_RESOLUTION for cell in cells):
        raise BadPreference(f"an area is an H3 cell of resolution {AREA_RESOLUTION}", field="areaCells")
    if max_distance_m is not None and not SHORTEST_LONGEST_M <= max_distance_m <= LONGEST_M:
        raise BadPreference(
            f"the longest route has between {SHORTEST_LONGEST_M:,} and {LONGEST_M:,} m", field="maxDistanceM"
        )
    await work.execute(PREFER, driver_id, cells or None, max_distance_m)
