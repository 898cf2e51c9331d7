"""A day as it was recorded: what was asked for, who was there to drive, and how long stops took; nobody by name.

Postings and presence are read from the event table, which says when; windows, places and sizes from the rows that the
events are about. Names, phones, addresses, instructions and references of recipients, shippers and drivers stay where
they are. A window that was changed after its posting is told as it was in the end.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.markets import Dials, PayPolicy, dials, pay_policy_at

DELIVERIES_AT_MOST = 20_000
DRIVERS_AT_MOST = 2_000
LOOKS_BACK = timedelta(hours=12)
"""Whoever came online so long before a day, and did not go, is there when it begins."""
POSTED = """
SELECT d.id, e.occurred_at AS posted_at, d.batch_id, d.shipper_id, d.hub_id, b.quote_id IS NOT NULL AS is_quoted,
       d.pickup_lat, d.pickup_lon, coalesce(d.given_lat, d.dropoff_lat) AS dropoff_lat,
       coalesce(d.given_lon, d.dropoff_lon) AS dropoff_lon, d.pickup_opens_at, d.pickup_closes_at, d.dropoff_opens_at,
       d.dropoff_closes_at, d.time_zone, d.requirements, d.service_level, d.priority, d.failure_policy, d.max_attempts,
       (SELECT jsonb_agg(jsonb_build_array(p.weight_g, p.length_mm, p.width_mm, p.height_mm) ORDER BY p.id)
        FROM package p WHERE p.delivery_id = d.id)::text AS packages,
       (SELECT min(c.occurred_at) FROM event c WHERE c.delivery_id = d.id AND c.name = 'DeliveryCancelled')
         AS cancelled_at,
       (SELECT a.reason FROM attempt a WHERE a.delivery_id = d.id ORDER BY a.number LIMIT 1) AS failure
FROM event e JOIN delivery d ON d.id = e.delivery_id JOIN batch b ON b.id = d.batch_id
WHERE e.market_id = $1 AND e.name = 'DeliveryPosted' AND e.occurred_at >= $2 AND e.occurred_at < $3
  AND d.return_of IS NULL AND d.dropoff_lat IS NOT NULL
ORDER BY e.ordinal LIMIT $4
"""
# From when both the driver and the window's opening were there, which is when loading or handing over could begin.
SERVICES = """
SELECT t.delivery_id, s.kind,
       max(extract(epoch FROM s.ended_at - greatest(s.arrived_at,
           CASE s.kind WHEN 'PICKUP' THEN d.pickup_opens_at ELSE d.dropoff_opens_at END)))::float8 AS seconds
FROM task t JOIN stop s ON s.id = t.stop_id JOIN delivery d ON d.id = t.delivery_id
WHERE t.market_id = $1 AND t.delivery_id = ANY($2) AND s.kind IN ('PICKUP', 'DROPOFF')
  AND s.state IN ('COMPLETED', 'FAILED') AND s.arrived_at IS NOT NULL AND s.ended_at > s.arrived_at
GROUP BY t.delivery_id, s.kind
"""
PRESENCE = """
SELECT driver_id, name = 'DriverWentOnline' AS is_online, occurred_at FROM event
WHERE market_id = $1 AND name IN ('DriverWentOnline', 'DriverWentOffline') AND occurred_at >= $2 AND occurred_at < $3
ORDER BY ordinal
"""
DRIVERS = """
SELECT id, contract_kind, vehicle, capacity, skills, max_stops FROM driver WHERE market_id = $1 AND id = ANY($2)
ORDER BY id LIMIT $3
"""
# Where drivers waited: the first place that they told of after they had come.
WAITED = """
SELECT DISTINCT ON (driver_id) driver_id, lat, lon FROM (
    SELECT driver_id, lat, lon, occurred_at FROM stop_report
    WHERE market_id = $1 AND driver_id = ANY($2) AND occurred_at >= $3 AND occurred_at < $4 AND lat IS NOT NULL
    UNION ALL
    SELECT driver_id, lat, lon, occurred_at FROM position
    WHERE market_id = $1 AND driver_id = ANY($2) AND occurred_at >= $3 AND occurred_at < $4
) told ORDER BY driver_id, occurred_at
"""
HUBS = "SELECT id, lat, lon, time_zone FROM hub WHERE market_id = $1 AND id = ANY($2) ORDER BY id"
SHIPPERS = "SELECT id, failure_policy, max_attempts FROM shipper WHERE id = ANY($1) ORDER BY id"
CARDS = """
SELECT DISTINCT ON (shipper_id, service_level) shipper_id, service_level, base_minor, per_km_minor, per_stop_minor,
       minimum_minor, surcharges::text AS surcharges, promises::text AS promises
