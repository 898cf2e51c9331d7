"""Reads routes to be timed: four statements for any number of routes, after each of them has been claimed.

Who claims a route last is the one who may write what comes of it, so that no older picture overwrites a newer one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import asyncpg
import orjson

from marketplace.arrivals.law import Law
from marketplace.arrivals.timeline import OpenRoute, OpenStop, OpenTask, RouteLeg
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import Dials, dials
from marketplace.routes import RouteState, StopKind, StopState

MOVING_EVERY = timedelta(seconds=15)
WAITING_EVERY = timedelta(seconds=60)
"""A route under way is timed again so often at least, and one that waits for its driver or its start."""
ROUTES_AT_ONCE = 200

CLAIM_ONE = """
INSERT INTO route_timing AS t (route_id, market_id, claim, due_at, legs)
SELECT r.id, r.market_id, 1,
       $2::timestamptz + CASE WHEN r.state = 'STARTED' THEN $3::interval ELSE $4::interval END, '{}'::jsonb
FROM route r WHERE r.id = $1
ON CONFLICT (route_id) DO UPDATE SET claim = t.claim + 1, due_at = excluded.due_at
RETURNING route_id, market_id, claim, legs
"""
CLAIM_DUE = """
WITH due AS (
    SELECT route_id FROM route_timing WHERE market_id = $1 AND due_at <= $2
    ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED
)
UPDATE route_timing t SET claim = t.claim + 1,
    due_at = $2::timestamptz + CASE WHEN r.state = 'STARTED' THEN $3::interval ELSE $4::interval END
FROM due JOIN route r ON r.id = due.route_id WHERE t.route_id = due.route_id
RETURNING t.route_id, t.market_id, t.claim, t.legs
"""
LOOK = "SELECT id AS route_id, market_id, 0 AS claim, '{}' AS legs FROM route WHERE id = ANY($1) ORDER BY id"
ROUTES = """
SELECT r.id, r.market_id, r.state, r.starts_at, r.accepted_at, r.started_at, r.approach_s, p.lat, p.lon, p.position_at
FROM route r LEFT JOIN presence p ON p.driver_id = r.driver_id
WHERE r.id = ANY($1) AND r.state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED') ORDER BY r.id
"""
STOPS = """
SELECT id, route_id, kind, state, lat, lon, leg_s, planned_arrival, arrived_at, ended_at
FROM stop WHERE route_id = ANY($1) ORDER BY route_id, place
"""
TASKS = """
SELECT t.stop_id, d.id AS delivery_id, d.shipper_id, d.state, d.pickup_opens_at, d.dropoff_opens_at, d.dropoff_closes_at
FROM stop s JOIN task t ON t.stop_id = s.id JOIN delivery d ON d.id = t.delivery_id AND d.route_id = s.route_id
WHERE s.route_id = ANY($1) AND s.state IN ('PENDING', 'EN_ROUTE', 'ARRIVED')
  AND d.state IN ('OFFERING', 'ASSIGNED', 'EN_ROUTE_TO_PICKUP', 'ARRIVED_AT_PICKUP', 'PICKED_UP', 'EN_ROUTE_TO_DROPOFF',
                  'ARRIVED_AT_DROPOFF')
