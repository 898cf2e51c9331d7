"""A recipient has the parcel brought to a hand-over point instead of the door, before the pickup or after a try."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.batches import (
    ChosenBy,
    DeliveryState,
    NoPlaceLeft,
    NoSuchPoint,
    PointClosed,
    check_changeable,
    choose_another_try,
    needs_at_point,
)
from marketplace.batches.change_promise import WAITING
from marketplace.collecting.events import HandOverPointChosen
from marketplace.collecting.settle import release_place
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.points import NEAR_M, CollectionState, OpenPoint, lock_places, open_points, promise_places
from marketplace.rural import RuralZone, local_day, terms_now

DAYS_AHEAD = 14
SHORTEST = timedelta(minutes=30)

LOCK = """
SELECT id, market_id, shipper_id, batch_id, state, route_id, point_id, requirements, dropoff_lat, dropoff_lon,
       dropoff_opens_at, dropoff_closes_at, rural_zone_id, time_zone
FROM delivery WHERE id = $1 FOR UPDATE
"""
PROMISED = "SELECT id, point_id FROM collection WHERE delivery_id = $1 AND state = 'PROMISED' FOR UPDATE"
# What is on a route leaves it and is planned again at once; the window becomes that in which somebody is there.
BRING_THERE = """
UPDATE delivery SET point_id = $2, dropoff_lat = $3, dropoff_lon = $4, given_lat = NULL, given_lon = NULL,
       dropoff_address = $5, requirements = $6, safe_place = NULL, dropoff_opens_at = $7, dropoff_closes_at = $8,
       state = $9, route_id = CASE WHEN $10 THEN NULL ELSE route_id END,
       plan_after = CASE WHEN $10 THEN $11 ELSE plan_after END,
       unassigned_reason = CASE WHEN $10 THEN NULL ELSE unassigned_reason END,
       sequence = sequence + 1, changed_at = $11
WHERE id = $1 RETURNING sequence
"""


async def choose_hand_over_point(work: Work, *, delivery_id: UUID, point_id: UUID) -> DeliveryState:
    """Has a delivery end at a point near its door; the point that it has already changes nothing.

    Until the pickup its window stays, as far as the point is open in it, and so does its price. After a failed try it
    is tried again at the point, on the next day on which that is open.
    """
    # The delivery first, then the point, as posting and cancelling do: each locks in that order.
    row = await work.fetch_row(LOCK, delivery_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    check_changeable(row["state"])
    if row["point_id"] == point_id:
        return DeliveryState(row["state"])
    point = await _near_enough(work, row, point_id)
    needs = needs_at_point(row["requirements"])
    is_tried = row["state"] == DeliveryState.ATTEMPTED
    window = await _window(work, row, point, is_tried)
    await _take_place(work, row, point)
    await _bring_there(work, row, point, needs, window, is_tried)
    if is_tried:
        return await choose_another_try(work, delivery_id=delivery_id, window=window, chosen_by=ChosenBy.RECIPIENT)
    return DeliveryState(await work.fetch_value("SELECT state FROM delivery WHERE id = $1", delivery_id))


async def _near_enough(work: Work, row: asyncpg.Record, point_id: UUID) -> OpenPoint:
    found = await open_points(work, market_id=row["market_id"], shipper_id=row["shipper_id"], ids=[point_id])
    point = found.get(point_id)
    door = Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]) if row["dropoff_lat"] is not None else None
    if point is None or door is None or straight_line_m(door, point.place) > NEAR_M:
        raise NoSuchPoint("there is no such hand-over point near this door", field="pointId")
    return point


async def _window(work: Work, row: asyncpg.Record, point: OpenPoint, is_tried: bool) -> Window:
    """The promised window while the point is open in it, or for another try the next day on which it is open."""
    if not is_tried:
        window = point.within_hours(Window(row["dropoff_opens_at"], row["dropoff_closes_at"]))
        if window is None or window.closes_at <= work.now:
            raise PointClosed(f"{point.name} is closed when this parcel comes; choose another", field="pointId")
        return window
    terms = await terms_now(work, zone_id=row["rural_zone_id"])
    window = _next_open_day(work, row, point, terms)
    if window is None:
        raise PointClosed(f"{point.name} is closed on all days that can be chosen", field="pointId")
    return window


def _next_open_day(work: Work, row: asyncpg.Record, point: OpenPoint, terms: RuralZone | None) -> Window | None:
    today = local_day(work.now, row["time_zone"])
    for more in range(1, DAYS_AHEAD):
        day = today + timedelta(days=more)
        hours = point.hours_on(day)
        is_served = terms is None or terms.serves(day, now=work.now, time_zone=row["time_zone"])
        if hours is not None and is_served and hours.closes_at - hours.opens_at >= SHORTEST:
            return hours
    return None


async def _take_place(work: Work, row: asyncpg.Record, point: OpenPoint) -> None:
    """Takes a place at the point, and gives the one back that it had at another."""
    earlier = await work.fetch_row(PROMISED, row["id"])
    free = await lock_places(work, {point.id} | ({earlier["point_id"]} if earlier is not None else set()))
    if free.get(point.id, 0) < 1:
        raise NoPlaceLeft("this hand-over point is full; choose another", field="pointId")
    if earlier is not None:
        await release_place(work, earlier["id"], CollectionState.PROMISED)
    whose = {"market_id": row["market_id"], "shipper_id": row["shipper_id"]}
    await promise_places(work, **whose, point_of={row["id"]: point.id})


async def _bring_there(
    work: Work, row: asyncpg.Record, point: OpenPoint, needs: list[str], window: Window, is_tried: bool
) -> None:
    leaves = not is_tried and row["state"] not in WAITING
    state = DeliveryState.SCHEDULED.value if leaves else row["state"]
    # The window of another try is chosen after this: until then the one that has failed stays.
    promised = (row["dropoff_opens_at"], row["dropoff_closes_at"]) if is_tried else (window.opens_at, window.closes_at)
    place = (point.id, point.place.lat, point.place.lon, point.stands_at)
    sequence = await work.fetch_value(BRING_THERE, row["id"], *place, needs, *promised, state, leaves, work.now)
    work.emit(
        HandOverPointChosen(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            delivery_id=row["id"],
            batch_id=row["batch_id"],
            sequence=sequence,
            state=state,
            point_id=point.id,
            route_id=row["route_id"] if leaves else None,
        )
    )
