"""What lies within a hub's reach: the cells to which the streets lead in time, kept so that a promise is one lookup."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import h3

from marketplace.core.geo import Point, cell_centre
from marketplace.core.work import Work
from marketplace.routing import Router

REACH_RESOLUTION = 9
"""H3 resolution of a catchment: cells of about 0.1 km², a few blocks."""
RINGS_AT_ONCE = 12
RINGS_AT_MOST = 180
"""Rings of cells around the hub: about 60 km."""
ASKED_AT_ONCE = 1_000

FIND = "SELECT market_id, lat, lon, reach_s FROM hub WHERE id = $1"
LOCK = "SELECT reach_s, lat, lon FROM hub WHERE id = $1 FOR NO KEY UPDATE"
FORGET = "DELETE FROM hub_cell WHERE hub_id = $1"
REACHED = "UPDATE hub SET reached_at = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubToReach:
    """A hub whose catchment is wanted; None as reach means as far as streets go, which needs no cells."""

    market_id: UUID
    place: Point
    reach_s: int | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachHub:
    """The errand of computing a hub's catchment."""

    router: Router
    hub_id: UUID

    async def read(self, work: Work) -> HubToReach | None:
        """Finds the hub and how far it is to reach."""
        row = await work.fetch_row(FIND, self.hub_id)
        if row is None:
            return None
        place = Point(lat=row["lat"], lon=row["lon"])
        return HubToReach(market_id=row["market_id"], place=place, reach_s=row["reach_s"], now=work.now)

    async def call(self, found: HubToReach) -> dict[str, int]:
        """Asks the router ring by ring, until a whole band of rings is out of reach."""
        if found.reach_s is None:
            return {}
        return await reach_cells(self.router, found.place, found.reach_s, depart_at=found.now)

    async def record(self, work: Work, found: HubToReach, answer: Mapping[str, int]) -> int:
        """Replaces the cells, unless somebody has set another reach meanwhile: then another errand follows."""
        row = await work.fetch_row(LOCK, self.hub_id)
        if row is None or row["reach_s"] != found.reach_s:
            return 0
        await work.execute(FORGET, self.hub_id)
        columns = ("id", "market_id", "hub_id", "cell", "drive_s")
        rows = [(work.new_id(), found.market_id, self.hub_id, cell, drive_s) for cell, drive_s in answer.items()]
        await work.insert_many("hub_cell", columns, rows)
        await work.execute(REACHED, self.hub_id, work.now)
        return len(rows)


async def reach_cells(router: Router, place: Point, reach_s: int, *, depart_at: datetime) -> dict[str, int]:
    """The cells whose middle is reached within so many seconds of driving, and how many it takes."""
    origin = reach_cell(place)
    reached: dict[str, int] = {origin: 0}
    for first in range(0, RINGS_AT_MOST, RINGS_AT_ONCE):
        band = [
            str(cell) for ring in range(first, first + RINGS_AT_ONCE) for cell in sorted(h3.grid_ring(origin, ring))
        ]
        found = await _reached(router, place, band, reach_s, depart_at)
        reached |= found
        if not found:
            break
    return reached


async def _reached(router: Router, place: Point, cells: list[str], reach_s: int, depart_at: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    for begin in range(0, len(cells), ASKED_AT_ONCE):
        part = cells[begin : begin + ASKED_AT_ONCE]
        matrix = await router.matrix([place], [cell_centre(cell) for cell in part], depart_at=depart_at)
        for column, cell in enumerate(part):
            if matrix.is_reachable[0, column] and matrix.durations_s[0, column] <= reach_s:
                found[cell] = int(matrix.durations_s[0, column])
    return found


def reach_cell(place: Point) -> str:
    """The cell of a catchment that holds this place."""
    return str(h3.latlng_to_cell(place.lat, place.lon, REACH_RESOLUTION))
