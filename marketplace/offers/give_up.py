"""A route that nobody takes dissolves, and its deliveries are planned again."""

from datetime import timedelta
from uuid import UUID

from marketplace.batches.states import UnassignedReason
from marketplace.batches.unplan import unplan_deliveries
from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.offers.presence import settle_presence
from marketplace.offers.states import WithdrawReason
from marketplace.offers.withdraw import withdraw_offers_of_route
from marketplace.routes.events import RouteDissolved

LOCK = "SELECT id, market_id, state FROM route WHERE id = $1 FOR UPDATE"
DISSOLVE = "UPDATE route SET state = 'DISSOLVED', ended_at = $2, version = version + 1 WHERE id = $1"
CLOSE_WAVE = "UPDATE wave SET state = 'EXHAUSTED', closed_at = $2 WHERE route_id = $1 AND state = 'OPEN'"
DRIVERLESS = ("PLANNED", "OFFERING")


async def give_up_route(
    work: Work, *, route_id: UUID, reason: UnassignedReason, withdraw: WithdrawReason = WithdrawReason.REPLANNED
) -> bool:
    """Dissolves a route that has no driver; False when it has one by now, or is gone.

    Deliveries that nobody wanted rest for the market's pause before they are planned again; others are free at once.
    """
    # The lock closes the race against an acceptance: either it is taken, or it is gone.
    row = await work.fetch_row(LOCK, route_id)
    if row is None or row["state"] not in DRIVERLESS:
        return False
    settings = await dials(work, market_id=row["market_id"])
    asked = await withdraw_offers_of_route(work, route_id=route_id, reason=withdraw)
    await work.execute(CLOSE_WAVE, route_id, work.now)
    await work.execute(DISSOLVE, route_id, work.now)
    rests = reason in {UnassignedReason.NOBODY_ACCEPTED, UnassignedReason.NO_DRIVER}
    wait = timedelta(seconds=settings.replan_after_s) if rests else timedelta(0)
    await unplan_deliveries(work, route_id=route_id, reason=reason, wait=wait)
    await settle_presence(work, asked)
    work.emit(RouteDissolved(market_id=row["market_id"], route_id=route_id, reason=reason.value))
    return True
