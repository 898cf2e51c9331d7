"""Works out anew until when a driver's papers, skills and vehicle carry, after one of them was checked or chosen."""

from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.fleet.states import DocumentKind
from marketplace.onboarding.papers import ChosenVehicle, Shown, eligibility

# Two checks at once: the second waits here and then sees what the first decided.
LOCK_DRIVER = "SELECT skills, vehicle_id FROM driver WHERE id = $1 FOR NO KEY UPDATE"
SHOWN = """
SELECT kind, max(expires_at) FILTER (WHERE state = 'ACCEPTED') AS until,
       max(checked_at) FILTER (WHERE state = 'REVOKED') AS revoked_at
FROM driver_document WHERE driver_id = $1 AND state IN ('ACCEPTED', 'REVOKED') GROUP BY kind
"""
VEHICLE = "SELECT equipment, state, checked_until, checked_at FROM vehicle WHERE id = $1"
KEEP = """
UPDATE driver SET skills = $2, skills_until = $3, documents_until = $4, vehicle_until = $5 WHERE id = $1
"""


async def renew_eligibility(work: Work, *, driver_id: UUID) -> None:
    """Keeps with the driver what the clock alone then decides by."""
    driver = await work.fetch_row(LOCK_DRIVER, driver_id)
    if driver is None:
        raise NotFound("there is no such driver", field="driverId")
    shown = {
        DocumentKind(row["kind"]): Shown(until=row["until"], revoked_at=row["revoked_at"])
        for row in await work.fetch(SHOWN, driver_id)
    }
    vehicle = await _vehicle(work, driver["vehicle_id"])
    now = eligibility(driver["skills"], shown, vehicle, work.now)
    await work.execute(KEEP, driver_id, now.skills, now.skills_until, now.documents_until, now.vehicle_until)


async def _vehicle(work: Work, vehicle_id: UUID | None) -> ChosenVehicle | None:
    row = await work.fetch_row(VEHICLE, vehicle_id) if vehicle_id else None
    if row is None:
        return None
    until = row["checked_until"] if row["state"] == "PASSED" else row["checked_at"] or work.now
    return ChosenVehicle(equipment=frozenset(row["equipment"]), until=until)
