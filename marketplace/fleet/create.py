"""Takes in drivers and agrees their shifts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work
from marketplace.fleet.models import Driver, Presence, Shift
from marketplace.fleet.states import AccountState, ContractKind, PresenceState, Vehicle

CAPACITY = {
    Vehicle.BICYCLE: (6, 20_000, 80),
    Vehicle.MOTORCYCLE: (8, 30_000, 120),
    Vehicle.CAR: (25, 200_000, 600),
    Vehicle.VAN: (80, 900_000, 6_000),
}
"""What a vehicle holds unless agreed otherwise: packages, grams, cubic decimetres."""
MOST_STOPS = 200
MOST_PALLET_PLACES = 40
LONGEST_SHIFT = timedelta(hours=16)


async def create_driver(
    work: Work,
    *,
    market_id: UUID,
    name: str,
    phone: str,
    contract_kind: ContractKind,
    vehicle: Vehicle,
    skills: Sequence[str] = (),
    capacity: Sequence[int] | None = None,
    pallet_places: int = 0,
    max_stops: int = 24,
    company_id: UUID | None = None,
    account_state: AccountState = AccountState.ACTIVE,
    language: str = "en",
) -> UUID:
    """Takes in a driver, offline at first; a company's are contracted. `phone` is in E.164 form and signs in once."""
    limits = list(capacity or CAPACITY[vehicle])
    if len(limits) != 3 or min(limits) < 1:
        raise Invalid("capacity is packages, grams and cubic decimetres, each at least 1", field="capacity")
    if not 0 <= pallet_places <= MOST_PALLET_PLACES:
        raise Invalid(f"a vehicle has 0 to {MOST_PALLET_PLACES} pallet places", field="palletPlaces")
    if not 1 <= max_stops <= MOST_STOPS:
        raise Invalid(f"a driver makes 1 to {MOST_STOPS} stops on a route", field="maxStops")
    if company_id is not None and contract_kind is not ContractKind.CONTRACTED:
        raise Invalid("a company's drivers are contracted", field="contractKind")
    driver = await Driver.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        name=name,
        phone=phone,
        contract_kind=contract_kind.value,
        account_state=account_state.value,
        company_id=company_id,
        vehicle=vehicle.value,
        capacity=limits,
        pallet_places=pallet_places,
        skills=sorted(set(skills)),
        max_stops=max_stops,
        language=language,
        created_at=work.now,
    )
    await Presence.create(
        using_db=work.db,
        driver_id=driver.id,
        market_id=market_id,
        state=PresenceState.OFFLINE.value,
        changed_at=work.now,
    )
    return driver.id


async def plan_shift(work: Work, *, driver_id: UUID, market_id: UUID, starts_at: datetime, ends_at: datetime) -> UUID:
    """Agrees hours with a dedicated or contracted driver."""
    if ends_at <= starts_at:
        raise Invalid("a shift ends after it starts", field="endsAt")
    shift = await Shift.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        driver_id=driver_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return shift.id


async def plan_shift_of(
    work: Work, *, driver_id: UUID, market_id: UUID, starts_at: datetime, ends_at: datetime
) -> UUID:
    """Agrees hours with a driver of this market who works by hours; the crowd comes and goes as it likes."""
    kind = await work.fetch_value(
        "SELECT contract_kind FROM driver WHERE id = $1 AND market_id = $2", driver_id, market_id
    )
    if kind is None:
        raise NotFound("there is no such driver", field="driverId")
    if kind == ContractKind.CROWDSOURCED:
        raise Invalid("the crowd has no shifts", field="driverId")
    if ends_at - starts_at > LONGEST_SHIFT:
        raise Invalid("a shift has at most 16 hours", field="endsAt")
    return await plan_shift(work, driver_id=driver_id, market_id=market_id, starts_at=starts_at, ends_at=ends_at)
