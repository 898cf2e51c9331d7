"""Every read of hand-over points: which there are, near whom, and what lies there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window, local_instant, local_window, zone
from marketplace.core.work import Work
from marketplace.hubs import Opening

POINTS_AT_MOST = 50
PARCELS_AT_MOST = 500
NEAR_M = 10_000
"""Nobody is shown a point further away than so."""
LONGEST_PLACE = 200
COLUMNS = """
p.id, p.market_id, p.shipper_id, p.name, p.address, p.lat, p.lon, p.opening::text AS opening, p.places, p.taken,
p.kept_days, p.is_open, m.time_zone
"""
OF_MARKET = f"""
SELECT {COLUMNS} FROM hand_over_point p JOIN market m ON m.id = p.market_id
WHERE p.market_id = $1 AND (p.shipper_id IS NULL OR $2::uuid IS NULL OR p.shipper_id = $2) AND (p.is_open OR $3)
ORDER BY (p.lat - $4) ^ 2 + ((p.lon - $5) * cos(radians($4))) ^ 2, p.id LIMIT $6
"""
SOME = f"""
SELECT {COLUMNS} FROM hand_over_point p JOIN market m ON m.id = p.market_id
WHERE p.id = ANY($1) AND p.market_id = $2 AND (p.is_open OR $4) AND (p.shipper_id IS NULL OR p.shipper_id = $3 OR $4)
"""
DOOR = "SELECT market_id, shipper_id, dropoff_lat, dropoff_lon FROM delivery WHERE id = $1"
# Who brings what, and nothing of who gets it but the sender's own reference: the code tells the rest.
PARCELS = """
SELECT c.id, c.state, c.promised_at, c.arrived_at, c.due_at, c.code_tries, d.external_id, s.name AS shipper_name,
       d.load[1] AS packages, d.dropoff_opens_at AS opens_at, d.dropoff_closes_at AS closes_at
FROM collection c JOIN delivery d ON d.id = c.delivery_id JOIN shipper s ON s.id = c.shipper_id
WHERE c.point_id = $1 AND c.market_id = $2 AND c.freed_at IS NULL ORDER BY c.state DESC, c.id LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A point as far as parcels depend on it."""

    id: UUID
    name: str
    address: str
    place: Point
    opening: Opening
    places_left: int
    kept_days: int
    time_zone: str

    @property
    def stands_at(self) -> str:
        """Its name and address, as a parcel carries them."""
        return f"{self.name}, {self.address}"[:LONGEST_PLACE]

    def hours_on(self, day: date) -> Window | None:
        """From its first opening to its last closing on a day; None where it stays closed."""
        hours = [one.on(day) for one in self.opening.hours if one.day == day.isoweekday()]
        if not hours or day in self.opening.holidays:
            return None
        return local_window(min(opens for opens, _ in hours), max(closes for _, closes in hours), self.time_zone)

    def within_hours(self, window: Window) -> Window | None:
        """The part of a window in which the point is open; of several days all, if it opens in them at all."""
        day, last = (moment.astimezone(zone(self.time_zone)).date() for moment in (window.opens_at, window.closes_at))
        if day != last:
            return window if self.opening.is_open_in(window, time_zone=self.time_zone) else None
        hours = self.hours_on(day)
        if hours is None or hours.opens_at >= window.closes_at or hours.closes_at <= window.opens_at:
            return None
        return Window(max(hours.opens_at, window.opens_at), min(hours.closes_at, window.closes_at))

    def kept_until(self, arrived_at: datetime) -> datetime:
        """The end of the last day on which a parcel that came then can be collected."""
        last = arrived_at.astimezone(zone(self.time_zone)).date() + timedelta(days=self.kept_days)
        return local_instant(datetime.combine(last + timedelta(days=1), time()), self.time_zone)


async def open_points(
    work: Work, *, market_id: UUID, shipper_id: UUID, ids: Collection[UUID], with_closed: bool = False
) -> Mapping[UUID, OpenPoint]:
    """Those of these points that a shipper's parcels can be brought to, or that have been brought to before."""
    rows = await work.fetch(SOME, list(ids), market_id, shipper_id, with_closed) if ids else []
    return {row["id"]: _point(row) for row in rows}


async def list_points(
    connection: asyncpg.Connection,
    *,
    market_id: UUID,
    near: Point | None = None,
    shipper_id: UUID | None = None,
    with_closed: bool = False,
) -> list[dict[str, Any]]:
    """The points of a market that a shipper may use, or all of them, nearest first; near a place those within 10 km."""
    at = near or Point(lat=0.0, lon=0.0)
    rows = await connection.fetch(OF_MARKET, market_id, shipper_id, with_closed, at.lat, at.lon, POINTS_AT_MOST)
    found = [dict(row) | {"opening": orjson.loads(row["opening"]), "distance_m": None} for row in rows]
    if near is None:
        return found
    for row in found:
        row["distance_m"] = round(straight_line_m(near, Point(lat=row["lat"], lon=row["lon"])))
    return [row for row in found if row["distance_m"] <= NEAR_M]


async def points_near_door(connection: asyncpg.Connection, *, delivery_id: UUID) -> list[dict[str, Any]]:
    """The points near a recipient's door at which the parcel could be collected, nearest first."""
    door = await connection.fetchrow(DOOR, delivery_id)
    if door is None or door["dropoff_lat"] is None:
        return []
    near = Point(lat=door["dropoff_lat"], lon=door["dropoff_lon"])
    return await list_points(connection, market_id=door["market_id"], near=near, shipper_id=door["shipper_id"])


async def parcels_at(connection: asyncpg.Connection, *, market_id: UUID, point_id: UUID) -> list[dict[str, Any]]:
    """What lies at a point or has a place there."""
    return [dict(row) for row in await connection.fetch(PARCELS, point_id, market_id, PARCELS_AT_MOST)]


def _point(row: asyncpg.Record) -> OpenPoint:
    return OpenPoint(
        id=row["id"],
        name=row["name"],
        address=row["address"],
        place=Point(lat=row["lat"], lon=row["lon"]),
        opening=Opening.of(orjson.loads(row["opening"])),
        places_left=row["places"] - row["taken"],
        kept_days=row["kept_days"],
        time_zone=row["time_zone"],
    )
