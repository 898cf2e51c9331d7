"""Dates a new version of what a shipper's tier promises and costs in a market."""

from datetime import datetime
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.shippers.level import BadServiceLevel, ServiceLevel
from marketplace.shippers.models import ServiceLevelRecord

LOCK = "SELECT id FROM shipper WHERE id = $1 FOR NO KEY UPDATE"
MARKET = "SELECT id FROM market WHERE id = $1"
NEXT_VERSION = """
SELECT coalesce(max(version), 0) + 1 FROM service_level WHERE shipper_id = $1 AND market_id = $2 AND tier = $3
"""


async def set_service_level(
    work: Work, *, shipper_id: UUID, market_id: UUID, level: ServiceLevel, effective_from: datetime | None = None
) -> int:
    """Adds the next version of a tier, in force from now or a later moment until that of the version after it.

    Deliveries keep the version under which they were posted. Of two of one moment the later version counts.
    """
    # Two at once queue at the shipper, so that each gets a version of its own.
    if await work.fetch_value(LOCK, shipper_id) is None:
        raise NotFound("there is no such shipper", field="shipperId")
    if await work.fetch_value(MARKET, market_id) is None:
        raise NotFound("there is no such market", field="marketId")
    if effective_from is not None and effective_from < work.now:
        raise BadServiceLevel("terms begin now or later", field="effectiveFrom")
    version: int = await work.fetch_value(NEXT_VERSION, shipper_id, market_id, level.tier.value)
    await ServiceLevelRecord.create(
        using_db=work.db,
        **level.as_json()
        | {
            "id": work.new_id(),
            "shipper_id": shipper_id,
            "market_id": market_id,
            "version": version,
            "effective_from": effective_from or work.now,
        },
    )
    return version
