"""Operations pause a part of the city: until a time nothing new is planned, offered or promised there.

A flood, a parade, a closed bridge: routes that drivers have go on, whoever looks for one is not sent there. A zone is a
set of cells; what begins or ends in one of them is paused. It ends by itself, or when operations end it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import h3

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.geo import CELL_RESOLUTION, Point
from marketplace.core.work import Work
from marketplace.markets.events import ZonePaused, ZoneResumed

CELLS_AT_MOST = 200
LONGEST_REASON = 200
LONGEST = timedelta(days=7)
PAUSES_AT_MOST = 200
MOST_RINGS = 5
MOST_CORNERS = 100
WIDEST_DEGREES = 0.5
"""A drawn zone is no wider than this, some fifty kilometres, so that naming its cells stays a small work."""

INSERT = """
INSERT INTO zone_pause (id, market_id, cells, reason, operator_id, set_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
OPEN = """
SELECT id, cells, reason, operator_id, set_at, expires_at FROM zone_pause
WHERE market_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY expires_at DESC, id LIMIT $3
"""
END = """
UPDATE zone_pause SET ended_at = $3 WHERE id = $1 AND market_id = $2 AND ended_at IS NULL AND expires_at > $3
RETURNING id
"""
IS_HERE = "SELECT EXISTS (SELECT FROM zone_pause WHERE id = $1 AND market_id = $2)"


class BadPause(Invalid):
    """A pause that nobody could keep: no cells, no reason, or no end."""

    code = "BAD_PAUSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A part of the city in which nothing new begins before `expires_at`."""

    id: UUID
    cells: Sequence[str]
    reason: str
    operator_id: UUID
    set_at: datetime
    expires_at: datetime


async def pause_zone(
    work: Work, *, market_id: UUID, cells: Sequence[str], reason: str, expires_at: datetime, operator_id: UUID
) -> UUID:
    """Pauses these cells; deliveries that wait there wait until the end, and open offers there are taken back."""
    wanted = _checked(cells)
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise BadPause(f"say why, in 1 to {LONGEST_REASON} characters", field="reason")
    if not work.now < expires_at <= work.now + LONGEST:
        raise BadPause("it ends after this moment and within 7 days", field="expiresAt")
    pause_id = work.new_id()
    await work.execute(INSERT, pause_id, market_id, wanted, reason.strip(), operator_id, work.now, expires_at)
    work.emit(ZonePaused(market_id=market_id, pause_id=pause_id, cell_count=len(wanted), expires_at=expires_at))
    return pause_id


async def resume_zone(work: Work, *, market_id: UUID, pause_id: UUID) -> bool:
    """Ends a pause before its time; false when it had ended already."""
    if await work.fetch_value(END, pause_id, market_id, work.now) is None:
        if not await work.fetch_value(IS_HERE, pause_id, market_id):
            raise NotFound("there is no such pause", field="pauseId")
        return False
    work.emit(ZoneResumed(market_id=market_id, pause_id=pause_id))
    return True


async def open_pauses(connection: asyncpg.Connection, *, market_id: UUID, at: datetime) -> list[Pause]:
    """The pauses that hold at a moment, the longest first."""
    return [Pause(**row) for row in await connection.fetch(OPEN, market_id, at, PAUSES_AT_MOST)]


def cells_around(point: Point, rings: int) -> list[str]:
    """The cell of a place and those around it, nearest first: how a zone is named by whoever points at the map."""
    if not 0 <= rings <= MOST_RINGS:
        raise BadPause(f"0 to {MOST_RINGS} rings are a zone", field="rings")
    return [cell for ring in range(rings + 1) for cell in sorted(h3.grid_ring(point.cell, ring))]


def cells_within(corners: Sequence[Point]) -> list[str]:
    """Every cell that a drawn zone touches: how a zone is named by whoever draws it on the map."""
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise BadPause(f"3 to {MOST_CORNERS} corners are a zone", field="corners")
    lats, lons = [corner.lat for corner in corners], [corner.lon for corner in corners]
    if max(max(lats) - min(lats), max(lons) - min(lons)) > WIDEST_DEGREES:
        raise BadPause(f"draw a smaller zone, at most {WIDEST_DEGREES} degrees wide", field="corners")
    drawn = h3.LatLngPoly([(corner.lat, corner.lon) for corner in corners])
    cells = sorted(h3.h3shape_to_cells_experimental(drawn, CELL_RESOLUTION, "overlap"))
    if not 1 <= len(cells) <= CELLS_AT_MOST:
        raise BadPause(f"draw a zone of 1 to {CELLS_AT_MOST} cells; this one has {len(cells)}", field="corners")
    return cells


def paused_until(pauses: Iterable[Pause], *points: Point) -> datetime | None:
    """Until when something between these places is paused; None where it is not."""
    cells = {point.cell for point in points}
    return max((pause.expires_at for pause in pauses if cells & set(pause.cells)), default=None)


def _checked(cells: Sequence[str]) -> list[str]:
    wanted = sorted(set(cells))
    if not 1 <= len(wanted) <= CELLS_AT_MOST:
        raise BadPause(f"name 1 to {CELLS_AT_MOST} cells", field="cells")
    if any(not h3.is_valid_cell(cell) or h3.get_resolution(cell) != CELL_RESOLUTION for cell in wanted):
        raise BadPause(f"a cell is an H3 index of resolution {CELL_RESOLUTION}", field="cells")
    return wanted
