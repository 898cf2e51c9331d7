"""Every read of shippers."""

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.core.work import Work

RATE_CARD = """
SELECT version, service_level, currency, base_minor, per_km_minor, per_stop_minor, minimum_minor
FROM rate_card
WHERE shipper_id = $1 AND market_id = $2 AND service_level = $3 AND effective_from <= $4
  AND (effective_to IS NULL OR effective_to > $4)
ORDER BY version DESC LIMIT 1
"""


async def rate_card_row(
    work: Work, *, shipper_id: UUID, market_id: UUID, service_level: str, moment: datetime
) -> asyncpg.Record | None:
    """The rate card of a shipper in force at that moment, if it has one for the level."""
    return await work.fetch_row(RATE_CARD, shipper_id, market_id, service_level, moment)
