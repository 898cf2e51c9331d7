"""A route is completed when every stop has ended and nothing is left in the vehicle; then its driver is free again."""

from datetime import datetime

from marketplace.core.work import Work
from marketplace.fleet.events import DriverWentOffline
from marketplace.routes.events import RouteCompleted
from marketplace.routes.in_hand import RouteInHand
from marketplace.routes.states import RouteState

# A driver who went offline while driving, or whose hours are over, is not asked again. Nor is one who went offline just
# before saying yes and has no hours at all: nothing would ever end that presence.
FREE_DRIVER = """
UPDATE presence SET changed_at = $2,
       state = CASE WHEN online_until > $2 THEN 'AVAILABLE' ELSE 'OFFLINE' END,
       online_until = CASE WHEN online_until > $2 THEN online_until END
WHERE driver_id = $1 AND state = 'ENGAGED' RETURNING state
"""


async def complete_if_done(work: Work, route: RouteInHand, moment: datetime) -> bool:
    """Ends a route on which nothing is left to do and frees its driver; the caller puts the route back."""
    if not route.is_done:
        return False
    route.become(RouteState.COMPLETED)
    route.ended_at = moment
    route.events.append(
        RouteCompleted(market_id=route.market_id, route_id=route.id, driver_id=route.driver_id, occurred_at=moment)
    )
    presence = await work.fetch_value(FREE_DRIVER, route.driver_id, work.now)
    if presence == "OFFLINE":
        route.events.append(DriverWentOffline(market_id=route.market_id, driver_id=route.driver_id))
    return True