FROM rate_card WHERE market_id = $1 AND shipper_id = ANY($2) AND effective_from < $3
ORDER BY shipper_id, service_level, effective_from DESC, version DESC
"""
CITY = "SELECT city_pack FROM market WHERE id = $1"


class NothingRecorded(Invalid):
    """A day on which nothing was posted in this market, or of which nothing is kept any more."""

    code = "NOTHING_RECORDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDelivery:
    """One parcel as it was posted, and what was outside the market's own doing: called off, nobody there, slow doors.

    `packages` are grams and three sides in millimetres; `hub` and `shipper` are positions in the day's lists.
    """

    batch: int
    posted_at: datetime
    shipper: int
    hub: int | None
    is_quoted: bool
    pickup: Point
    dropoff: Point
    pickup_window: Window
    dropoff_window: Window
    time_zone: str
    packages: Sequence[tuple[int, int, int, int]]
    requirements: Sequence[str]
    service_level: str
    priority: int
    failure_policy: str
    max_attempts: int
    cancelled_after_s: float | None
    failure: str | None
    pickup_s: float | None
    hand_over_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDriver:
    """Somebody who drove or could have: what with, from when to when, and where they waited, if they ever told."""

    contract_kind: str
    vehicle: str
    capacity: Sequence[int]
    skills: Sequence[str]
    max_stops: int
    online: Sequence[tuple[datetime, datetime]]
    place: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHub:
    """Where a hub is."""

    place: Point
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedShipper:
    """What a shipper paid on the day, by service level, and what it wanted done where nobody took a parcel."""

    failure_policy: str
    max_attempts: int
    cards: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDay:
    """A market's day, from midnight to midnight by its own clock: its rules, its demand and its drivers."""

    begins: datetime
    ends: datetime
    dials: Dials
    city_pack: str
    policy: PayPolicy
    hubs: Sequence[RecordedHub]
    shippers: Sequence[RecordedShipper]
    deliveries: Sequence[RecordedDelivery]
    drivers: Sequence[RecordedDriver]


async def recorded_day(work: Work, *, market_id: UUID, day: date) -> RecordedDay:
    """Reads a day of a market, without changing anything and without anybody's name."""
    settings = await dials(work, market_id=market_id)
    zone = ZoneInfo(settings.time_zone)
    begins, ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    rows = await work.fetch(POSTED, market_id, begins, ends, DELIVERIES_AT_MOST)
    if not rows:
        raise NothingRecorded(f"nothing was posted on {day} in this market, or nothing of it is kept", field="day")
    hubs = await work.fetch(HUBS, market_id, sorted({row["hub_id"] for row in rows if row["hub_id"]}))
    shippers = await work.fetch(SHIPPERS, sorted({row["shipper_id"] for row in rows}))
    places = {row["id"]: number for number, row in enumerate([*hubs])}
    senders = {row["id"]: number for number, row in enumerate([*shippers])}
    services = await _services(work, market_id, [row["id"] for row in rows])
    batches: dict[UUID, int] = {}
    return RecordedDay(
        begins=begins,
        ends=ends,
        dials=settings,
        city_pack=await work.fetch_value(CITY, market_id),
        policy=await pay_policy_at(work, market_id=market_id, moment=ends),
        hubs=[RecordedHub(place=Point(lat=row["lat"], lon=row["lon"]), time_zone=row["time_zone"]) for row in hubs],
        shippers=await _shippers(work, market_id, shippers, ends),
        deliveries=[
            _delivery(row, batches.setdefault(row["batch_id"], len(batches)), places, senders, services) for row in rows
        ],
        drivers=await _drivers(work, market_id, begins, ends),
    )


