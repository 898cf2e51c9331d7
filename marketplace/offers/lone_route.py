"""One delivery by hand: its driver, its places, and a route of its own as the matcher would have made it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.batches.events import DeliveryOffered
from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import dials
from marketplace.offers.states import RULE_WORDS, RuledOut
from marketplace.routes.events import RoutePlanned
from marketplace.routes.states import StopKind
from marketplace.routing import Journey

FIND_DELIVERY = """
SELECT state, route_id, pickup_lat, pickup_lon, dropoff_lat, dropoff_lon FROM delivery WHERE id = $1 AND market_id = $2
"""
FIND_DRIVER = """
SELECT p.lat, p.lon, d.contract_kind FROM driver d JOIN presence p ON p.driver_id = d.id
WHERE d.id = $1 AND d.market_id = $2
"""
LOCK_DELIVERY = "SELECT state, requirements FROM delivery WHERE id = $1 FOR UPDATE"
PUT_ON_ROUTE = """
UPDATE delivery SET state = 'OFFERING', route_id = $2, unassigned_reason = NULL, sequence = sequence + 1,
       changed_at = $3 WHERE id = $1 RETURNING sequence, shipper_id, batch_id
"""
INSERT_ROUTE = """
INSERT INTO route (id, market_id, state, distance_m, duration_s, starts_at, is_degraded, currency, policy_version,
                   created_at)
SELECT $1, $2, 'PLANNED', $3, $4, $5, $6, $7,
       (SELECT version FROM pay_policy WHERE market_id = $2 AND effective_from <= $5
        ORDER BY effective_from DESC, version DESC LIMIT 1), $5
"""
STOP_COLUMNS = (
    "id", "market_id", "route_id", "place", "kind", "state", "lat", "lon", "leg_m", "leg_s", "planned_arrival",
    "planned_departure",
)  # fmt: skip
TASK_COLUMNS = ("id", "market_id", "stop_id", "delivery_id")


class NotWaiting(Conflict):
    """The delivery or the route has a driver by now, or has ended."""

    code = "NOT_WAITING"


class DriverRuledOut(Conflict):
    """A rule keeps this driver from the route."""

    code = "DRIVER_RULED_OUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverInPlace:
    """A driver of the market, and where that driver is."""

    kind: ContractKind
    place: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneDelivery:
    """A delivery by itself: pickup and door."""

    state: DeliveryState
    route_id: UUID | None
    places: tuple[Point, Point]


async def find_driver(work: Work, *, driver_id: UUID, market_id: UUID) -> DriverInPlace:
    """A driver of the market; one of whom nobody knows the place cannot be given or offered anything."""
    row = await work.fetch_row(FIND_DRIVER, driver_id, market_id)
    if row is None:
        raise NotFound("there is no such driver", field="driverId")
    if row["lat"] is None:
        raise DriverRuledOut(RULE_WORDS[RuledOut.NO_POSITION], field="driverId")
    return DriverInPlace(kind=ContractKind(row["contract_kind"]), place=Point(lat=row["lat"], lon=row["lon"]))


async def find_delivery(work: Work, *, delivery_id: UUID, market_id: UUID) -> LoneDelivery:
    """A delivery of the market."""
    row = await work.fetch_row(FIND_DELIVERY, delivery_id, market_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    pickup = Point(lat=row["pickup_lat"], lon=row["pickup_lon"])
    door = Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"])
    return LoneDelivery(state=DeliveryState(row["state"]), route_id=row["route_id"], places=(pickup, door))


async def make_lone_route(
    work: Work, *, market_id: MarketId, delivery_id: UUID, places: tuple[Point, Point], drive: Journey
) -> UUID:
    """Makes a route of the one delivery; `drive` leads its driver to the pickup and on to the door.

    The delivery is locked against cancel and planner.
    """
    delivery = await work.fetch_row(LOCK_DELIVERY, delivery_id)
    if delivery is None or delivery["state"] != DeliveryState.SCHEDULED:
        raise NotWaiting("this delivery was planned or called off meanwhile", field="deliveryId")
    settings = await dials(work, market_id=market_id)
    approach, leg = drive.legs
    at_pickup = work.now + timedelta(seconds=approach.duration_s)
    leaves = at_pickup + timedelta(seconds=settings.pickup_service_s)
    at_door = leaves + timedelta(seconds=leg.duration_s)
    done = at_door + timedelta(seconds=settings.door_service_s(delivery["requirements"]))
    route_id, about = work.new_id(), (int((done - at_pickup).total_seconds()), work.now, drive.is_degraded)
    await work.execute(INSERT_ROUTE, route_id, market_id, leg.distance_m, *about, settings.currency)
    visits = (
        (StopKind.PICKUP, places[0], (0, 0), (at_pickup, leaves)),
        (StopKind.DROPOFF, places[1], (leg.distance_m, leg.duration_s), (at_door, done)),
    )
    stops: list[tuple[object, ...]] = []
    tasks: list[tuple[object, ...]] = []
    for place, (kind, point, way, times) in enumerate(visits):
        stop_id = work.new_id()
        head = (stop_id, market_id, route_id, place, kind.value, "PENDING")
        stops.append((*head, point.lat, point.lon, *way, *times))
        tasks.append((work.new_id(), market_id, stop_id, delivery_id))
    await work.insert_many("stop", STOP_COLUMNS, stops)
    await work.insert_many("task", TASK_COLUMNS, tasks)
    work.emit(RoutePlanned(market_id=market_id, route_id=route_id, stop_count=2, delivery_count=1))
    put = await work.fetch_row(PUT_ON_ROUTE, delivery_id, route_id, work.now)
    assert put is not None, "the delivery is locked"
    work.emit(
        DeliveryOffered(
            market_id=market_id,
            shipper_id=put["shipper_id"],
            delivery_id=delivery_id,
            batch_id=put["batch_id"],
            sequence=put["sequence"],
            state=DeliveryState.OFFERING,
            route_id=route_id,
        )
    )
    return route_id
