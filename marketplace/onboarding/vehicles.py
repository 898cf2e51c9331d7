"""Vehicles: handed in by a driver, looked at by an operator with their equipment, and chosen for the day."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.core.errors import Conflict, Invalid, LimitReached, NotFound
from marketplace.core.work import Work
from marketplace.fleet.create import CAPACITY, MOST_PALLET_PLACES
from marketplace.fleet.events import VehicleChecked
from marketplace.fleet.models import VehicleRecord
from marketplace.fleet.states import Vehicle, VehicleState
from marketplace.onboarding.documents import LONGEST_REASON
from marketplace.onboarding.papers import EQUIPMENT
from marketplace.onboarding.renew import renew_eligibility

VEHICLES_EACH = 10
VEHICLES_OF_A_COMPANY = 500
LISTED_AT_MOST = 200
LONGEST_LABEL = 40

OWNER = "SELECT market_id FROM driver WHERE id = $1 FOR NO KEY UPDATE"
COUNT = "SELECT count(*) FROM vehicle WHERE driver_id = $1 AND state <> 'RETIRED'"
COMPANY = "SELECT true FROM company WHERE id = $1 AND market_id = $2 AND state = 'ACTIVE' FOR NO KEY UPDATE"
COUNT_OF_COMPANY = "SELECT count(*) FROM vehicle WHERE company_id = $1 AND state <> 'RETIRED'"
RETIRE = """
UPDATE vehicle SET state = 'RETIRED', checked_at = $2, checked_by = $3, reason = $4 WHERE id = $1
"""
LOCK = "SELECT id, driver_id, state FROM vehicle WHERE id = $1 AND market_id = $2 FOR UPDATE"
CHECK = """
UPDATE vehicle SET state = $2, checked_until = $3, checked_at = $4, checked_by = $5, reason = $6, equipment = $7,
       pallet_places = $8 WHERE id = $1
"""
STANDS_ON = "UPDATE driver SET pallet_places = $2 WHERE vehicle_id = $1"
DRIVES = "SELECT id FROM driver WHERE vehicle_id = $1 ORDER BY id"
# One's own, or one of the company that one drives for.
MINE = """
SELECT v.id, v.kind, v.capacity, v.pallet_places, v.state, v.checked_until FROM vehicle v JOIN driver d ON d.id = $2
WHERE v.id = $1 AND (v.driver_id = d.id OR v.company_id = d.company_id)
"""
IS_BUSY = "SELECT EXISTS (SELECT 1 FROM route WHERE driver_id = $1 AND state IN ('ASSIGNED', 'STARTED'))"
CHOOSE = "UPDATE driver SET vehicle_id = $2, vehicle = $3, capacity = $4, pallet_places = $5 WHERE id = $1"
OF_DRIVER = """
SELECT 'vhc_' || replace(v.id::text, '-', '') AS id, v.kind, v.label, v.capacity, v.pallet_places, v.equipment, v.state,
       v.checked_until, v.reason, v.id IS NOT DISTINCT FROM d.vehicle_id AS is_chosen
FROM vehicle v JOIN driver d ON d.id = $1
WHERE (v.driver_id = d.id OR v.company_id = d.company_id) AND v.state <> 'RETIRED' ORDER BY v.created_at, v.id LIMIT $2
"""
TO_CHECK = """
SELECT 'vhc_' || replace(v.id::text, '-', '') AS id, 'drv_' || replace(v.driver_id::text, '-', '') AS driver_id,
       v.kind, v.label, v.equipment, v.created_at
FROM vehicle v WHERE v.market_id = $1 AND v.state = 'WAITING' ORDER BY v.created_at, v.id LIMIT $2
"""


class TooManyVehicles(LimitReached):
    """A driver has as many vehicles as one can have."""

    code = "TOO_MANY_VEHICLES"


class VehicleNotReady(Conflict):
    """The vehicle has not passed its check, or the check has run out, or a route is under way."""

    code = "VEHICLE_NOT_READY"


async def add_vehicle(work: Work, *, driver_id: UUID, kind: Vehicle, label: str, equipment: Sequence[str] = ()) -> UUID:
    """Takes in a driver's vehicle; it waits for its check."""
    _check_words(label, equipment)
    # Two at once: the lock on the driver makes the second see the first in the count.
    market_id = await work.fetch_value(OWNER, driver_id)
    if market_id is None:
        raise NotFound("there is no such driver")
    if await work.fetch_value(COUNT, driver_id) >= VEHICLES_EACH:
        raise TooManyVehicles(f"at most {VEHICLES_EACH} vehicles each")
    return await _take_in(work, kind, label, equipment, market_id=market_id, driver_id=driver_id)


async def add_company_vehicle(
    work: Work, *, company_id: UUID, market_id: UUID, kind: Vehicle, label: str, equipment: Sequence[str] = ()
) -> UUID:
    """An operator takes in a vehicle of a company, which any of its drivers may choose once it has passed its check."""
    _check_words(label, equipment)
    # Two at once: the lock on the company makes the second see the first in the count.
    if not await work.fetch_value(COMPANY, company_id, market_id):
        raise NotFound("there is no such company", field="companyId")
    if await work.fetch_value(COUNT_OF_COMPANY, company_id) >= VEHICLES_OF_A_COMPANY:
        raise TooManyVehicles(f"at most {VEHICLES_OF_A_COMPANY} vehicles of a company")
    return await _take_in(work, kind, label, equipment, market_id=market_id, company_id=company_id)


