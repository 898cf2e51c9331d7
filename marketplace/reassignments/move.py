"""The route passes on: what is left of it becomes the second driver's route, the first one's is completed and paid.

One transaction does all of it, so that every delivery is on exactly one of the two routes whenever somebody looks.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.batches.events import DeliveryReassigned
from marketplace.batches.states import DeliveryState
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work
from marketplace.offers.assign import DriverEngaged
from marketplace.reassignments.aboard import aboard, still_to_drive
from marketplace.reassignments.events import RouteReassigned
from marketplace.reassignments.queries import InHand, step
from marketplace.reassignments.refusals import ReassignmentOver
from marketplace.reassignments.states import ReassignmentState
from marketplace.routes.care import CustodyKind, write_custody
from marketplace.routes.complete import complete_if_done
from marketplace.routes.events import RouteAssigned
from marketplace.routes.in_hand import UNFINISHED, RouteInHand, StopInHand
from marketplace.routes.queries import lock_driven_route, put_back, take_in_hand
from marketplace.routes.start import begin
from marketplace.routes.states import RouteState, StopState

DETOUR = 1.4
"""Streets are about this much longer than a straight line: where the first driver has come further than reckoned."""
METRES_PER_SECOND = 7.0

MOVED = UNFINISHED | {DeliveryState.RETURNING}
"""A parcel that goes back has two deliveries, and both stay together."""
INSERT_ROUTE = """
INSERT INTO route (id, market_id, state, driver_id, company_id, distance_m, duration_s, starts_at, is_degraded,
                   guarantee_minor, currency, policy_version, approach_m, approach_s, created_at, accepted_at)
SELECT $1, $2, 'ASSIGNED', id, company_id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $6, $13 FROM driver WHERE id = $3
"""
STOP_COLUMNS = (
    "id", "market_id", "route_id", "place", "kind", "state", "lat", "lon", "leg_m", "leg_s", "planned_arrival",
    "planned_departure",
)  # fmt: skip
TASK_COLUMNS = ("id", "market_id", "stop_id", "delivery_id")
SERVICE = "SELECT id, planned_departure - planned_arrival AS service FROM stop WHERE route_id = $1"
MOVE = """
UPDATE delivery SET route_id = $2, sequence = sequence + 1, changed_at = $3 WHERE route_id = $1 AND id = ANY($4)
RETURNING id, shipper_id, batch_id, sequence, state
"""


async def move_route(work: Work, found: InHand) -> UUID:
    """Makes the second driver's route, moves what is unfinished to it, and ends the first; returns the new route."""
    row, route = found.row, found.route
    assert route is not None, "a route that is moved is held by a driver"
    was_started = route.state is RouteState.STARTED
    left = still_to_drive(route)
    if not left:
        raise ReassignmentOver("nothing is left to be driven; the way back of a parcel may be planned in a moment")
    moved = sorted(key for key, delivery in route.deliveries.items() if delivery.state in MOVED)
    parcels = aboard(route)
    next_route_id = await _write_route(work, row, route, left, set(moved))
    await _move_deliveries(work, row, next_route_id, moved)
    await _end_first(work, route, set(moved))
    await step(work, row, ReassignmentState.DONE, next_route_id=next_route_id)
    work.emit(
        RouteAssigned(
            market_id=row["market_id"],
            route_id=next_route_id,
            driver_id=row["to_driver_id"],
            pay_minor=row["pay_minor"],
            currency=row["currency"],
        )
    )
    if was_started:
        head = await lock_driven_route(work, route_id=next_route_id)
        assert head is not None, "the route was just written"
        second = await take_in_hand(work, head)
        passed_on = dict.fromkeys(parcels, CustodyKind.PASSED_ON)
        await write_custody(work, second, second.stops[0], passed_on, (), work.now)
        begin(second, work.now)
        await put_back(work, second)
    work.emit(
        RouteReassigned(
            market_id=row["market_id"],
            reassignment_id=row["id"],
            route_id=row["route_id"],
            driver_id=row["to_driver_id"],
            next_route_id=next_route_id,
            parcel_count=len(parcels),
        )
    )
    return next_route_id


