"""Dates a new version of what a shipper pays in a market at a service level."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work
from marketplace.shippers.models import RateCardRecord

SERVICE_LEVELS = ("STANDARD", "EXPRESS", "SAME_DAY", "NEXT_DAY")
LOCK = "SELECT id FROM shipper WHERE id = $1 FOR NO KEY UPDATE"
CURRENCY = "SELECT currency FROM market WHERE id = $1"
NEXT_VERSION = """
SELECT coalesce(max(version), 0) + 1 FROM rate_card WHERE shipper_id = $1 AND market_id = $2 AND service_level = $3
"""


class BadRateCardDate(Invalid):
    """A rate card that would have been in force before it was set: what was quoted would not be what was set."""

    code = "BAD_RATE_CARD_DATE"


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
    surcharges: Sequence[Mapping[str, object]] = (),
    promises: Mapping[str, int] | None = None,
    effective_from: datetime | None = None,
) -> int:
    """Adds the next version of a card, in force from now or a later moment until that of the version after it.

    Versions are never edited. Of two of one moment the later version counts, so a mistake is mended by setting another.
    """
    # Two at once queue at the shipper, so that each gets a version of its own.
    if await work.fetch_value(LOCK, shipper_id) is None:
        raise NotFound("there is no such shipper", field="shipperId")
    if service_level not in SERVICE_LEVELS:
        raise Invalid(f"a service level is one of {', '.join(SERVICE_LEVELS)}", field="serviceLevel")
    if effective_from is not None and effective_from < work.now:
        raise BadRateCardDate("a rate card begins now or later", field="effectiveFrom")
    if await work.fetch_value(CURRENCY, market_id) != currency:
        raise Invalid("a rate card is in the currency of its market", field="currency")
    version: int = await work.fetch_value(NEXT_VERSION, shipper_id, market_id, service_level)
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
        surcharges=[dict(one) for one in surcharges],
        promises=dict(promises or {}),
        effective_from=effective_from or work.now,
    )
    return version
