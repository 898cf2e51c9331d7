"""Where a part of the city is paused, nobody is asked to drive; where it goes on again, what waited is planned."""

from uuid import UUID

from marketplace.batches.states import UnassignedReason
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import open_pauses, paused_until
from marketplace.offers.give_up import give_up_route

ROUTES_AT_ONCE = 500

DRIVERLESS = """
SELECT r.id, array_agg(s.lat ORDER BY s.place) AS lats, array_agg(s.lon ORDER BY s.place) AS lons
FROM route r JOIN stop s ON s.route_id = r.id
WHERE r.market_id = $1 AND r.state IN ('PLANNED', 'OFFERING') AND ($2::uuid IS NULL OR r.id = $2)
GROUP BY r.id ORDER BY r.id LIMIT $3
"""
PLAN_NOW = """
UPDATE delivery SET plan_after = $2 WHERE market_id = $1 AND state = 'SCHEDULED' AND unassigned_reason = 'PAUSED'
"""


async def clear_paused_routes(work: Work, *, market_id: UUID, route_id: UUID | None = None) -> int:
    """Gives up the driverless routes, or the one, that lead into a paused part of the city; returns how many."""
    pauses = await open_pauses(work.connection, market_id=market_id, at=work.now)
    if not pauses:
        return 0
    given_up = 0
    for row in await work.fetch(DRIVERLESS, market_id, route_id, ROUTES_AT_ONCE):
        points = [Point(lat=lat, lon=lon) for lat, lon in zip(row["lats"], row["lons"], strict=True)]
        if paused_until(pauses, *points) is not None:
            given_up += await give_up_route(work, route_id=row["id"], reason=UnassignedReason.PAUSED)
    return given_up


async def plan_after_pause(work: Work, *, market_id: UUID) -> int:
    """Has everything looked at now that waited for the end of a pause; what is still paused waits on."""
    return await work.execute(PLAN_NOW, market_id, work.now)
