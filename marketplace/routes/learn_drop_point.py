"""Where a driver has handed over, or says that the door is, teaches to which point the next route leads."""

from uuid import UUID

import asyncpg

from marketplace.addresses import add_visit
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work

HAND_OVER_WEIGHT = 1
PIN_WEIGHT = 3
"""Somebody who corrects a pin looks at the map while standing at the door."""
FURTHEST_PIN_M = 1_000.0
"""What is further off is not a better pin of the same address."""

# The report of the hand-over itself, where the app told the place and nothing about it was odd.
HANDED_OVER = """
SELECT d.market_id, d.dropoff_address, coalesce(d.given_lat, d.dropoff_lat) AS lat,
       coalesce(d.given_lon, d.dropoff_lon) AS lon, s.id AS stop_id, r.driver_id, r.lat AS told_lat, r.lon AS told_lon,
       r.effective_at
FROM delivery d JOIN task t ON t.delivery_id = d.id JOIN stop s ON s.id = t.stop_id AND s.kind = 'DROPOFF'
JOIN stop_report r ON r.route_id = s.route_id AND r.stop_id = s.id AND r.verb = 'DROP_OFF'
WHERE d.id = $1 AND d.state = 'DELIVERED' AND d.return_of IS NULL AND d.dropoff_address <> ''
  AND s.state = 'COMPLETED' AND r.lat IS NOT NULL AND r.flag IS NULL
ORDER BY r.effective_at DESC LIMIT 1
"""
AT_STOP = """
SELECT d.market_id, d.dropoff_address, coalesce(d.given_lat, d.dropoff_lat) AS lat,
       coalesce(d.given_lon, d.dropoff_lon) AS lon, s.id AS stop_id, r.driver_id, s.kind, s.arrived_at
FROM stop s JOIN route r ON r.id = s.route_id JOIN task t ON t.stop_id = s.id JOIN delivery d ON d.id = t.delivery_id
WHERE s.id = $1 AND r.driver_id = $2 AND d.dropoff_address <> '' ORDER BY d.id
"""


class NotThere(Conflict):
    """A pin is corrected by somebody who is, or was, at the door."""

    code = "NOT_AT_STOP"


class PinTooFar(Invalid):
    """A pin that is not near the address that it is for."""

    code = "PIN_TOO_FAR"


async def learn_drop_point(work: Work, *, delivery_id: UUID) -> Point | None:
    """Counts where a delivery was handed over; None while that does not tell where the door is."""
    row = await work.fetch_row(HANDED_OVER, delivery_id)
    if row is None:
        return None
    place = Point(lat=row["told_lat"], lon=row["told_lon"])
    return await _add(work, row, place, HAND_OVER_WEIGHT)


async def correct_pin(work: Work, *, driver_id: UUID, stop_id: UUID, place: Point) -> bool:
    """A driver at a drop-off says where the door really is; tells whether the next route will lead there.

    Where it will not, it is one voice, or too far from the shipper's own pin, and operations see it.
    """
    rows = await work.fetch(AT_STOP, stop_id, driver_id)
    if not rows:
        raise NotFound("there is no such stop on a route of yours", field="stopId")
    is_known = False
    for row in rows:
        if row["kind"] != "DROPOFF" or row["arrived_at"] is None:
            raise NotThere("report arriveAtStop at this drop-off first", field="stopId")
        if straight_line_m(place, Point(lat=row["lat"], lon=row["lon"])) > FURTHEST_PIN_M:
            raise PinTooFar(f"a pin is at most {FURTHEST_PIN_M:.0f} m from its address", field="point")
        is_known = await _add(work, row, place, PIN_WEIGHT, occurred_at_now=True) is not None
    return is_known


async def _add(
    work: Work, row: asyncpg.Record, place: Point, weight: int, *, occurred_at_now: bool = False
) -> Point | None:
    return await add_visit(
        work,
        market_id=row["market_id"],
        address=row["dropoff_address"],
        given=Point(lat=row["lat"], lon=row["lon"]),
        stop_id=row["stop_id"],
        driver_id=row["driver_id"],
        place=place,
        weight=weight,
        occurred_at=work.now if occurred_at_now else row["effective_at"],
    )
