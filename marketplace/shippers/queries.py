"""Every read of shippers and their rate cards."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.work import Work

CARDS_AT_MOST = 200
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
