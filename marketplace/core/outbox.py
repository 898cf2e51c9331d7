"""The outbox: events that are committed get their place in the stream of their market.

A Work stores its events without a place, so that busy Works never wait for one another. Afterwards one writer at a time
gives the places out: positions of a market have no gap, and whoever has seen position 7 will never see a new 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.ids import MarketId
from marketplace.core.work import Work

PUBLISHED_AT_ONCE = 500
"""Events that one call publishes at most, so that the stream's lock is held for milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEvent:
    """An event with its place in its market's stream."""

    id: UUID
    market_id: UUID
    position: int
    name: str
    occurred_at: datetime
    payload: dict[str, Any]
    shipper_id: UUID | None
    driver_id: UUID | None
    delivery_id: UUID | None
    route_id: UUID | None


LOCK_HEAD = "SELECT position FROM stream_head WHERE market_id = $1 FOR UPDATE SKIP LOCKED"
# Without looking first, ON CONFLICT would wait for the lock of the head that is there.
MAKE_HEAD = """
INSERT INTO stream_head (market_id, position)
SELECT $1, 0 WHERE NOT EXISTS (SELECT 1 FROM stream_head WHERE market_id = $1)
ON CONFLICT DO NOTHING RETURNING position
"""
MOVE_HEAD = "UPDATE stream_head SET position = $2 WHERE market_id = $1"

GIVE_POSITIONS = """
WITH placed AS (
    SELECT id AS event_id, $2 + row_number() OVER (ORDER BY ordinal) AS place
    FROM event WHERE market_id = $1 AND position IS NULL
    ORDER BY ordinal LIMIT $3
)
UPDATE event SET position = place FROM placed WHERE id = event_id
RETURNING id, market_id, position, name, occurred_at, payload, shipper_id, driver_id, delivery_id, route_id
"""

# Leaps from market to market over the index, however long the backlog of one of them is.
MARKETS_WITH_UNPUBLISHED = """
WITH RECURSIVE waiting AS (
    (SELECT market_id FROM event WHERE position IS NULL ORDER BY market_id LIMIT 1)
    UNION ALL
    SELECT (SELECT event.market_id FROM event
            WHERE position IS NULL AND event.market_id > waiting.market_id ORDER BY event.market_id LIMIT 1)
    FROM waiting WHERE waiting.market_id IS NOT NULL
)
SELECT market_id FROM waiting WHERE market_id IS NOT NULL
"""


async def publish_events(work: Work, market_id: MarketId) -> list[PublishedEvent]:
    """Gives the unpublished events of a market their places, in the order in which they came to be.

    Returns them in that order; none when there are none, or when somebody else is publishing this market right now.
    The row of the stream's head is the lock. The events are read by a statement of their own after it, since a
    statement that began before the lock was free would not see what its last holder published.
    """
    head = await work.fetch_value(LOCK_HEAD, market_id)
    if head is None:
        head = await work.fetch_value(MAKE_HEAD, market_id)
    if head is None:
        return []
    rows = await work.fetch(GIVE_POSITIONS, market_id, head, PUBLISHED_AT_ONCE)
    if rows:
        await work.execute(MOVE_HEAD, market_id, head + len(rows))
    return sorted(map(_published, rows), key=lambda event: event.position)


async def markets_with_unpublished(connection: asyncpg.Connection) -> Sequence[MarketId]:
    """The markets whose relay has something to do."""
    return [MarketId(row["market_id"]) for row in await connection.fetch(MARKETS_WITH_UNPUBLISHED)]


def _published(row: asyncpg.Record) -> PublishedEvent:
    return PublishedEvent(**{**dict(row), "payload": orjson.loads(row["payload"])})
