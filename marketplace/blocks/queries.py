"""Every read of blocks that somebody is shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

BLOCKS_AT_MOST = 200

COLUMNS = """
    b.id, b.company_id, b.hub_id, b.area_name, b.area_cells, b.time_zone, b.opens_at, b.closes_at, b.places, b.taken,
    b.vehicles, b.skills, b.floor_per_hour_minor, b.currency, b.free_until_min, b.answer_s, b.signs_from, b.draw_s,
    b.seed_digest, CASE WHEN b.drawn_at IS NOT NULL THEN b.seed END AS seed, b.drawn_at, b.state, b.reason
"""
COUNTS = """
    (SELECT count(*) FROM sign_up s WHERE s.block_id = b.id AND s.state IN ('WAITING', 'DRAWING'))::int AS waiting,
    (SELECT count(*) FROM sign_up s WHERE s.block_id = b.id AND s.checked_in_at IS NOT NULL)::int AS attended,
    (SELECT count(*) FROM sign_up s WHERE s.block_id = b.id AND s.state = 'KEPT')::int AS kept,
    (SELECT count(*) FROM sign_up s WHERE s.block_id = b.id AND s.state = 'NO_SHOW')::int AS no_shows,
    (SELECT count(*) FROM sign_up s WHERE s.block_id = b.id AND s.state = 'LEFT' AND s.is_late)::int AS left_late,
    (SELECT coalesce(sum(s.top_up_minor), 0) FROM sign_up s WHERE s.block_id = b.id)::bigint AS top_up_minor
"""
OF_MARKET = f"""
SELECT {COLUMNS}, {COUNTS} FROM block b
WHERE b.market_id = $1 AND b.closes_at > $2 AND b.opens_at < $3 AND ($4::uuid IS NULL OR b.company_id = $4)
ORDER BY b.opens_at, b.id LIMIT $5
"""
ONE = f"SELECT {COLUMNS}, {COUNTS} FROM block b WHERE b.market_id = $1 AND b.id = ANY($2) ORDER BY b.opens_at, b.id"
MINE = """
    s.id AS sign_up_id, s.state AS sign_up_state, s.line, s.answer_by, s.is_late, s.checked_in_at, s.attended_s,
    s.earned_minor, s.top_up_minor AS my_top_up_minor, s.statement_id
"""
# What a driver may sign up for now or soon, and what the driver is in or was in.
OPEN_TO = f"""
SELECT {COLUMNS}, 0 AS waiting, 0 AS attended, 0 AS kept, 0 AS no_shows, 0 AS left_late, 0 AS top_up_minor, {MINE}
FROM driver d JOIN block b ON b.market_id = d.market_id LEFT JOIN driver_standing t ON t.driver_id = d.id
LEFT JOIN LATERAL (SELECT * FROM sign_up m WHERE m.block_id = b.id AND m.driver_id = d.id ORDER BY m.id DESC LIMIT 1) s
  ON true
WHERE d.id = $1 AND b.state = 'PUBLISHED' AND b.opens_at > $2
  AND (b.company_id IS NULL OR b.company_id = d.company_id)
  AND b.signs_from - make_interval(mins => coalesce(t.early_access_minutes, 0)) <= $2
ORDER BY b.opens_at, b.id LIMIT $3
"""
OF_DRIVER = f"""
SELECT {COLUMNS}, 0 AS waiting, 0 AS attended, 0 AS kept, 0 AS no_shows, 0 AS left_late, 0 AS top_up_minor, {MINE}
FROM sign_up s JOIN block b ON b.id = s.block_id
WHERE s.driver_id = $1 AND ($2::uuid IS NULL OR s.block_id = $2) ORDER BY s.opens_at DESC, s.id DESC LIMIT $3
"""
FIGURES = """
SELECT count(*) FILTER (WHERE state = 'KEPT')::int AS kept, count(*) FILTER (WHERE state = 'NO_SHOW')::int AS no_shows,
       count(*) FILTER (WHERE state = 'LEFT' AND is_late)::int AS left_late,
       coalesce(sum(attended_s), 0)::bigint AS attended_s, coalesce(sum(earned_minor), 0)::bigint AS earned_minor,
       coalesce(sum(top_up_minor), 0)::bigint AS top_up_minor,
       count(*) FILTER (WHERE top_up_minor > 0)::int AS top_ups
FROM sign_up WHERE market_id = $1
"""

Row = dict[str, Any]


async def blocks_of_market(
    connection: asyncpg.Connection,
    *,
    market_id: UUID,
    begins: datetime,
    ends: datetime,
    company_id: UUID | None = None,
) -> list[Row]:
    """A market's blocks within a span, or those of one of its companies, in order of opening, at most 200."""
    return [dict(row) for row in await connection.fetch(OF_MARKET, market_id, begins, ends, company_id, BLOCKS_AT_MOST)]


async def some_blocks(connection: asyncpg.Connection, *, market_id: UUID, block_ids: list[UUID]) -> list[Row]:
    """These blocks of a market."""
    return [dict(row) for row in await connection.fetch(ONE, market_id, block_ids)]


async def blocks_open_to(connection: asyncpg.Connection, *, driver_id: UUID, at: datetime) -> list[Row]:
    """What a driver may sign up for, with the driver's own sign-up where there is one, at most 200."""
    return [dict(row) for row in await connection.fetch(OPEN_TO, driver_id, at, BLOCKS_AT_MOST)]


async def blocks_of_driver(
    connection: asyncpg.Connection, *, driver_id: UUID, block_id: UUID | None = None
) -> list[Row]:
    """A driver's own sign-ups with their blocks, latest first, at most 200; or those for one block."""
    return [dict(row) for row in await connection.fetch(OF_DRIVER, driver_id, block_id, BLOCKS_AT_MOST)]


async def block_figures(connection: asyncpg.Connection, *, market_id: UUID) -> Row:
    """What a market's blocks came to: kept, missed, left late, attended, earned and made up."""
    row = await connection.fetchrow(FIGURES, market_id)
    assert row is not None, "a sum always has a row"
    return dict(row)