async def _write_route(
    work: Work, row: asyncpg.Record, route: RouteInHand, left: Sequence[StopInHand], moved: set[UUID]
) -> UUID:
    next_route_id = work.new_id()
    services = {one["id"]: one["service"] for one in await work.fetch(SERVICE, route.id)}
    leg_m, leg_s, is_guessed = _first_leg(row, left[0])
    stops: list[tuple[object, ...]] = []
    tasks: list[tuple[object, ...]] = []
    moment = work.now
    for place, stop in enumerate(left):
        way = (leg_m, leg_s) if place == 0 else (stop.leg_m, stop.leg_s)
        arrival = moment + timedelta(seconds=way[1])
        moment = arrival + services[stop.id]
        stop_id = work.new_id()
        where = (stop.point.lat, stop.point.lon)
        head = (stop_id, route.market_id, next_route_id, place, stop.kind.value, StopState.PENDING.value)
        stops.append((*head, *where, *way, arrival, moment))
        tasks += [(work.new_id(), route.market_id, stop_id, key) for key in sorted(stop.delivery_ids) if key in moved]
    try:
        await work.execute(
            INSERT_ROUTE,
            next_route_id,
            route.market_id,
            row["to_driver_id"],
            leg_m + sum(stop.leg_m for stop in left[1:]),
            int((moment - work.now).total_seconds()),
            work.now,
            row["is_degraded"] or is_guessed,
            row["pay_minor"],
            row["currency"],
            row["policy_version"],
            row["approach_m"],
            row["approach_s"],
            row["agreed_at"],
        )
    except asyncpg.UniqueViolationError:
        raise DriverEngaged("the second driver has another route by now; cancel, and ask somebody else") from None
    await work.insert_many("stop", STOP_COLUMNS, stops)
    await work.insert_many("task", TASK_COLUMNS, tasks)
    return next_route_id


def _first_leg(row: asyncpg.Record, first: StopInHand) -> tuple[int, int, bool]:
    """Metres and seconds from the meeting point to the next stop, and whether that is a guess."""
    if row["lat"] is None or first.id == row["next_stop_id"]:
        return row["first_leg_m"], row["first_leg_s"], False
    metres = round(straight_line_m(Point(lat=row["lat"], lon=row["lon"]), first.point) * DETOUR)
    return metres, round(metres / METRES_PER_SECOND), True


async def _move_deliveries(work: Work, row: asyncpg.Record, next_route_id: UUID, moved: Sequence[UUID]) -> None:
    rows = await work.fetch_sorted(MOVE, row["route_id"], next_route_id, work.now, moved)
    assert len(rows) == len(moved), "a locked delivery was gone"
    for one in rows:
        work.emit(
            DeliveryReassigned(
                market_id=row["market_id"],
                shipper_id=one["shipper_id"],
                delivery_id=one["id"],
                batch_id=one["batch_id"],
                sequence=one["sequence"],
                state=one["state"],
                route_id=next_route_id,
                driver_id=row["to_driver_id"],
                occurred_at=work.now,
            )
        )


async def _end_first(work: Work, route: RouteInHand, moved: set[UUID]) -> None:
    """The first driver is through: what was not done is skipped, what was done is paid."""
    route.deliveries = {key: one for key, one in route.deliveries.items() if key not in moved}
    if route.state is RouteState.ASSIGNED:
        begin(route, work.now)
    for stop in route.stops:
        if not stop.is_ended:
            route.step_stop(stop, StopState.SKIPPED, work.now)
    done = await complete_if_done(work, route, work.now)
    assert done, "a route without deliveries and open stops is done"
    await put_back(work, route)