ORDER BY t.stop_id, d.id
"""
LAW = "SELECT law FROM arrival_law WHERE market_id = $1"

ABOARD = frozenset({"PICKED_UP", "EN_ROUTE_TO_DROPOFF", "ARRIVED_AT_DROPOFF"})
LEFT = frozenset({StopState.COMPLETED.value, StopState.FAILED.value})
"""States of a stop at which the driver really was; one that was skipped says nothing of where anybody is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Routes of one market as they were read; `over` are those of the claimed that have nothing to come any more."""

    market_id: UUID
    read_at: datetime
    claims: Mapping[UUID, int]
    routes: Sequence[OpenRoute]
    law: Law
    dials: Dials


async def claim_route(work: Work, *, route_id: UUID) -> Picture | None:
    """Takes one route to be timed now, as something has happened on it; None when there is no such route."""
    rows = await work.fetch(CLAIM_ONE, route_id, work.now, MOVING_EVERY, WAITING_EVERY)
    return await _take_picture(work, rows)


async def claim_due(work: Work, *, market_id: UUID) -> Picture | None:
    """Takes the routes of a market that have not been timed for a while, a bounded number; None when there are none."""
    rows = await work.fetch(CLAIM_DUE, market_id, work.now, MOVING_EVERY, WAITING_EVERY, ROUTES_AT_ONCE)
    return await _take_picture(work, rows)


async def look_at_routes(work: Work, *, route_ids: Sequence[UUID]) -> Picture | None:
    """Reads routes of one market without taking them from anybody, and without the legs that they remember."""
    return await _take_picture(work, await work.fetch(LOOK, route_ids))


async def read_law(work: Work, *, market_id: UUID) -> Law:
    """What a market has learnt so far."""
    stored = await work.fetch_value(LAW, market_id)
    return Law.from_json(orjson.loads(stored) if stored else None)


async def _take_picture(work: Work, claimed: Sequence[asyncpg.Record]) -> Picture | None:
    if not claimed:
        return None
    market_id, ids = claimed[0]["market_id"], [row["route_id"] for row in claimed]
    legs = {row["route_id"]: _known_legs(row["legs"]) for row in claimed}
    claims = {row["route_id"]: row["claim"] for row in claimed}
    routes = await work.fetch(ROUTES, ids)
    stops = {key: list(group) for key, group in groupby(await work.fetch(STOPS, ids), key=itemgetter("route_id"))}
    tasks = {key: list(group) for key, group in groupby(await work.fetch(TASKS, ids), key=itemgetter("stop_id"))}
    open_routes = [
        _open_route(row, stops.get(row["id"], []), tasks, legs[row["id"]], claims[row["id"]]) for row in routes
    ]
    return Picture(
        market_id=market_id,
        read_at=work.now,
        claims=claims,
        routes=open_routes,
        law=await read_law(work, market_id=market_id),
        dials=await dials(work, market_id=market_id),
    )


def _known_legs(stored: str) -> dict[str, RouteLeg]:
    return {stop_id: RouteLeg(*leg) for stop_id, leg in orjson.loads(stored).items()}


def _open_route(
    row: asyncpg.Record,
    stops: Sequence[asyncpg.Record],
    tasks: Mapping[UUID, Sequence[asyncpg.Record]],
    legs: dict[str, RouteLeg],
    claim: int,
) -> OpenRoute:
    ended = [stop for stop in stops if stop["state"] in LEFT]
    last = max(ended, key=itemgetter("ended_at"), default=None)
    return OpenRoute(
        id=row["id"],
        market_id=row["market_id"],
        state=RouteState(row["state"]),
        starts_at=row["starts_at"],
        accepted_at=row["accepted_at"],
        started_at=row["started_at"],
        approach_s=row["approach_s"],
        stops=[_open_stop(stop, tasks[stop["id"]]) for stop in stops if stop["id"] in tasks],
        left=(Point(lat=last["lat"], lon=last["lon"]), last["ended_at"]) if last else None,
        seen=(Point(lat=row["lat"], lon=row["lon"]), row["position_at"]) if row["position_at"] else None,
        claim=claim,
        legs=legs,
    )


def _open_stop(row: asyncpg.Record, tasks: Sequence[asyncpg.Record]) -> OpenStop:
    return OpenStop(
        id=row["id"],
        kind=StopKind(row["kind"]),
        state=StopState(row["state"]),
        point=Point(lat=row["lat"], lon=row["lon"]),
        planned_leg_s=row["leg_s"],
        planned_arrival=row["planned_arrival"],
        arrived_at=row["arrived_at"],
        tasks=[
            OpenTask(
                delivery_id=task["delivery_id"],
                shipper_id=task["shipper_id"],
                is_aboard=task["state"] in ABOARD,
                pickup_opens_at=task["pickup_opens_at"],
                dropoff_opens_at=task["dropoff_opens_at"],
                dropoff_closes_at=task["dropoff_closes_at"],
            )
            for task in tasks
        ],
    )
