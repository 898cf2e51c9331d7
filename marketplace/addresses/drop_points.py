"""Learned drop points: each hand-over tells where the door of an address is, and the next route leads there.

A learned point is used as long as it is near the one that the shipper gave. Further off it waits for a person, since
either the address is wrong or the drivers are.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from marketplace.addresses.middle import Visit, middle_of
from marketplace.addresses.text import normal_text
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work

MOST_MOVED_M = 150.0
"""A door is no further from the pin than the other side of a block."""
LATEST_VISITS = 50
"""What counts: a house may be rebuilt, and an address may come to mean another door."""

LEARNED = """
SELECT id, lat, lon FROM drop_point WHERE id = ANY($1) AND market_id = $2 AND visits > 0 AND NOT needs_review
"""
OPEN = """
INSERT INTO drop_point (id, market_id, lat, lon, visits, given_lat, given_lon, moved_m, changed_at)
VALUES ($1, $2, $3, $4, 0, $3, $4, 0, $5) ON CONFLICT (id) DO NOTHING
"""
LOCK = "SELECT given_lat, given_lon FROM drop_point WHERE id = $1 FOR UPDATE"
ADD_VISIT = """
INSERT INTO drop_visit (id, market_id, drop_point_id, stop_id, driver_id, lat, lon, weight, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (stop_id, weight) DO NOTHING
"""
VISITS = """
SELECT lat, lon, weight FROM drop_visit WHERE drop_point_id = $1 ORDER BY occurred_at DESC, id LIMIT $2
"""
SAVE = """
UPDATE drop_point SET lat = $2, lon = $3, visits = $4, moved_m = $5, needs_review = $6, changed_at = $7 WHERE id = $1
"""
TO_REVIEW = """
SELECT id, lat, lon, given_lat, given_lon, visits, moved_m, changed_at FROM drop_point
WHERE market_id = $1 AND needs_review ORDER BY id LIMIT $2
"""
SETTLE = """
UPDATE drop_point SET lat = $3, lon = $4, given_lat = $3, given_lon = $4, moved_m = 0, needs_review = false,
       visits = greatest(visits, 1), changed_at = $5
WHERE id = $1 AND market_id = $2 RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressToReview:
    """An address whose doors seem to be far from its pin."""

    id: UUID
    learned: Point
    given: Point
    visits: int
    moved_m: int
    changed_at: datetime


def drop_point_id(market_id: UUID, address: str, given: Point) -> UUID:
    """One id for one address: the same words in the same part of the same city."""
    told = "\0".join((market_id.hex, given.cell, normal_text(address)))
    return UUID(bytes=sha256(told.encode()).digest()[:16])


async def learned_points(work: Work, *, market_id: UUID, ids: Collection[UUID]) -> dict[UUID, Point]:
    """Where to drive for those of the addresses of which that is known better than by their pins."""
    rows = await work.fetch(LEARNED, list(ids), market_id) if ids else []
    return {row["id"]: Point(lat=row["lat"], lon=row["lon"]) for row in rows}


async def add_visit(
    work: Work,
    *,
    market_id: UUID,
    address: str,
    given: Point,
    stop_id: UUID,
    driver_id: UUID,
    place: Point,
    weight: int,
    occurred_at: datetime,
) -> Point | None:
    """Counts where a driver was at an address, once for each stop and weight; returns the point to drive to now.

    None while it is not known, or while it is so far from the given one that a person has to look.
    """
    key = drop_point_id(market_id, address, given)
    await work.execute(OPEN, key, market_id, given.lat, given.lon, work.now)
    # Closes the race of two hand-overs at one address: the second counts the visit of the first as well.
    row = await work.fetch_row(LOCK, key)
    assert row is not None, "it was opened just now"
    where = (place.lat, place.lon, weight, occurred_at)
    await work.execute(ADD_VISIT, work.new_id(), market_id, key, stop_id, driver_id, *where)
    visits = [
        Visit(point=Point(lat=each["lat"], lon=each["lon"]), weight=each["weight"])
        for each in await work.fetch(VISITS, key, LATEST_VISITS)
    ]
    middle = middle_of(visits)
    if middle is None:
        return None
    moved_m = straight_line_m(middle, Point(lat=row["given_lat"], lon=row["given_lon"]))
    is_too_far = moved_m > MOST_MOVED_M
    counted = sum(visit.weight for visit in visits)
    await work.execute(SAVE, key, middle.lat, middle.lon, counted, int(moved_m), is_too_far, work.now)
    return None if is_too_far else middle


async def points_to_review(work: Work, *, market_id: UUID, limit: int) -> list[AddressToReview]:
    """Addresses of a market whose doors seem to be far from their pins."""
    return [
        AddressToReview(
            id=row["id"],
            learned=Point(lat=row["lat"], lon=row["lon"]),
            given=Point(lat=row["given_lat"], lon=row["given_lon"]),
            visits=row["visits"],
            moved_m=row["moved_m"],
            changed_at=row["changed_at"],
        )
        for row in await work.fetch(TO_REVIEW, market_id, limit)
    ]


async def settle_point(work: Work, *, market_id: UUID, drop_point_id: UUID, place: Point) -> None:
    """Operations say where the door of an address is; from there what drivers report counts anew."""
    found = await work.fetch_value(SETTLE, drop_point_id, market_id, place.lat, place.lon, work.now)
    if found is None:
        raise NotFound("there is no such address", field="addressId")
