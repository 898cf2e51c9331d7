"""What the plan knows today: who drives when, what each has on the way, and what waits to be planned.

Routes that a driver has accepted are not touched: their driver is free after the last stop, as it is expected from
where the driver is now. Routes on offer can still be planned anew. Deliveries that wait for a route and windows on hold
have to fit as well, before anything is promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.batches import SKILLS
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.markets import Dials

DRIVERS_AT_MOST = 80
WAITING_AT_MOST = 360
STOPS_AT_MOST = 180
"""Bounds of a look: with all of them at their most, travel times are asked for between no more places than one question
to the router may name."""
COUNTED_ON_PERCENT = 80
"""Of a hundred drivers so many are counted on; the others decline, go home early or get what comes in meanwhile."""
LEARNT_FROM = timedelta(days=7)
COMES_BEFORE = timedelta(hours=1)
"""Who usually comes on a day is there before its first window opens."""

# On duty now: free where they are, or after the last stop of their route, by when nine of ten would be through there.
# Where nothing is foreseen yet, and at the end of a way back, they are late by as much as they are late now.
ON_DUTY = """
SELECT d.id, d.capacity, skills_at(d.skills, d.skills_until, $2) AS skills, d.max_stops, p.online_until AS until,
       coalesce(busy.lat, p.lat) AS lat, coalesce(busy.lon, p.lon) AS lon, coalesce(busy.free_at, $2) AS free_at,
       (p.lat - $3) ^ 2 + ((p.lon - $4) * cos(radians($3))) ^ 2 AS away
FROM presence p JOIN driver d ON d.id = p.driver_id
LEFT JOIN LATERAL (
    SELECT last.lat, last.lon,
           coalesce(foreseen.p90 + (last.planned_departure - last.planned_arrival),
               last.planned_departure + greatest(done.late, $2 - next.planned_departure, interval '0')) AS free_at
    FROM route r
    CROSS JOIN LATERAL (SELECT id, lat, lon, planned_arrival, planned_departure FROM stop WHERE route_id = r.id
        AND state IN ('PENDING', 'EN_ROUTE', 'ARRIVED') ORDER BY place DESC LIMIT 1) last
    CROSS JOIN LATERAL (SELECT planned_departure FROM stop WHERE route_id = r.id
        AND state IN ('PENDING', 'EN_ROUTE', 'ARRIVED') ORDER BY place LIMIT 1) next
    LEFT JOIN LATERAL (SELECT max(a.p90) AS p90 FROM task t JOIN arrival a ON a.delivery_id = t.delivery_id
        WHERE t.stop_id = last.id AND a.stop_id = last.id) foreseen ON true
    LEFT JOIN LATERAL (SELECT ended_at - planned_departure AS late FROM stop
        WHERE route_id = r.id AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1) done ON true
    WHERE r.driver_id = d.id AND r.market_id = $1 AND r.state IN ('ASSIGNED', 'STARTED') LIMIT 1) busy ON true
WHERE p.market_id = $1 AND p.state IN ('AVAILABLE', 'OFFERED', 'ENGAGED') AND p.lat IS NOT NULL
  AND p.online_until > $5 AND may_be_asked(d, $2)
ORDER BY away, d.id LIMIT $6
"""
# Agreed hours: shifts, and places in blocks, which begin at their hub.
ON_SHIFT = """
SELECT d.id, d.capacity, skills_at(d.skills, d.skills_until, s.starts_at) AS skills, d.max_stops,
       s.ends_at AS until, coalesce(s.lat, p.lat) AS lat, coalesce(s.lon, p.lon) AS lon, s.starts_at AS free_at
FROM (
    SELECT driver_id, starts_at, ends_at, NULL::float8 AS lat, NULL::float8 AS lon FROM shift
    WHERE market_id = $1 AND ends_at > $2 AND starts_at < $3
    UNION ALL
    SELECT u.driver_id, u.opens_at, u.closes_at, h.lat, h.lon
    FROM sign_up u JOIN block b ON b.id = u.block_id LEFT JOIN hub h ON h.id = b.hub_id
    WHERE u.market_id = $1 AND u.state = 'SIGNED' AND u.closes_at > $2 AND u.opens_at < $3) s
