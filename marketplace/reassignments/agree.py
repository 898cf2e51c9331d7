"""The second driver says yes or no; with nothing aboard a yes passes the route on at once."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.offers.presence import engage
from marketplace.offers.states import WithdrawReason
from marketplace.offers.withdraw import withdraw_offers_of_driver
from marketplace.reassignments.aboard import aboard
from marketplace.reassignments.end import end
from marketplace.reassignments.events import ReassignmentAgreed
from marketplace.reassignments.move import move_route
from marketplace.reassignments.queries import InHand, step, take_reassignment
from marketplace.reassignments.refusals import DriverCannotTake, MeetingPointNeeded, ReassignmentOver
from marketplace.reassignments.states import ReassignmentState

CAN_DRIVE = """
SELECT may_drive(d.account_state, d.suspended_from, $2) AND p.state IN ('AVAILABLE', 'OFFERED')
   AND NOT EXISTS (SELECT FROM route WHERE driver_id = d.id AND state IN ('ASSIGNED', 'STARTED'))
FROM driver d JOIN presence p ON p.driver_id = d.id WHERE d.id = $1 FOR UPDATE OF p
"""


async def accept_reassignment(work: Work, *, reassignment_id: UUID, driver_id: UUID) -> ReassignmentState:
    """The asked driver takes the route over: at once where nothing is aboard, else when the parcels are handed over."""
    found = await _asked(work, reassignment_id, driver_id)
    if found.state is not ReassignmentState.OFFERED:
        if found.state in {ReassignmentState.AGREED, ReassignmentState.GIVEN, ReassignmentState.DONE}:
            return found.state
        raise ReassignmentOver(f"this reassignment is {found.state.value}", field="reassignmentId")
    if found.row["expires_at"] <= work.now:
        raise ReassignmentOver("the time to answer is over; it does not count against you", field="reassignmentId")
    return await agree(work, found)


async def decline_reassignment(work: Work, *, reassignment_id: UUID, driver_id: UUID) -> None:
    """The asked driver says no, which never counts against anybody."""
    found = await _asked(work, reassignment_id, driver_id)
    if found.state is ReassignmentState.DECLINED:
        return
    if found.state is not ReassignmentState.OFFERED:
        raise ReassignmentOver(f"this reassignment is {found.state.value}", field="reassignmentId")
    await end(work, found.row, ReassignmentState.DECLINED)


async def agree(work: Work, found: InHand) -> ReassignmentState:
    """Writes down the yes and keeps the driver free for it; the caller holds the locks."""
    row, route = found.row, found.route
    if route is None:
        raise ReassignmentOver("the route has ended meanwhile", field="reassignmentId")
    parcels = aboard(route)
    if parcels and row["lat"] is None:
        raise MeetingPointNeeded("parcels were taken aboard meanwhile; ask again with a meeting point")
    # The lock on the driver's presence closes the race with a wave, and with a route that the driver accepts.
    if not await work.fetch_value(CAN_DRIVE, row["to_driver_id"], work.now):
        raise DriverCannotTake("the driver has another route, is offline, or may not drive any more")
    code = f"{work.random.randrange(10**6):06d}" if parcels else None
    await step(work, row, ReassignmentState.AGREED, code=code)
    await withdraw_offers_of_driver(work, driver_id=row["to_driver_id"], reason=WithdrawReason.ENGAGED)
    await engage(work, driver_id=row["to_driver_id"], also=())
    work.emit(
        ReassignmentAgreed(
            market_id=row["market_id"],
            reassignment_id=row["id"],
            route_id=row["route_id"],
            driver_id=row["to_driver_id"],
        )
    )
    if parcels:
        return ReassignmentState.AGREED
    again = await take_reassignment(work, reassignment_id=row["id"])
    await move_route(work, again)
    return ReassignmentState.DONE


async def _asked(work: Work, reassignment_id: UUID, driver_id: UUID) -> InHand:
    """The reassignment, for the driver who is asked; for the first driver there is nothing to answer."""
    found = await take_reassignment(work, reassignment_id=reassignment_id, driver_id=driver_id)
    if found.row["to_driver_id"] != driver_id:
        raise DriverCannotTake("only the driver who is asked can answer", field="reassignmentId")
    return found
