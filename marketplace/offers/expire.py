"""Offers end at their deadline: true by the clock of the market, prompt by a waker, and never early."""

from datetime import datetime

import asyncpg

from marketplace.core.work import Work
from marketplace.offers.events import OfferExpired
from marketplace.offers.exhaust import exhaust_waves
from marketplace.offers.presence import settle_presence

EXPIRED_AT_ONCE = 500
EXPIRE = """
WITH due AS (
    SELECT id FROM offer WHERE state IN ('SENT', 'VIEWED') AND expires_at <= $1
    ORDER BY expires_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE offer SET state = 'EXPIRED', ended_at = $1 FROM due WHERE offer.id = due.id
RETURNING offer.id, market_id, route_id, driver_id, wave_id
"""
NEXT = "SELECT min(expires_at) FROM offer WHERE state IN ('SENT', 'VIEWED')"


async def expire_due(work: Work, *, limit: int = EXPIRED_AT_ONCE) -> int:
    """Ends every offer whose time is over, up to `limit`, and the waves that have nobody left to answer."""
    rows = await work.fetch_sorted(EXPIRE, work.now, limit)
    for row in rows:
        work.emit(
            OfferExpired(
                market_id=row["market_id"],
                offer_id=row["id"],
                route_id=row["route_id"],
                driver_id=row["driver_id"],
            )
        )
    await exhaust_waves(work, [row["wave_id"] for row in rows])
    await settle_presence(work, sorted({row["driver_id"] for row in rows}))
    return len(rows)


async def next_expiry(connection: asyncpg.Connection) -> datetime | None:
    """When the next open offer ends."""
    due: datetime | None = await connection.fetchval(NEXT)
    return due
