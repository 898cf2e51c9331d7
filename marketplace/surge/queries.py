"""Every read of surge, and the one statement that writes decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

DECISIONS_AT_MOST = 200
MAP_AT_MOST = 2_000
LATEST_UUID = UUID(int=2**128 - 1)

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('surge:' || $1, 0))"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('surge:' || $1, 0))"
# Few places in most markets: hubs and kitchens. Their cells are found outside the database, which knows no H3.
OPEN_STOPS = """
SELECT pickup_lat, pickup_lon, count(*)::int AS stops FROM delivery
WHERE market_id = $1 AND (state = 'SCHEDULED' AND plan_after <= $2 OR state = 'OFFERING')
GROUP BY pickup_lat, pickup_lon
"""
IDLE_DRIVERS = """
SELECT p.cell, count(*)::int AS drivers FROM presence p JOIN driver d ON d.id = p.driver_id
WHERE p.market_id = $1 AND p.state IN ('AVAILABLE', 'OFFERED') AND p.online_until > $2 AND p.cell IS NOT NULL
  AND may_be_asked(d, $2)
GROUP BY p.cell
"""
# Of each slot the part that lies between the two moments
FORECAST = """
SELECT cell, round(sum(expected_stops * 1000 * extract(epoch FROM least(slot_start + $4::interval, $3)
                       - greatest(slot_start, $2)) / extract(epoch FROM $4::interval)))::int AS stops_milli
FROM demand_forecast WHERE market_id = $1 AND slot_start > $2::timestamptz - $4::interval AND slot_start < $3
GROUP BY cell HAVING sum(expected_stops) > 0
"""
LATEST = """
SELECT DISTINCT ON (cell) * FROM surge_decision WHERE market_id = $1 AND decided_at >= $2 ORDER BY cell, decided_at DESC
"""
OVERRIDES = """
SELECT id, cell, percent, expires_at FROM surge_override
WHERE market_id = $1 AND cleared_at IS NULL AND expires_at > $2
"""
INSERT_DECISIONS = """
INSERT INTO surge_decision SELECT * FROM jsonb_populate_recordset(NULL::surge_decision, $1::jsonb)
"""
DECISIONS = """
SELECT s.*, o.reason, m.currency FROM surge_decision s JOIN market m ON m.id = s.market_id
LEFT JOIN surge_override o ON o.id = s.override_id
WHERE s.market_id = $1 AND ($2::text IS NULL OR s.cell = $2) AND s.id < $3 ORDER BY s.id DESC LIMIT $4
"""
MAP = """
SELECT l.cell, l.id, l.percent, l.driver_bonus_minor, l.surcharge_basis_points, l.decided_at, l.holds_until, l.bound_by
FROM (SELECT DISTINCT ON (cell) * FROM surge_decision
      WHERE market_id = $1
        AND decided_at >= $2::timestamptz - 3 * (SELECT make_interval(secs => surge_every_s) FROM market WHERE id = $1)
      ORDER BY cell, decided_at DESC) l
WHERE l.percent > 0 AND l.holds_until > $2 AND NOT EXISTS (
    SELECT 1 FROM surge_override o WHERE o.market_id = $1 AND o.cell IS NULL AND o.cleared_at IS NULL
      AND o.expires_at > $2)
ORDER BY l.cell LIMIT $3
"""
HAND_SET = """
SELECT id, cell, percent, reason, operator_id, set_at, expires_at FROM surge_override
WHERE market_id = $1 AND cleared_at IS NULL AND expires_at > $2 ORDER BY id LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSurge:
    """A cell that has surge now."""

    cell: str
    decision_id: UUID
    percent: int
    driver_bonus_minor: int
    surcharge_basis_points: int
    decided_at: datetime
    holds_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision with everything that it rests on."""

    decision_id: UUID
    cell: str
    decided_at: datetime
    holds_until: datetime
    open_stops: int
    forecast_milli: int
    idle_drivers: int
    population: int
    is_wide: bool
    demand_milli: int
    supply_milli: int
    raw_ratio_percent: int
    ratio_percent: int
    target_percent: int
    level_percent: int
    percent: int
    driver_bonus_minor: int
    surcharge_basis_points: int
    currency: str
    bound_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecord:
    """What a person has set: a cell's level, or, without a cell, no surge at all."""

    override_id: UUID
    cell: str | None
    percent: int
    reason: str
    operator_id: UUID
    set_at: datetime
    expires_at: datetime


async def surge_map(connection: asyncpg.Connection, *, market_id: UUID, at: datetime) -> list[CellSurge]:
    """The cells of a market that have surge at this moment, at most 2,000, in order of their names."""
    rows = await connection.fetch(MAP, market_id, at, MAP_AT_MOST)
    return [
        CellSurge(
            cell=row["cell"],
            decision_id=row["id"],
            percent=row["percent"],
            driver_bonus_minor=row["driver_bonus_minor"],
            surcharge_basis_points=row["surcharge_basis_points"],
            decided_at=row["decided_at"],
            holds_until=row["holds_until"],
        )
        for row in rows
    ]


async def surge_decisions(
    connection: asyncpg.Connection,
    *,
    market_id: UUID,
    cell: str | None = None,
    before: UUID | None = None,
    limit: int = DECISIONS_AT_MOST,
) -> list[DecisionRecord]:
    """Decisions of a market, or of one of its cells, latest first; those before `before` for the next page."""
    rows = await connection.fetch(DECISIONS, market_id, cell, before or LATEST_UUID, min(limit, DECISIONS_AT_MOST))
    names = [name for name in DecisionRecord.__dataclass_fields__ if name != "decision_id"]
    return [DecisionRecord(decision_id=row["id"], **{name: row[name] for name in names}) for row in rows]


async def hand_set(connection: asyncpg.Connection, *, market_id: UUID, at: datetime) -> list[OverrideRecord]:
    """What people have set in a market and has not ended, oldest first."""
    rows: list[Any] = await connection.fetch(HAND_SET, market_id, at, MAP_AT_MOST)
    names = [name for name in OverrideRecord.__dataclass_fields__ if name != "override_id"]
    return [OverrideRecord(override_id=row["id"], **{name: row[name] for name in names}) for row in rows]
