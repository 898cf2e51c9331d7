"""Every read of shippers, their rate cards and the terms of their tiers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.shippers.area import ServiceArea, kept_area
from marketplace.shippers.level import ServiceLevel, Tier

CARDS_AT_MOST = 200
LEVELS_AT_MOST = 200
COLUMNS = """
version, service_level, currency, base_minor, per_km_minor, per_stop_minor, minimum_minor, surcharges, promises
"""
RATE_CARD = f"""
SELECT {COLUMNS} FROM rate_card
WHERE shipper_id = $1 AND market_id = $2 AND service_level = $3 AND effective_from <= $4
ORDER BY effective_from DESC, version DESC LIMIT 1
"""
RATE_CARD_VERSION = f"""
SELECT {COLUMNS} FROM rate_card WHERE shipper_id = $1 AND market_id = $2 AND service_level = $3 AND version = $4
"""
# A version of the same moment as a later one was never in force, and one is in force until the next begins.
RATE_CARDS = """
SELECT coalesce(json_agg(card.tree), '[]') FROM (
    SELECT json_build_object(
        'market_id', 'mkt_' || replace(market_id::text, '-', ''), 'version', version,
        'service_level', service_level, 'currency', currency, 'base_minor', base_minor,
        'per_km_minor', per_km_minor, 'per_stop_minor', per_stop_minor, 'minimum_minor', minimum_minor,
        'surcharges', coalesce(surcharges, '[]'), 'promises', coalesce(promises, '{}'),
        'effective_from', effective_from,
        'effective_to', lead(effective_from) OVER (
            PARTITION BY market_id, service_level ORDER BY effective_from, version)) AS tree
    FROM rate_card WHERE shipper_id = $1 AND ($2::uuid IS NULL OR market_id = $2)
    ORDER BY market_id, service_level, effective_from DESC, version DESC LIMIT $3) AS card
"""
# Of each tier the version in force at a moment.
SERVICE_LEVELS_AT = """
SELECT DISTINCT ON (tier) * FROM service_level
WHERE shipper_id = $1 AND market_id = $2 AND effective_from <= $3 ORDER BY tier, effective_from DESC, version DESC
"""
SERVICE_LEVEL = "SELECT * FROM service_level WHERE id = $1 AND shipper_id = $2"
LEVELS_OF = """
SELECT *, 'mkt_' || replace(market_id::text, '-', '') AS market, lead(effective_from) OVER (
    PARTITION BY market_id, tier ORDER BY effective_from, version) AS effective_to
FROM service_level WHERE shipper_id = $1 AND ($2::uuid IS NULL OR market_id = $2)
ORDER BY market_id, tier, effective_from DESC, version DESC LIMIT $3
"""

# A shipper's own area, and the default of its market where it has none.
SERVICE_AREA = """
SELECT version, area::text AS area, shipper_id IS NULL AS is_default, created_at FROM (
    (SELECT * FROM service_area WHERE market_id = $1 AND shipper_id = $2 ORDER BY version DESC LIMIT 1)
    UNION ALL
    (SELECT * FROM service_area WHERE market_id = $1 AND shipper_id IS NULL ORDER BY version DESC LIMIT 1)) AS latest
WHERE area IS NOT NULL ORDER BY shipper_id NULLS LAST LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLevel:
    """The terms of a tier, and under which id that version is kept."""

    id: UUID
    level: ServiceLevel


async def area_of(work: Work, *, market_id: UUID, shipper_id: UUID) -> ServiceArea | None:
    """Where a shipper is served in a market now; None is everywhere."""
    row = await work.fetch_row(SERVICE_AREA, market_id, shipper_id)
    return kept_area(row["area"]) if row is not None else None


async def find_service_area(
    connection: asyncpg.Connection, *, market_id: UUID, shipper_id: UUID | None
) -> dict[str, Any] | None:
    """The area that counts for a shipper, or the market's default, as it was set; None where there is none."""
    row = await connection.fetchrow(SERVICE_AREA, market_id, shipper_id)
    return dict(row) if row is not None else None


async def service_levels_at(
    work: Work, *, shipper_id: UUID, market_id: UUID, moment: datetime
) -> dict[Tier, KeptLevel]:
    """The terms of a shipper's tiers in force at that moment, without those that were withdrawn."""
    rows = await work.fetch(SERVICE_LEVELS_AT, shipper_id, market_id, moment)
    kept = [KeptLevel(id=row["id"], level=ServiceLevel.of(dict(row))) for row in rows]
    return {one.level.tier: one for one in kept if one.level.is_offered}


async def find_service_level(work: Work, *, level_id: UUID, shipper_id: UUID) -> ServiceLevel:
    """The terms under which a delivery of the shipper was posted."""
    row = await work.fetch_row(SERVICE_LEVEL, level_id, shipper_id)
    if row is None:
        raise NotFound("there are no such terms")
    return ServiceLevel.of(dict(row))


async def list_service_levels(
    connection: asyncpg.Connection, *, shipper_id: UUID, market_id: UUID | None = None
) -> list[dict[str, Any]]:
    """All versions of a shipper's tiers, in one market or all, latest first, with until when each is in force."""
    rows = await connection.fetch(LEVELS_OF, shipper_id, market_id, LEVELS_AT_MOST)
    return [dict(row) | {"market_id": row["market"]} for row in rows]


async def rate_card_row(
    work: Work, *, shipper_id: UUID, market_id: UUID, service_level: str, moment: datetime
) -> asyncpg.Record | None:
    """The rate card of a shipper in force at that moment, if it has one for the level."""
    return await work.fetch_row(RATE_CARD, shipper_id, market_id, service_level, moment)


async def rate_card_version(
    work: Work, *, shipper_id: UUID, market_id: UUID, service_level: str, version: int
) -> asyncpg.Record | None:
    """One version of a rate card: the one under which something was posted."""
    return await work.fetch_row(RATE_CARD_VERSION, shipper_id, market_id, service_level, version)


async def list_rate_cards(
    connection: asyncpg.Connection, *, shipper_id: UUID, market_id: UUID | None = None
) -> list[dict[str, Any]]:
    """All versions of a shipper's cards, in one market or all, latest first, with until when each is in force."""
    cards: list[dict[str, Any]] = orjson.loads(
        await connection.fetchval(RATE_CARDS, shipper_id, market_id, CARDS_AT_MOST)
    )
    return cards
