"""Dates a new version of a rural zone: where it lies, when it is served and what it costs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.rural.zone import BadRuralZone, RuralZone
from marketplace.shippers import read_area

LOCK_MARKET = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"
NEXT_VERSION = "SELECT coalesce(max(version), 0) + 1 FROM rural_zone WHERE market_id = $1 AND code = $2"
WRITE = """
INSERT INTO rural_zone (id, market_id, code, version, name, is_served, area, days, cutoff, cutoff_days, opens, closes,
    window_s, surcharge_minor, surcharge_basis_points, effective_from)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""


async def set_rural_zone(
    work: Work,
    *,
    market_id: UUID,
    terms: RuralZone,
    area: Mapping[str, Any],
    effective_from: datetime | None = None,
) -> UUID:
    """Adds the next version of a zone, in force from now or a later moment, and returns its id.

    What is quoted or posted keeps the surcharge of its version; another window for it follows the terms of its day.
    """
    # Two at once queue at the market, so that each gets a version of its own.
    if await work.fetch_value(LOCK_MARKET, market_id) is None:
        raise NotFound("there is no such market", field="marketId")
    if effective_from is not None and effective_from < work.now:
        raise BadRuralZone("terms begin now or later", field="effectiveFrom")
    read_area(area)
    kept, zone_id = terms.as_json(), work.new_id()
    await work.execute(
        WRITE,
        zone_id,
        market_id,
        terms.code,
        await work.fetch_value(NEXT_VERSION, market_id, terms.code),
        terms.name,
        terms.is_served,
        orjson.dumps({"type": area["type"], "coordinates": area["coordinates"]}).decode(),
        *(kept[name] for name in ("days", "cutoff", "cutoff_days", "opens", "closes", "window_s")),
        terms.surcharge_minor,
        terms.surcharge_basis_points,
        effective_from or work.now,
    )
    return zone_id