JOIN driver d ON d.id = s.driver_id LEFT JOIN presence p ON p.driver_id = d.id
WHERE may_be_asked(d, s.starts_at) AND NOT (d.id = ANY($4))
ORDER BY s.starts_at, d.id LIMIT $5
"""
# How many drivers came online on a usual day of the past week.
USUALLY_ON_DUTY = """
SELECT count(DISTINCT (driver_id, day)) / greatest(count(DISTINCT day), 1) FROM (
    SELECT driver_id, (occurred_at AT TIME ZONE $4)::date AS day FROM event
    WHERE market_id = $1 AND name = 'DriverWentOnline' AND occurred_at > $2 AND occurred_at <= $3) came
"""
ON_OFFER = """
SELECT r.id AS route_id, r.planned_driver_id, r.starts_at, s.kind, s.lat, s.lon, d.id AS delivery_id, d.load,
       d.pickup_opens_at, d.pickup_closes_at, d.dropoff_opens_at, d.dropoff_closes_at
FROM route r JOIN stop s ON s.route_id = r.id JOIN task t ON t.stop_id = s.id
JOIN delivery d ON d.id = t.delivery_id AND d.route_id = r.id
WHERE r.market_id = $1 AND r.state IN ('PLANNED', 'OFFERING') AND r.planned_driver_id = ANY($2)
  AND d.id IS DISTINCT FROM $3
ORDER BY r.starts_at, r.id, s.place, d.id LIMIT $4
"""
WAITING = """
SELECT pickup_lat, pickup_lon, dropoff_lat, dropoff_lon, pickup_opens_at, pickup_closes_at, dropoff_opens_at,
       dropoff_closes_at, load, requirements
FROM delivery WHERE market_id = $1 AND state = 'SCHEDULED' AND dropoff_closes_at > $2 AND dropoff_opens_at < $3
  AND id IS DISTINCT FROM $4
ORDER BY dropoff_closes_at, id LIMIT $5
"""
ON_HOLD = """
SELECT pickup_lat, pickup_lon, dropoff_lat, dropoff_lon, $2::timestamptz AS pickup_opens_at,
       closes_at AS pickup_closes_at, opens_at AS dropoff_opens_at, closes_at AS dropoff_closes_at, load,
       skills AS requirements
FROM window_hold WHERE market_id = $1 AND state = 'HELD' AND expires_at > $2 AND closes_at > $2 AND opens_at < $3
  AND (delivery_id IS NULL OR delivery_id IS DISTINCT FROM $4) AND id IS DISTINCT FROM $5
ORDER BY closes_at, id LIMIT $6
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDriver:
    """Somebody who drives on that day as far as is known: from where, from when, until when."""

    id: UUID | None
    place: Point
    free_at: datetime
    until: datetime
    capacity: tuple[int, ...]
    skills: frozenset[str]
    max_stops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedStop:
    """A parcel at a stop of a route on offer."""

    route_id: UUID
    driver_id: UUID
    is_pickup: bool
    place: Point
    window: Window
    load: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDelivery:
    """A delivery that waits for a route, or a window on hold for one."""

    pickup: Point
    dropoff: Point
    pickup_window: Window
    dropoff_window: Window
    load: tuple[int, ...]
    skills: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """One look at all of it."""

    drivers: Sequence[KnownDriver]
    offered: Sequence[OfferedStop]
    waiting: Sequence[WaitingDelivery]


