"""A driver goes offline: no new offers, and no questions asked."""

from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.fleet.events import DriverWentOffline
from marketplace.fleet.states import PresenceState

LOCK = "SELECT market_id, state FROM presence WHERE driver_id = $1 FOR UPDATE"


async def go_offline(work: Work, *, driver_id: UUID) -> PresenceState:
    """Takes a driver out of the market; one who is on a route finishes it and is offline after that."""
    row = await work.fetch_row(LOCK, driver_id)
    if row is None:
        raise NotFound("there is no such driver")
    if row["state"] == PresenceState.ENGAGED.value:
        await work.execute("UPDATE presence SET online_until = $2 WHERE driver_id = $1", driver_id, work.now)
        return PresenceState.ENGAGED
    if row["state"] != PresenceState.OFFLINE.value:
        await work.execute(
            "UPDATE presence SET state = 'OFFLINE', online_until = NULL, changed_at = $2 WHERE driver_id = $1",
            driver_id,
            work.now,
        )
        work.emit(DriverWentOffline(market_id=row["market_id"], driver_id=driver_id))
    return PresenceState.OFFLINE
