"""Mends a route under way after a delivery was called off or has left it: stops with nothing left to do are skipped."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.routes.complete import complete_if_done
from marketplace.routes.queries import lock_driven_route, put_back, take_in_hand
from marketplace.routes.start import begin
from marketplace.routes.states import RouteState


async def mend_route(work: Work, *, delivery_id: UUID) -> bool:
    """Skips what is left without purpose on the route of a called-off delivery, and ends a route with nothing left.

    A route that loses all its deliveries before its start counts as started and completed: the driver accepted it, so
    what was promised for it stands. Tells whether anything changed; a route that no driver holds is not touched.
    """
    route_id = await work.fetch_value("SELECT route_id FROM delivery WHERE id = $1", delivery_id)
    return await mend_driven_route(work, route_id=route_id)


async def mend_driven_route(work: Work, *, route_id: UUID) -> bool:
    """Does the same for a route that a delivery has left."""
    head = await lock_driven_route(work, route_id=route_id)
    if head is None:
        return False
    route = await take_in_hand(work, head)
    if route.state is RouteState.STARTED:
        route.set_off(work.now)
    elif not any(route.has_purpose(stop) for stop in route.stops):
        begin(route, work.now)
    if route.state is RouteState.STARTED:
        await complete_if_done(work, route, work.now)
    await put_back(work, route)
    return bool(route.events)
