"""What can be promised to a place before anything is asked of the plan: which hubs reach it, and on which day."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.window import Window, zone
from marketplace.core.work import Work
from marketplace.hubs.catchment import reach_cell
from marketplace.hubs.opening import LEVELS, Opening, opening_of

HUBS_AT_MOST = 20
DAYS_AHEAD = 14
"""A hub that does not open within so many days promises nothing."""

# One index probe for the cell; hubs without a set reach serve wherever streets lead, and come last.
REACHING = """
SELECT h.id, h.time_zone, h.opening, c.drive_s FROM hub_cell c JOIN hub h ON h.id = c.hub_id
WHERE c.market_id = $1 AND c.cell = $2 AND (h.shipper_id IS NULL OR h.shipper_id = $3)
UNION ALL
SELECT h.id, h.time_zone, h.opening, NULL FROM hub h
WHERE h.market_id = $1 AND h.reach_s IS NULL AND (h.shipper_id IS NULL OR h.shipper_id = $3)
ORDER BY drive_s NULLS LAST, id LIMIT $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The first day on which a hub brings something to a place at a service level, and until when on that day."""

    hub_id: UUID
    service_level: str
    day: date
    window: Window
    drive_s: int | None


async def promises_for(
    work: Work, *, market_id: UUID, shipper_id: UUID | None, place: Point, level: str | None = None
) -> list[Promise]:
    """The promises of every hub that reaches a place, nearest hub first, at one service level or all.

    SAME_DAY is promised only where it is still today, NEXT_DAY only where it is tomorrow at the latest.
    """
    rows = await work.fetch(REACHING, market_id, reach_cell(place), shipper_id, HUBS_AT_MOST)
    found = []
    for row in rows:
        opening = opening_of(row)
        for wanted in LEVELS if level is None else (level,):
            span = _first_span(work, opening, wanted, row["time_zone"])
            if span is not None:
                day, window = span
                found.append(
                    Promise(hub_id=row["id"], service_level=wanted, day=day, window=window, drive_s=row["drive_s"])
                )
    return found


def _first_span(work: Work, opening: Opening, level: str, time_zone: str) -> tuple[date, Window] | None:
    today = work.now.astimezone(zone(time_zone)).date()
    last = {"SAME_DAY": today, "NEXT_DAY": today + timedelta(days=1)}.get(level, today + timedelta(days=DAYS_AHEAD))
    day = opening.first_day(level, work.now, time_zone=time_zone)
    while day <= last:
        windows = opening.windows_on(day, time_zone=time_zone)
        bookable = [window for window in windows if window.opens_at >= work.now + opening.notice]
        if bookable:
            return day, Window(bookable[0].opens_at, bookable[-1].closes_at)
        day += timedelta(days=1)
    return None
