"""An operator takes a route back from its driver before anything is aboard; its deliveries are planned again.

The driver has done nothing wrong: the route counts as driven to its end, so what was promised for it is paid.
"""

from datetime import timedelta
from uuid import UUID

from marketplace.batches.states import UnassignedReason
from marketplace.batches.unplan import unplan_deliveries
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work
from marketplace.routes.mend import mend_driven_route
from marketplace.routes.queries import lock_driven_route

IS_HERE = "SELECT EXISTS (SELECT FROM route WHERE id = $1 AND market_id = $2)"
ABOARD = """
SELECT count(*) FROM delivery WHERE route_id = $1
  AND state IN ('PICKED_UP', 'EN_ROUTE_TO_DROPOFF', 'ARRIVED_AT_DROPOFF', 'ATTEMPTED')
"""


class ParcelsAboard(Conflict):
    """What is in a vehicle has to change hands."""

    code = "PARCELS_ABOARD"


class NoDriver(Conflict):
    """No driver has the route."""

    code = "NO_DRIVER"


async def unassign_route(work: Work, *, route_id: UUID, market_id: UUID) -> int:
    """Sets a route's deliveries free to be planned again and returns how many; refused once a parcel is aboard."""
    if not await work.fetch_value(IS_HERE, route_id, market_id):
        raise NotFound("there is no such route", field="routeId")
    # The lock closes the race with a pickup that the driver reports at this moment.
    if await lock_driven_route(work, route_id=route_id) is None:
        raise NoDriver("no driver has this route any more", field="routeId")
    if await work.fetch_value(ABOARD, route_id):
        raise ParcelsAboard("parcels are aboard: reassignRoute has them handed over", field="routeId")
    freed = await unplan_deliveries(work, route_id=route_id, reason=UnassignedReason.NO_DRIVER, wait=timedelta(0))
    await mend_driven_route(work, route_id=route_id)
    return freed
