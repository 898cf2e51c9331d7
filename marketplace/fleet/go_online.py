"""A driver goes online and can be asked from now on."""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.errors import Conflict, NotAllowed
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet.events import DriverWentOnline
from marketplace.fleet.states import ContractKind, PresenceState

EARLY_FOR_SHIFT = timedelta(minutes=30)
LONGEST_FREE_PRESENCE = timedelta(hours=12)
"""A crowdsourced driver says again after this long that the phone is still in a hand."""

NOT_ASKED = {PresenceState.OFFLINE, PresenceState.PAUSED}

LOCK_PRESENCE = """
SELECT d.market_id, d.contract_kind, d.documents_until, d.vehicle_until, p.state, p.online_until,
       may_drive(d.account_state, d.suspended_from, $2) AS may_drive
FROM driver d JOIN presence p ON p.driver_id = d.id
WHERE d.id = $1 FOR UPDATE OF p
"""
# A place in a block is as good as a shift.
SHIFT_END = """
SELECT max(ends_at) FROM (
    SELECT ends_at FROM shift WHERE driver_id = $1 AND starts_at <= $2 AND ends_at > $3
    UNION ALL
    SELECT closes_at FROM sign_up WHERE driver_id = $1 AND state = 'SIGNED' AND opens_at <= $2 AND closes_at > $3) hours
"""
GO = """
UPDATE presence SET state = $2, lat = $3, lon = $4, cell = $5, position_at = $6, online_until = $7, changed_at = $6
WHERE driver_id = $1
"""


class NoShift(Conflict):
    """A dedicated or contracted driver has no shift now."""

    code = "NO_SHIFT"


class PapersOver(NotAllowed):
    """A paper of the driver, or the check of the vehicle, has run out."""

    code = "PAPERS_EXPIRED"


async def go_online(work: Work, *, driver_id: UUID, place: Point) -> datetime:
    """Makes a driver available at `place` and returns until when; an engaged driver stays engaged."""
    row = await work.fetch_row(LOCK_PRESENCE, driver_id, work.now)
    if row is None or not row["may_drive"]:
        raise NotAllowed("this account cannot drive now; ask operations")
    if any(end is not None and end <= work.now for end in (row["documents_until"], row["vehicle_until"])):
        raise PapersOver("a paper of yours, or the check of your vehicle, has run out; hand in a new one first")
    until = await _online_until(work, driver_id, ContractKind(row["contract_kind"]))
    before = PresenceState(row["state"])
    state = PresenceState.AVAILABLE if before in NOT_ASKED else before
    # Whoever let the time run out was not asked any more either, whatever the state says.
    ran_out = row["online_until"] is None or row["online_until"] <= work.now
    was_away = before in NOT_ASKED or (ran_out and before is not PresenceState.ENGAGED)
    await work.execute(GO, driver_id, state.value, place.lat, place.lon, place.cell, work.now, until)
    if was_away:
        work.emit(DriverWentOnline(market_id=row["market_id"], driver_id=driver_id))
    return until


async def _online_until(work: Work, driver_id: UUID, kind: ContractKind) -> datetime:
    if kind is ContractKind.CROWDSOURCED:
        return work.now + LONGEST_FREE_PRESENCE
    until: datetime | None = await work.fetch_value(SHIFT_END, driver_id, work.now + EARLY_FOR_SHIFT, work.now)
    if until is None:
        raise NoShift("you have no shift now; go online from 30 minutes before it starts")
    return until