async def read_live_plan(
    work: Work, *, dials: Dials, pickup: Point, span: Window, leave_out: UUID | None, hold_id: UUID | None = None
) -> LivePlan:
    """Reads what there is around a pickup in a span, without the delivery that asks and its own hold.

    A span of today begins now; one that begins later is of a day on which others will come.
    """
    drivers = await _drivers(work, dials, pickup, span)
    ids = [driver.id for driver in drivers if driver.id is not None]
    offered = await work.fetch(ON_OFFER, dials.market_id, ids, leave_out, STOPS_AT_MOST)
    waiting = await work.fetch(WAITING, dials.market_id, span.opens_at, span.closes_at, leave_out, WAITING_AT_MOST)
    held = await work.fetch(ON_HOLD, dials.market_id, work.now, span.closes_at, leave_out, hold_id, WAITING_AT_MOST)
    return LivePlan(
        drivers=drivers,
        offered=[_offered(row) for row in offered],
        waiting=[_waiting(row) for row in [*held, *waiting][:WAITING_AT_MOST]],
    )


async def _drivers(work: Work, dials: Dials, pickup: Point, span: Window) -> list[KnownDriver]:
    """Those of the day: on duty now, on a shift, or as many as usually come; of all of them the share to count on."""
    rows = await work.fetch(
        ON_DUTY, dials.market_id, work.now, pickup.lat, pickup.lon, max(span.opens_at, work.now), DRIVERS_AT_MOST
    )
    known = [row["id"] for row in rows]
    shifts = await work.fetch(ON_SHIFT, dials.market_id, span.opens_at, span.closes_at, known, DRIVERS_AT_MOST)
    drivers = [_driver(row, pickup, dials, work.now) for row in [*rows, *shifts]]
    if span.opens_at > work.now:
        drivers += await _usual(work, dials, pickup, span, len(drivers))
    most = max(1, len(drivers) * COUNTED_ON_PERCENT // 100)
    return drivers[: min(most, DRIVERS_AT_MOST)] if drivers else []


async def _usual(work: Work, dials: Dials, pickup: Point, span: Window, known: int) -> list[KnownDriver]:
    """Drivers of a day that has not begun, whom nobody knows yet: as many as came on a usual day of the past week."""
    since = work.now - LEARNT_FROM
    usual = await work.fetch_value(USUALLY_ON_DUTY, dials.market_id, since, work.now, dials.time_zone)
    stranger = KnownDriver(
        id=None,
        place=pickup,
        free_at=span.opens_at - COMES_BEFORE,
        until=span.closes_at,
        capacity=USUAL_CAPACITY,
        skills=frozenset(),
        max_stops=dials.route_max_stops,
    )
    return [stranger] * max(0, min(usual, DRIVERS_AT_MOST) - known)


USUAL_CAPACITY = (30, 200_000, 800)
"""What a car carries: packages, grams, cubic decimetres."""


def _driver(row: asyncpg.Record, pickup: Point, dials: Dials, now: datetime) -> KnownDriver:
    place = Point(lat=row["lat"], lon=row["lon"]) if row["lat"] is not None else pickup
    return KnownDriver(
        id=row["id"],
        place=place,
        free_at=max(row["free_at"], now),
        until=row["until"],
        capacity=tuple(row["capacity"]),
        skills=frozenset(row["skills"]),
        max_stops=min(row["max_stops"], dials.route_max_stops),
    )


def _offered(row: asyncpg.Record) -> OfferedStop:
    end = "pickup" if row["kind"] == "PICKUP" else "dropoff"
    return OfferedStop(
        route_id=row["route_id"],
        driver_id=row["planned_driver_id"],
        is_pickup=end == "pickup",
        place=Point(lat=row["lat"], lon=row["lon"]),
        window=Window(row[f"{end}_opens_at"], row[f"{end}_closes_at"]),
        load=tuple(row["load"]),
    )


def _waiting(row: asyncpg.Record) -> WaitingDelivery:
    return WaitingDelivery(
        pickup=Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
        dropoff=Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
        pickup_window=Window(row["pickup_opens_at"], max(row["pickup_opens_at"], row["pickup_closes_at"])),
        dropoff_window=Window(row["dropoff_opens_at"], row["dropoff_closes_at"]),
        load=tuple(row["load"]),
        skills=frozenset(name for name in row["requirements"] if name in SKILLS),
    )
