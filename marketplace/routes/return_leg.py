"""After an attempt the parcel goes back to where it was picked up, or to a hub where its shipper wishes that.

As a return it is a delivery of its own, priced, driven and paid. Where another try follows, the driver is paid for the
same stop, but the parcel remains what it is: it waits there for its new window.

The way back begins after the last stop of the route, so that nobody else's parcel waits for it. Several parcels that go
back to one place share one stop.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.batches.add_return import add_return
from marketplace.batches.events import DeliveryMoved, DeliveryReturning
from marketplace.batches.failure_policy import next_step
from marketplace.batches.states import AttemptFailure, DeliveryState, FailurePolicy, NextStep
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.routes.events import RouteExtended
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand, StopInHand
from marketplace.routes.queries import lock_driven_route, put_back, take_in_hand
from marketplace.routes.states import ENDED_STOPS, StopKind, StopState
from marketplace.routing import Journey, Router, TooFarFromStreet, Unreachable

RETURN_SERVICE = timedelta(minutes=2)
"""Time planned at the door of a return."""

FIND_ATTEMPTED = """
SELECT d.route_id, d.failure_policy, d.failure_reason, d.attempts, d.max_attempts, hub.id AS hub_id,
       coalesce(hub.lat, d.pickup_lat) AS back_lat,
       coalesce(hub.lon, d.pickup_lon) AS back_lon,
       d.dropoff_lat, d.dropoff_lon, last.id AS last_stop_id,
       last.lat AS last_lat, last.lon AS last_lon, last.planned_departure,
       (SELECT sum(leg_m) FROM stop WHERE route_id = d.route_id) AS driven_m,
       (SELECT sum(leg_s) FROM stop WHERE route_id = d.route_id) AS driven_s
FROM delivery d
JOIN route r ON r.id = d.route_id AND r.state = 'STARTED'
JOIN LATERAL (SELECT * FROM stop WHERE route_id = d.route_id ORDER BY place DESC LIMIT 1) last ON true
LEFT JOIN LATERAL (
    SELECT id, lat, lon FROM hub
    WHERE d.failure_policy = 'RETURN_TO_HUB' AND d.hub_id IS NULL AND market_id = d.market_id
      AND (shipper_id IS NULL OR shipper_id = d.shipper_id)
    ORDER BY (lat - last.lat) ^ 2 + ((lon - last.lon) * cos(radians(last.lat))) ^ 2, id LIMIT 1) hub ON true
WHERE d.id = $1 AND d.state = 'ATTEMPTED'
"""
INSERT_STOP = """
INSERT INTO stop (id, market_id, route_id, place, kind, state, lat, lon, leg_m, leg_s, planned_arrival,
    planned_departure) VALUES ($1, $2, $3, $4, 'RETURN', 'PENDING', $5, $6, $7, $8, $9, $10)