def _delivery(
    row: asyncpg.Record,
    batch: int,
    hubs: Mapping[UUID, int],
    shippers: Mapping[UUID, int],
    services: Mapping[tuple[UUID, str], float],
) -> RecordedDelivery:
    cancelled_at = row["cancelled_at"]
    return RecordedDelivery(
        batch=batch,
        posted_at=row["posted_at"],
        shipper=shippers[row["shipper_id"]],
        hub=hubs[row["hub_id"]] if row["hub_id"] else None,
        is_quoted=row["is_quoted"],
        pickup=Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
        dropoff=Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
        pickup_window=Window(row["pickup_opens_at"], row["pickup_closes_at"]),
        dropoff_window=Window(row["dropoff_opens_at"], row["dropoff_closes_at"]),
        time_zone=row["time_zone"],
        packages=[tuple(package) for package in orjson.loads(row["packages"])],
        requirements=list(row["requirements"]),
        service_level=row["service_level"],
        priority=row["priority"],
        failure_policy=row["failure_policy"],
        max_attempts=row["max_attempts"],
        cancelled_after_s=(cancelled_at - row["posted_at"]).total_seconds() if cancelled_at else None,
        failure=row["failure"],
        pickup_s=services.get((row["id"], "PICKUP")),
        hand_over_s=services.get((row["id"], "DROPOFF")),
    )


async def _services(work: Work, market_id: UUID, delivery_ids: Sequence[UUID]) -> dict[tuple[UUID, str], float]:
    """How long loading and handing over took, by delivery and kind of stop, where it was recorded."""
    rows = await work.fetch(SERVICES, market_id, delivery_ids)
    return {(row["delivery_id"], row["kind"]): row["seconds"] for row in rows if row["seconds"] > 0}


async def _shippers(
    work: Work, market_id: UUID, rows: Sequence[asyncpg.Record], moment: datetime
) -> list[RecordedShipper]:
    cards: defaultdict[UUID, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in await work.fetch(CARDS, market_id, [row["id"] for row in rows], moment):
        rates = {name: row[name] for name in ("base_minor", "per_km_minor", "per_stop_minor", "minimum_minor")}
        asked = {name: orjson.loads(row[name]) for name in ("surcharges", "promises") if row[name] is not None}
        cards[row["shipper_id"]][row["service_level"]] = rates | asked
    return [
        RecordedShipper(failure_policy=row["failure_policy"], max_attempts=row["max_attempts"], cards=cards[row["id"]])
        for row in rows
    ]


async def _drivers(work: Work, market_id: UUID, begins: datetime, ends: datetime) -> list[RecordedDriver]:
    spans: defaultdict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    since: dict[UUID, datetime] = {}
    for row in await work.fetch(PRESENCE, market_id, begins - LOOKS_BACK, ends):
        if row["is_online"]:
            since.setdefault(row["driver_id"], row["occurred_at"])
        elif (came := since.pop(row["driver_id"], None)) is not None:
            spans[row["driver_id"]].append((came, row["occurred_at"]))
    for driver_id, came in since.items():
        spans[driver_id].append((came, ends))
    seen = {key: [(max(a, begins), b) for a, b in some if b > begins] for key, some in spans.items()}
    there = [key for key, some in seen.items() if some]
    rows = await work.fetch(WAITED, market_id, there, begins - LOOKS_BACK, ends)
    places = {row["driver_id"]: Point(lat=row["lat"], lon=row["lon"]) for row in rows}
    return [
        RecordedDriver(
            contract_kind=row["contract_kind"],
            vehicle=row["vehicle"],
            capacity=list(row["capacity"]),
            skills=list(row["skills"]),
            max_stops=row["max_stops"],
            online=seen[row["id"]],
            place=places.get(row["id"]),
        )
        for row in await work.fetch(DRIVERS, market_id, there, DRIVERS_AT_MOST)
    ]
