"""Takes offers back: somebody else was first, the driver is busy or gone, or the route has changed."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from marketplace.core.work import Work
from marketplace.offers.events import OfferWithdrawn
from marketplace.offers.exhaust import exhaust_waves
from marketplace.offers.presence import settle_presence
from marketplace.offers.states import WithdrawReason

OF_ROUTE = """
UPDATE offer SET state = 'WITHDRAWN', ended_at = $2, end_reason = $3
WHERE route_id = $1 AND state IN ('SENT', 'VIEWED')
RETURNING id, market_id, route_id, driver_id
"""
# Skips offers whose route somebody else is deciding at this moment: whoever takes that route, or its expiry, ends them.
# Waiting for them here could wait in a circle. None is skipped for a yes or a look of the same driver, which waits.
OF_DRIVER = """
UPDATE offer SET state = 'WITHDRAWN', ended_at = $2, end_reason = $3
WHERE id IN (SELECT id FROM offer WHERE driver_id = $1 AND state IN ('SENT', 'VIEWED') FOR UPDATE SKIP LOCKED)
  AND ($3 <> 'OFFLINE' OR EXISTS (SELECT FROM presence WHERE driver_id = $1 AND state = 'OFFLINE'))
RETURNING id, market_id, route_id, driver_id, wave_id
"""


async def withdraw_offers_of_route(work: Work, *, route_id: UUID, reason: WithdrawReason) -> list[UUID]:
    """Ends every open offer of a route and returns the drivers who had one; the caller holds the route's lock."""
    rows = await work.fetch_sorted(OF_ROUTE, route_id, work.now, reason.value)
    tell_withdrawn(work, rows, reason)
    return [row["driver_id"] for row in rows]


async def withdraw_offers_of_driver(work: Work, *, driver_id: UUID, reason: WithdrawReason) -> int:
    """Ends a driver's open offers, and the waves that have nobody left to answer.

    For OFFLINE only if the driver still is: one who went offline and came back keeps what was asked.
    """
    rows = await work.fetch_sorted(OF_DRIVER, driver_id, work.now, reason.value)
    tell_withdrawn(work, rows, reason)
    await exhaust_waves(work, [row["wave_id"] for row in rows])
    if reason is WithdrawReason.OFFLINE:
        await settle_presence(work, [driver_id])
    return len(rows)


def tell_withdrawn(work: Work, rows: Sequence[asyncpg.Record], reason: WithdrawReason) -> None:
    """Writes down that these offers were taken back."""
    for row in rows:
        work.emit(
            OfferWithdrawn(
                market_id=row["market_id"],
                offer_id=row["id"],
                route_id=row["route_id"],
                driver_id=row["driver_id"],
                reason=reason.value,
            )
        )
