"""Every read of streams, positions and messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.ids import MarketId
from marketplace.tracking.cursor import write_cursor

PAGE = 500
"""Events that one read returns at most."""
SPAN = 20_000
"""Positions that one read looks over at most, so that a narrow filter does not read a day at once."""

EVENT_COLUMNS = "id, market_id, position, name, occurred_at, payload, shipper_id, driver_id, delivery_id, route_id"

HEAD = "SELECT position FROM stream_head WHERE market_id = $1"
NEWER = f"SELECT {EVENT_COLUMNS} FROM event WHERE market_id = $1 AND position > $2 ORDER BY position LIMIT $3"
BETWEEN = f"""
SELECT {EVENT_COLUMNS} FROM event
WHERE market_id = $1 AND position > $2 AND position <= $3
  AND ($4::uuid IS NULL OR shipper_id = $4) AND ($5::uuid IS NULL OR driver_id = $5)
  AND ($6::uuid IS NULL OR delivery_id = $6) AND ($7::uuid IS NULL OR route_id = $7)
  AND ($8::text[] IS NULL OR name = ANY($8))
ORDER BY position LIMIT $9
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedEvent:
    """An event as subscribers get it; `cursor` resumes the stream after it. Shared by all of them: never changed."""

    id: UUID
    name: str
    cursor: str
    position: int
    occurred_at: datetime
    payload: dict[str, Any]
    market_id: UUID
    shipper_id: UUID | None
    driver_id: UUID | None
    delivery_id: UUID | None
    route_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFilter:
    """Which events of a market a subscriber may and wants to see; None leaves that side open."""

    shipper_id: UUID | None = None
    driver_id: UUID | None = None
    delivery_id: UUID | None = None
    route_id: UUID | None = None
    names: frozenset[str] | None = None

    def lets_through(self, event: StreamedEvent) -> bool:
        """Whether the subscriber sees this event; says the same as the SQL of `events_between`."""
        return (
            (self.names is None or event.name in self.names)
            and (self.shipper_id is None or event.shipper_id == self.shipper_id)
            and (self.driver_id is None or event.driver_id == self.driver_id)
            and (self.delivery_id is None or event.delivery_id == self.delivery_id)
            and (self.route_id is None or event.route_id == self.route_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a driver was when."""

    driver_id: UUID
    lat: float
    lon: float
    occurred_at: datetime


async def head_position(connection: asyncpg.Connection, *, market_id: MarketId) -> int:
    """The last position that was given out in a market's stream."""
    position: int | None = await connection.fetchval(HEAD, market_id)
    return position or 0


async def head_cursor(connection: asyncpg.Connection, *, market_id: MarketId) -> str:
    """A cursor at the end of the stream, to be read before a snapshot: whoever subscribes with it misses nothing."""
    return write_cursor(market_id, await head_position(connection, market_id=market_id))


async def resumable_since(connection: asyncpg.Connection, *, market_id: MarketId, position: int) -> datetime | None:
    """When the first event after a position happened; None when there is none."""
    occurred_at: datetime | None = await connection.fetchval(
        "SELECT occurred_at FROM event WHERE market_id = $1 AND position > $2 ORDER BY position LIMIT 1",
        market_id,
        position,
    )
    return occurred_at


async def events_after(connection: asyncpg.Connection, *, market_id: MarketId, position: int) -> list[StreamedEvent]:
    """The next events of a market, a page of them."""
    return [_streamed(row) for row in await connection.fetch(NEWER, market_id, position, PAGE)]


async def events_between(
    connection: asyncpg.Connection, *, market_id: MarketId, after: int, until: int, wanted: StreamFilter
) -> tuple[list[StreamedEvent], int]:
    """The wanted events of a market after one position and up to another: a page, and how far the page looked."""
    last = min(until, after + SPAN)
    rows = await connection.fetch(
        BETWEEN,
        market_id,
        after,
        last,
        wanted.shipper_id,
        wanted.driver_id,
        wanted.delivery_id,
        wanted.route_id,
        sorted(wanted.names) if wanted.names is not None else None,
        PAGE,
    )
    events = [_streamed(row) for row in rows]
    return events, events[-1].position if len(events) == PAGE else last


async def trail_of_driver(
    connection: asyncpg.Connection, *, market_id: MarketId, driver_id: UUID, since: datetime, limit: int = 1_000
) -> list[Place]:
    """Where a driver has been since a time, oldest first."""
    rows = await connection.fetch(
        "SELECT driver_id, lat, lon, occurred_at FROM position"
        " WHERE driver_id = $1 AND market_id = $2 AND occurred_at >= $3 ORDER BY occurred_at LIMIT $4",
        driver_id,
        market_id,
        since,
        limit,
    )
    return [Place(**dict(row)) for row in rows]


def _streamed(row: asyncpg.Record) -> StreamedEvent:
    cursor = write_cursor(row["market_id"], row["position"])
    return StreamedEvent(**{**dict(row), "payload": orjson.loads(row["payload"]), "cursor": cursor})
