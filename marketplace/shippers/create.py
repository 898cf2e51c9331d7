"""Takes in a shipper and dates its rate cards."""

from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work
from marketplace.shippers.models import RateCardRecord, Shipper

LONGEST_NAME = 120
LOCK = "SELECT id FROM shipper WHERE id = $1 FOR NO KEY UPDATE"


async def create_shipper(work: Work, *, name: str, is_test: bool = False) -> UUID:
    """Takes in a shipper; its keys and rate cards are made apart."""
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise Invalid(f"a shipper's name has 1 to {LONGEST_NAME} characters", field="name")
    shipper = await Shipper.create(
        using_db=work.db, id=work.new_id(), name=name.strip(), is_test=is_test, created_at=work.now
    )
    return shipper.id


async def set_rate_card(
    work: Work,
    *,
    shipper_id: UUID,
    market_id: UUID,
    service_level: str,
    currency: str,
    base_minor: int,
    per_km_minor: int,
    per_stop_minor: int,
    minimum_minor: int,
) -> int:
    """Dates a new version of what a shipper pays in a market at a service level, from now on."""
    # Two at once queue at the shipper, or the second would not see the first one's card and leave it open for ever.
    if await work.fetch_value(LOCK, shipper_id) is None:
        raise NotFound("there is no such shipper")
    await work.execute(
        "UPDATE rate_card SET effective_to = $4 WHERE shipper_id = $1 AND market_id = $2 AND service_level = $3"
        " AND effective_to IS NULL",
        shipper_id,
        market_id,
        service_level,
        work.now,
    )
    version: int = await work.fetch_value(
        "SELECT coalesce(max(version), 0) + 1 FROM rate_card"
        " WHERE shipper_id = $1 AND market_id = $2 AND service_level = $3",
        shipper_id,
        market_id,
        service_level,
    )
    await RateCardRecord.create(
        using_db=work.db,
        id=work.new_id(),
        shipper_id=shipper_id,
        market_id=market_id,
        service_level=service_level,
        version=version,
        currency=currency,
        base_minor=base_minor,
        per_km_minor=per_km_minor,
        per_stop_minor=per_stop_minor,
        minimum_minor=minimum_minor,
        effective_from=work.now,
    )
    return version
