"""A reassignment that comes to nothing: the first driver keeps route and parcels, the second one is free again.

Who had said yes, and drove to meet the first driver, is paid for that way.
"""

from uuid import UUID

import asyncpg

from marketplace.core.work import Work
from marketplace.fleet.events import DriverWentOffline
from marketplace.reassignments.events import ReassignmentEnded
from marketplace.reassignments.queries import lock_open, step, take_reassignment
from marketplace.reassignments.states import AGREED, ReassignmentState
from marketplace.reassignments.way import write_way
from marketplace.routes.complete import FREE_DRIVER

LOCK_ROUTE = "SELECT id FROM route WHERE id = $1 FOR UPDATE"


async def cancel_reassignment(work: Work, *, reassignment_id: UUID, market_id: UUID) -> None:
    """An operator takes it back, at any time before the parcels have changed hands."""
    found = await take_reassignment(work, reassignment_id=reassignment_id, market_id=market_id)
    if found.state is not ReassignmentState.CANCELLED:
        await end(work, found.row, ReassignmentState.CANCELLED)


async def end_with_route(work: Work, *, route_id: UUID) -> bool:
    """Ends what is open when the first driver has finished the route alone; tells whether there was any."""
    await work.execute(LOCK_ROUTE, route_id)
    row = await lock_open(work, route_id=route_id)
    if row is None:
        return False
    await end(work, row, ReassignmentState.CANCELLED)
    return True


async def end(work: Work, row: asyncpg.Record, state: ReassignmentState) -> None:
    """Ends it and frees a second driver who had agreed; the caller holds the locks."""
    had_agreed = ReassignmentState(row["state"]) in AGREED
    await step(work, row, state, way_route_id=await write_way(work, row) if had_agreed else None)
    if had_agreed:
        presence = await work.fetch_value(FREE_DRIVER, row["to_driver_id"], work.now)
        if presence == "OFFLINE":
            work.emit(DriverWentOffline(market_id=row["market_id"], driver_id=row["to_driver_id"]))
    work.emit(
        ReassignmentEnded(
            market_id=row["market_id"],
            reassignment_id=row["id"],
            route_id=row["route_id"],
            driver_id=row["to_driver_id"],
            state=state.value,
        )
    )