"""


class RouteMoved(Unavailable):
    """The route got another last stop while the way back was being asked for; ask again."""

    code = "ROUTE_MOVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptedDelivery:
    """What the way back depends on, as it was read."""

    delivery_id: UUID
    hub_id: UUID | None
    policy: FailurePolicy
    step: NextStep
    route_id: UUID
    origin: Point
    target: Point
    last_stop_id: UUID
    last_point: Point
    departs_at: datetime
    driven_m: int
    driven_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """The leg that is added to the route, and the distance that the shipper pays for."""

    leg_m: int
    leg_s: int
    priced_m: int
    is_degraded: bool


async def plan_return(works: Works, *, router: Router, delivery_id: UUID) -> UUID | None:
    """Plans the way back of an attempted delivery and returns its stop; None when it is planned or decided already."""
    return await run_errand(works, PlanReturn(router=router, delivery_id=delivery_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReturn:
    """The errand that follows from `DeliveryAttempted`."""

    router: Router
    delivery_id: UUID

    async def read(self, work: Work) -> AttemptedDelivery | None:
        """Where the parcel is, where it goes back to, and after which stop."""
        row = await work.fetch_row(FIND_ATTEMPTED, self.delivery_id)
        if row is None:
            return None
        policy = FailurePolicy(row["failure_policy"])
        return AttemptedDelivery(
            route_id=row["route_id"],
            origin=Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
            target=Point(lat=row["back_lat"], lon=row["back_lon"]),
            delivery_id=self.delivery_id,
            hub_id=row["hub_id"],
            policy=policy,
            step=next_step(
                policy,
                reason=AttemptFailure(row["failure_reason"]),
                attempts=row["attempts"],
                max_attempts=row["max_attempts"],
            ),
            last_stop_id=row["last_stop_id"],
            last_point=Point(lat=row["last_lat"], lon=row["last_lon"]),
            departs_at=max(row["planned_departure"], work.now),
            driven_m=row["driven_m"],
            driven_s=row["driven_s"],
        )

    async def call(self, found: AttemptedDelivery) -> WayBack:
        """Asks for the leg from the last stop, and for the parcel's own way, which is what its return costs.

        Streets that lead there and not back would keep driver and parcel on a route without end: then the way back
        counts as long as the route that was driven.
        """
        try:
            drive = await self._drive(found, found.last_point)
            own = drive if found.last_point == found.origin else await self._drive(found, found.origin)
        except (Unreachable, TooFarFromStreet):
            return WayBack(leg_m=found.driven_m, leg_s=found.driven_s, priced_m=found.driven_m, is_degraded=True)
        return WayBack(
            leg_m=drive.distance_m,
            leg_s=drive.duration_s,
            priced_m=own.distance_m,
            is_degraded=drive.is_degraded or own.is_degraded,
        )

    async def _drive(self, found: AttemptedDelivery, origin: Point) -> Journey:
        return await self.router.legs([origin, found.target], depart_at=found.departs_at)

    async def record(self, work: Work, found: AttemptedDelivery, answer: WayBack) -> UUID | None:
        """Writes the return, its stop and its task, and turns the original to RETURNING; nothing if it moved on."""
        head = await lock_driven_route(work, route_id=found.route_id)
        route = await take_in_hand(work, head) if head else None
        original = route.deliveries.get(self.delivery_id) if route else None
        if route is None or original is None or original.state is not DeliveryState.ATTEMPTED:
            return None
        if _is_planned(route, original):
            return None
        if original.failure_policy is not found.policy:
            raise RouteMoved("what is to be done with the parcel has changed meanwhile; plan its way back again")
        stop = _shared_stop(route, found.target) or await _add_stop(work, route, found, answer)
        if found.step is NextStep.REDELIVER:
            carried = original
            await work.execute("UPDATE delivery SET way_back_m = $2 WHERE id = $1", original.id, answer.priced_m)
        else:
            carried = await _add_return(work, route, found, answer)
            route.step_delivery(original, DeliveryState.RETURNING, DeliveryReturning, return_id=carried.id)
            route.tell(carried, DeliveryMoved, **route.whereabouts(work.now))
        stop.delivery_ids.append(carried.id)
        await work.execute(
            "INSERT INTO task (id, market_id, stop_id, delivery_id) VALUES ($1, $2, $3, $4)",
            *(work.new_id(), route.market_id, stop.id, carried.id),
        )
        route.set_off(work.now)
        await put_back(work, route)
        return stop.id


def _is_planned(route: RouteInHand, original: DeliveryInHand) -> bool:
    """Whether a stop of this route brings the parcel back already."""
    return any(stop.kind is StopKind.RETURN and original.id in stop.delivery_ids for stop in route.stops)


def _shared_stop(route: RouteInHand, target: Point) -> StopInHand | None:
    """A return stop at that place to which the driver has not come yet."""
    past = ENDED_STOPS | {StopState.ARRIVED}
    at_target = (stop for stop in route.stops if stop.kind is StopKind.RETURN and stop.point == target)
    return next((stop for stop in at_target if stop.state not in past), None)


async def _add_stop(work: Work, route: RouteInHand, found: AttemptedDelivery, way: WayBack) -> StopInHand:
    last = route.stops[-1]
    if last.id != found.last_stop_id:
        raise RouteMoved("the route has changed meanwhile; plan the return again")
    arrives_at = found.departs_at + timedelta(seconds=way.leg_s)
    stop = StopInHand(
        id=work.new_id(),
        place=last.place + 1,
        kind=StopKind.RETURN,
        state=StopState.PENDING,
        point=found.target,
        leg_m=way.leg_m,
        leg_s=way.leg_s,
        planned_departure=arrives_at + RETURN_SERVICE,
        arrived_at=None,
        ended_at=None,
        failure_reason=None,
        delivery_ids=[],
    )
    place = (stop.place, stop.point.lat, stop.point.lon, stop.leg_m, stop.leg_s, arrives_at, stop.planned_departure)
    await work.execute(INSERT_STOP, stop.id, route.market_id, route.id, *place)
    route.stops.append(stop)
    # The stops have changed, so whoever holds an older picture of this route must look again.
    route.version += 1
    route.is_degraded = route.is_degraded or way.is_degraded
    route.touched.add(route.id)
    route.events.append(
        RouteExtended(market_id=route.market_id, route_id=route.id, driver_id=route.driver_id, stop_id=stop.id)
    )
    return stop


async def _add_return(work: Work, route: RouteInHand, found: AttemptedDelivery, way: WayBack) -> DeliveryInHand:
    original = route.deliveries[found.delivery_id]
    added = await add_return(work, delivery_id=original.id, distance_m=way.priced_m, hub_id=found.hub_id)
    back = DeliveryInHand(
        id=added.id,
        shipper_id=original.shipper_id,
        batch_id=original.batch_id,
        state=DeliveryState.PICKED_UP,
        sequence=1,
        route_id=route.id,
        return_of=original.id,
        dropoff_closes_at=added.dropoff_closes_at,
        requirements=frozenset(),
        pin=None,
        pin_attempts=0,
    )
    route.deliveries[back.id] = back
    return back
