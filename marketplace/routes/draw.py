"""A route gets its lines: for each stop the way along streets that leads there, drawn once and kept for the maps.

Nothing waits for the lines and nothing is reckoned from them. Where streets are not known, because no router answers or
no street leads there, the stops keep no line, and a map draws what it has: a straight one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.routes.line import write_line
from marketplace.routes.states import RouteState
from marketplace.routing import MAX_JOURNEY_POINTS, Router, TooFarFromStreet, Unreachable

# A driver who has the route and has not started it is where the way to the first stop begins. Stops that were skipped
# are driven past, so no line leads there.
FIND_ROUTE = """
SELECT r.state, r.version, r.starts_at, p.lat, p.lon FROM route r
LEFT JOIN presence p ON p.driver_id = r.driver_id
WHERE r.id = $1 AND r.state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED')
"""
FIND_STOPS = """
SELECT id, lat, lon FROM stop WHERE route_id = $1 AND state NOT IN ('SKIPPED', 'CANCELLED') ORDER BY place
"""
# Closes the race with a driver's report: both lock the route before its stops, so neither waits for the other's stop.
LOCK_ROUTE = "SELECT version FROM route WHERE id = $1 FOR NO KEY UPDATE"
KEEP_LINES = """
UPDATE stop SET path = drawn.path FROM unnest($2::uuid[], $3::text[]) AS drawn(id, path)
WHERE stop.id = drawn.id AND stop.route_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndrawnRoute:
    """A route as it was read: the places in driving order, and the stop that the way to each but the first leads to."""

    version: int
    departs_at: datetime
    points: Sequence[Point]
    stop_ids: Sequence[UUID]


async def draw_route(works: Works, *, router: Router, route_id: UUID) -> int:
    """Draws the lines of a route that is not over and returns how many there are."""
    return await run_errand(works, DrawRoute(router=router, route_id=route_id)) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRoute:
    """The errand that follows when a route is planned or assigned, and when its stops change."""

    router: Router
    route_id: UUID

    async def read(self, work: Work) -> UndrawnRoute | None:
        """The places of the route in driving order."""
        route = await work.fetch_row(FIND_ROUTE, self.route_id)
        if route is None:
            return None
        stops = await work.fetch(FIND_STOPS, self.route_id)
        points = [Point(lat=stop["lat"], lon=stop["lon"]) for stop in stops]
        stop_ids = [stop["id"] for stop in stops]
        if route["state"] == RouteState.ASSIGNED and route["lat"] is not None:
            points.insert(0, Point(lat=route["lat"], lon=route["lon"]))
        else:
            stop_ids = stop_ids[1:]
        if not stop_ids:
            return None
        return UndrawnRoute(
            version=route["version"],
            departs_at=max(route["starts_at"], work.now),
            points=points[:MAX_JOURNEY_POINTS],
            stop_ids=stop_ids[: MAX_JOURNEY_POINTS - 1],
        )

    async def call(self, found: UndrawnRoute) -> Sequence[str]:
        """Asks for the way along streets; nothing where there is none."""
        try:
            journey = await self.router.legs(found.points, depart_at=found.departs_at)
        except (Unreachable, TooFarFromStreet):
            return []
        return [] if journey.is_degraded else [write_line(shape) for shape in journey.geometry]

    async def record(self, work: Work, found: UndrawnRoute, answer: Sequence[str]) -> int:
        """Keeps the lines, unless the stops have changed: then they are drawn again for that change."""
        if not answer or await work.fetch_value(LOCK_ROUTE, self.route_id) != found.version:
            return 0
        return await work.execute(KEEP_LINES, self.route_id, found.stop_ids, answer)
