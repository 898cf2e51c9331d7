"""Says where a shipper is served, or everybody in a market who has no area of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.shippers.area import read_area

LOCK_MARKET = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"
FIND_SHIPPER = "SELECT id FROM shipper WHERE id = $1"
WRITE = """
INSERT INTO service_area (id, market_id, shipper_id, version, area, created_at)
SELECT $1, $2, $3, coalesce(max(version), 0) + 1, $4::jsonb, $5 FROM service_area
WHERE market_id = $2 AND shipper_id IS NOT DISTINCT FROM $3 RETURNING version
"""


async def set_service_area(
    work: Work, *, market_id: UUID, shipper_id: UUID | None, area: Mapping[str, Any] | None
) -> int:
    """Adds the next version of an area, in force at once; none is everywhere, or where the market's default is.

    What is posted already is delivered all the same.
    """
    # Two at once queue at the market, so that each gets a version of its own.
    if await work.fetch_value(LOCK_MARKET, market_id) is None:
        raise NotFound("there is no such market", field="marketId")
    if shipper_id is not None and await work.fetch_value(FIND_SHIPPER, shipper_id) is None:
        raise NotFound("there is no such shipper", field="shipperId")
    if area is not None:
        read_area(area)
    kept = orjson.dumps({"type": area["type"], "coordinates": area["coordinates"]}).decode() if area else None
    version: int = await work.fetch_value(WRITE, work.new_id(), market_id, shipper_id, kept, work.now)
    return version
