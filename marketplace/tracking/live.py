"""What operations see on the map: routes under way with their stops, and deliveries that wait."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

ROUTES_AT_MOST = 500
WAITING_AT_MOST = 1_000

LIVE_ROUTES = """
SELECT coalesce(json_agg(live.tree), '[]') FROM (
    SELECT json_build_object(
        'id', 'rte_' || replace(r.id::text, '-', ''), 'state', r.state,
        'driver_id', 'drv_' || replace(r.driver_id::text, '-', ''), 'starts_at', r.starts_at,
        'guarantee_minor', r.guarantee_minor, 'currency', r.currency,
        'approach_m', r.approach_m, 'approach_s', r.approach_s,
        'stops', (SELECT json_agg(json_build_object('id', 'stp_' || replace(s.id::text, '-', ''), 'place', s.place,
            'kind', s.kind, 'state', s.state, 'lat', s.lat, 'lon', s.lon, 'planned_arrival', s.planned_arrival,
            'path', s.path, 'earliest_at', a.p10, 'expected_at', a.p50,
            'latest_at', a.p90, 'late_probability', a.late_probability,
            'delivery_count', (SELECT count(*) FROM task t WHERE t.stop_id = s.id)) ORDER BY s.place)
            FROM stop s LEFT JOIN LATERAL (
                SELECT min(p10) AS p10, min(p50) AS p50, min(p90) AS p90, max(late_probability) AS late_probability
                FROM (SELECT p10, p50, p90, late_probability FROM arrival WHERE stop_id = s.id UNION ALL
                      SELECT pickup_p10, pickup_p50, pickup_p90, late_probability FROM arrival
                      WHERE pickup_stop_id = s.id) at_stop) a ON true
            WHERE s.route_id = r.id)) AS tree
    FROM route r WHERE r.market_id = $1 AND r.state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED')
    ORDER BY r.id LIMIT $2) live
"""
WAITING = """
SELECT coalesce(json_agg(waiting.tree), '[]') FROM (
    SELECT json_build_object('id', 'dlv_' || replace(d.id::text, '-', ''), 'state', d.state,
        'lat', d.dropoff_lat, 'lon', d.dropoff_lon, 'unassigned_reason', d.unassigned_reason,
        'dropoff_closes_at', d.dropoff_closes_at) AS tree
    FROM delivery d WHERE d.market_id = $1 AND d.state = 'SCHEDULED'
    ORDER BY d.dropoff_closes_at, d.id LIMIT $2) waiting
"""


async def live_routes(connection: asyncpg.Connection, *, market_id: UUID) -> list[dict[str, Any]]:
    """Routes of a market that are not over, with their stops: for operations only."""
    routes: list[dict[str, Any]] = orjson.loads(await connection.fetchval(LIVE_ROUTES, market_id, ROUTES_AT_MOST))
    return routes


async def waiting_deliveries(connection: asyncpg.Connection, *, market_id: UUID) -> list[dict[str, Any]]:
    """Drop-offs of a market that wait for a route, most urgent first: for operations only."""
    waiting: list[dict[str, Any]] = orjson.loads(await connection.fetchval(WAITING, market_id, WAITING_AT_MOST))
    return waiting
