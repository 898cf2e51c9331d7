"""The way of a second driver who said yes and then was not needed: a route without stops, paid as any route is.

What is paid is the time since the yes and as much of the way to the meeting point as that time is enough for. No new
kind of pay is needed for it: the statement, the law's floors and periods, and a company's wallet follow from the route.
"""

from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work
from marketplace.routes.events import RouteCompleted

OFF_BY_M = 500
"""A driver may be this much farther from the meeting point than the time lets expect before somebody looks at it."""

PLACE = "SELECT lat, lon FROM presence WHERE driver_id = $1 AND lat IS NOT NULL"
INSERT = """
INSERT INTO route (id, market_id, state, driver_id, company_id, distance_m, duration_s, starts_at, is_degraded,
                   guarantee_minor, currency, policy_version, approach_m, approach_s, is_flagged, created_at,
                   accepted_at, started_at, ended_at)
SELECT $1, $2, 'COMPLETED', id, company_id, 0, 0, $4, $5, 0, $6, $7, $8, $9, $10, $4, $4, $4, $11
FROM driver WHERE id = $3
"""


async def write_way(work: Work, row: asyncpg.Record) -> UUID:
    """Writes the way down as a route that is over, and returns it; its statement follows from the event.

    The caller ends the reassignment in the same Work, which happens once, so that the way is paid once.
    """
    route_id, way_m = work.new_id(), way_until_now_m(row, work.now - row["agreed_at"])
    await work.execute(
        INSERT,
        route_id,
        row["market_id"],
        row["to_driver_id"],
        row["agreed_at"],
        row["is_degraded"],
        row["currency"],
        row["policy_version"],
        way_m,
        row["approach_s"],
        await _is_elsewhere(work, row, left_m=row["approach_m"] - way_m),
        work.now,
    )
    work.emit(
        RouteCompleted(
            market_id=row["market_id"], route_id=route_id, driver_id=row["to_driver_id"], occurred_at=work.now
        )
    )
    return route_id


def way_until_now_m(row: asyncpg.Record, since_yes: timedelta) -> int:
    """Metres of the way to the meeting point that the time since the yes is enough for."""
    driven_s = min(max(0, int(since_yes.total_seconds())), row["approach_s"])
    return int(row["approach_m"] * driven_s // row["approach_s"]) if row["approach_s"] else int(row["approach_m"])


async def _is_elsewhere(work: Work, row: asyncpg.Record, *, left_m: int) -> bool:
    """Whether the driver is not where the way leads, so that a person looks before it is paid."""
    place = await work.fetch_row(PLACE, row["to_driver_id"])
    if place is None:
        return True
    meeting = Point(lat=row["lat"], lon=row["lon"])
    return straight_line_m(Point(lat=place["lat"], lon=place["lon"]), meeting) > left_m + OFF_BY_M