async def retire_vehicle(work: Work, *, vehicle_id: UUID, market_id: UUID, operator_id: UUID, reason: str) -> None:
    """An operator takes a vehicle out for good: nobody chooses it, and who has chosen it needs another one."""
    row = await work.fetch_row(LOCK, vehicle_id, market_id)
    if row is None:
        raise NotFound("there is no such vehicle", field="vehicleId")
    if row["state"] == VehicleState.RETIRED.value:
        return
    await work.execute(RETIRE, vehicle_id, work.now, operator_id, reason.strip())
    await _follow(work, vehicle_id, row["driver_id"], market_id, VehicleState.RETIRED)


async def check_vehicle(
    work: Work,
    *,
    vehicle_id: UUID,
    market_id: UUID,
    operator_id: UUID,
    is_passed: bool,
    reason: str,
    good_until: datetime,
    equipment: Sequence[str],
    pallet_places: int = 0,
) -> VehicleState:
    """An operator says whether a vehicle and its equipment are in order, why, and until when; checks repeat."""
    if not 0 <= pallet_places <= MOST_PALLET_PLACES:
        raise Invalid(f"a vehicle has 0 to {MOST_PALLET_PLACES} pallet places", field="palletPlaces")
    _check_equipment(equipment)
    why = reason.strip()
    if not 1 <= len(why) <= LONGEST_REASON:
        raise Invalid(f"say why in 1 to {LONGEST_REASON} characters", field="reason")
    if is_passed and good_until <= work.now:
        raise Invalid("a check is good for some time", field="goodUntil")
    row = await work.fetch_row(LOCK, vehicle_id, market_id)
    if row is None:
        raise NotFound("there is no such vehicle", field="vehicleId")
    if row["state"] == VehicleState.RETIRED.value:
        raise VehicleNotReady("this vehicle was retired; hand in another one", field="vehicleId")
    state = VehicleState.PASSED if is_passed else VehicleState.FAILED
    found = sorted(set(equipment))
    await work.execute(CHECK, vehicle_id, state.value, good_until, work.now, operator_id, why, found, pallet_places)
    await work.execute(STANDS_ON, vehicle_id, pallet_places)
    await _follow(work, vehicle_id, row["driver_id"], market_id, state)
    return state


async def choose_vehicle(work: Work, *, driver_id: UUID, vehicle_id: UUID) -> None:
    """A driver takes this vehicle today: what it holds and carries counts from now on."""
    row = await work.fetch_row(MINE, vehicle_id, driver_id)
    if row is None:
        raise NotFound("there is no such vehicle", field="vehicleId")
    if row["state"] != VehicleState.PASSED.value or row["checked_until"] <= work.now:
        raise VehicleNotReady("this vehicle has to pass its check first", field="vehicleId")
    if await work.fetch_value(IS_BUSY, driver_id):
        raise VehicleNotReady("finish your route first; then take another vehicle", field="vehicleId")
    await work.execute(CHOOSE, driver_id, vehicle_id, row["kind"], row["capacity"], row["pallet_places"])
    await renew_eligibility(work, driver_id=driver_id)


async def vehicles_of(work: Work, *, driver_id: UUID) -> list[dict[str, Any]]:
    """The vehicles that a driver can take: the own ones and the company's."""
    return [dict(row) for row in await work.fetch(OF_DRIVER, driver_id, LISTED_AT_MOST)]


async def vehicles_to_check(work: Work, *, market_id: UUID) -> list[dict[str, Any]]:
    """Vehicles of a market that wait for a person, longest waiting first."""
    return [dict(row) for row in await work.fetch(TO_CHECK, market_id, LISTED_AT_MOST)]


async def _take_in(
    work: Work,
    kind: Vehicle,
    label: str,
    equipment: Sequence[str],
    *,
    market_id: UUID,
    driver_id: UUID | None = None,
    company_id: UUID | None = None,
) -> UUID:
    vehicle = await VehicleRecord.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        driver_id=driver_id,
        company_id=company_id,
        kind=kind.value,
        label=label.strip(),
        capacity=list(CAPACITY[kind]),
        equipment=sorted(set(equipment)),
        state=VehicleState.WAITING.value,
        created_at=work.now,
    )
    return vehicle.id


async def _follow(work: Work, vehicle_id: UUID, driver_id: UUID | None, market_id: UUID, state: VehicleState) -> None:
    """What was said of a vehicle counts for everybody who has chosen it."""
    for driver in await work.fetch(DRIVES, vehicle_id):
        await renew_eligibility(work, driver_id=driver["id"])
    work.emit(VehicleChecked(market_id=market_id, driver_id=driver_id, vehicle_id=vehicle_id, state=state.value))


def _check_words(label: str, equipment: Sequence[str]) -> None:
    _check_equipment(equipment)
    if not 1 <= len(label.strip()) <= LONGEST_LABEL:
        raise Invalid(f"call the vehicle something of 1 to {LONGEST_LABEL} characters", field="label")


def _check_equipment(equipment: Sequence[str]) -> None:
    if unknown := sorted(set(equipment) - EQUIPMENT):
        raise Invalid(f"{unknown[0]} is none of {', '.join(sorted(EQUIPMENT))}", field="equipment")
