"""What a delivery leaves behind that is called off or promised anew: a route on offer dissolves, others skip it."""

from uuid import UUID

from marketplace.batches.states import UnassignedReason
from marketplace.core.work import Work
from marketplace.offers.give_up import give_up_route
from marketplace.routes import mend_driven_route, mend_route

ROUTE_OF = "SELECT route_id FROM delivery WHERE id = $1 AND state = 'CANCELLED' AND route_id IS NOT NULL"


async def mend_after_cancel(work: Work, *, delivery_id: UUID) -> bool:
    """Mends the route that a cancelled delivery was on; the other deliveries of one on offer are planned anew."""
    route_id = await work.fetch_value(ROUTE_OF, delivery_id)
    if route_id is None:
        return False
    if await give_up_route(work, route_id=route_id, reason=UnassignedReason.HELD):
        return True
    return await mend_route(work, delivery_id=delivery_id)


async def mend_after_change(work: Work, *, route_id: UUID) -> bool:
    """Mends a route that a delivery has left for another window; the others of one on offer are planned anew."""
    if await give_up_route(work, route_id=route_id, reason=UnassignedReason.HELD):
        return True
    return await mend_driven_route(work, route_id=route_id)
