"""An operator gives a delivery that waits, or a route that looks for its driver, to a dedicated driver on shift."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.accounts import note_action
from marketplace.batches.events import DeliveryOffered
from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import dials
from marketplace.offers.assign import assign_route
from marketplace.offers.candidates import find_needs, judge_driver
from marketplace.offers.pay import pay_of_offer
from marketplace.offers.states import RULE_WORDS, RuledOut
from marketplace.routes.events import RoutePlanned
from marketplace.routes.states import StopKind
from marketplace.routing import Journey, Router

ANY_OFFERS = 10_000
"""How many offers a driver has open does not matter to a person who decides."""
NO_HINDRANCE = {RuledOut.ASKED_NOW, RuledOut.DECLINED_BEFORE}
"""Offers of this route that the driver has, or had: a dedicated driver is not asked."""

FIND_DELIVERY = """
SELECT state, route_id, pickup_lat, pickup_lon, dropoff_lat, dropoff_lon FROM delivery WHERE id = $1 AND market_id = $2
"""
FIND_ROUTE = """
SELECT s.lat, s.lon FROM route r JOIN stop s ON s.route_id = r.id AND s.place = 0
WHERE r.id = $1 AND r.market_id = $2 AND r.state IN ('PLANNED', 'OFFERING')
"""
FIND_DRIVER = """
SELECT p.lat, p.lon, d.contract_kind FROM driver d JOIN presence p ON p.driver_id = d.id
WHERE d.id = $1 AND d.market_id = $2
"""
LOCK_DELIVERY = "SELECT state, requirements FROM delivery WHERE id = $1 FOR UPDATE"
LOCK_ROUTE = "SELECT state FROM route WHERE id = $1 FOR UPDATE"
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
PAID_BY = "UPDATE route SET policy_version = $2 WHERE id = $1"
STOP_COLUMNS = (
    "id", "market_id", "route_id", "place", "kind", "state", "lat", "lon", "leg_m", "leg_s", "planned_arrival",
    "planned_departure",
)  # fmt: skip
TASK_COLUMNS = ("id", "market_id", "stop_id", "delivery_id")


class NotWaiting(Conflict):
    """The delivery or the route has a driver by now, or has ended."""

    code = "NOT_WAITING"


class NotDedicated(Conflict):
    """Only a dedicated driver is given work without being asked."""

    code = "NOT_DEDICATED"


class DriverRuledOut(Conflict):
    """A rule keeps this driver from the route."""

    code = "DRIVER_RULED_OUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAssign:
    """Where the driver is, where the work begins, and for a lone delivery where it ends."""

    driver_place: Point
    route_id: UUID | None
    places: tuple[Point, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignByHand:
    """The errand of giving a driver one delivery, which then is a route of its own, or one route; results in it."""

    router: Router
    market_id: MarketId
    driver_id: UUID
    operator_id: OperatorId
    delivery_id: UUID | None = None
    route_id: UUID | None = None

    async def read(self, work: Work) -> ToAssign:
        """Finds what is to be done, and by whom."""
        driver = await work.fetch_row(FIND_DRIVER, self.driver_id, self.market_id)
        if driver is None:
            raise NotFound("there is no such driver", field="driverId")
        if driver["contract_kind"] != ContractKind.DEDICATED:
            raise NotDedicated("other drivers are asked, not assigned; they have offers", field="driverId")
        if driver["lat"] is None:
            raise DriverRuledOut(RULE_WORDS[RuledOut.NO_POSITION], field="driverId")
        route_id, places = await self._work_to_do(work)
        return ToAssign(
            driver_place=Point(lat=driver["lat"], lon=driver["lon"]),
            route_id=route_id,
            places=places,
            now=work.now,
        )

    async def call(self, found: ToAssign) -> Journey:
        """Asks for the way there, and for a lone delivery on to its door."""
        return await self.router.legs([found.driver_place, *found.places], depart_at=found.now)

    async def record(self, work: Work, found: ToAssign, answer: Journey) -> UUID:
        """Makes the route where there is none and gives it to the driver."""
        route_id = found.route_id or await self._make_route(work, found, answer)
        # Closes the race with a driver who accepts it at this moment.
        if await work.fetch_value(LOCK_ROUTE, route_id) not in {"PLANNED", "OFFERING"}:
            raise NotWaiting("this route has a driver by now, or has ended", field="routeId")
        needs = await find_needs(work, route_id=route_id)
        assert needs is not None, "the route is locked"
        candidate, rule = await judge_driver(work, needs, driver_id=self.driver_id, open_offers=ANY_OFFERS)
        if rule is not None and rule not in NO_HINDRANCE:
            raise DriverRuledOut(RULE_WORDS[rule], field="driverId")
        approach = answer.legs[0]
        pay = pay_of_offer(
            needs,
            approach_m=approach.distance_m,
            approach_s=approach.duration_s,
            raise_minor=0,
            agreed_minor=candidate.agreed_minor if candidate else 0,
        )
        await work.execute(PAID_BY, route_id, needs.policy.version)
        await assign_route(
            work,
            route_id=route_id,
            driver_id=self.driver_id,
            pay_minor=pay.total_minor,
            approach_m=approach.distance_m,
            approach_s=approach.duration_s,
        )
        await note_action(
            work,
            operator_id=self.operator_id,
            market_id=self.market_id,
            verb="assignDelivery" if self.delivery_id else "assignRoute",
            subject_id=self.delivery_id or route_id,
            details={"driver": self.driver_id.hex, "route": route_id.hex},
        )
        return route_id

    async def _work_to_do(self, work: Work) -> tuple[UUID | None, tuple[Point, ...]]:
        """The route that is there, and the places that a drive to it, or through a lone delivery, leads to."""
        route_id = self.route_id
        if self.delivery_id is not None:
            row = await work.fetch_row(FIND_DELIVERY, self.delivery_id, self.market_id)
            if row is None:
                raise NotFound("there is no such delivery", field="deliveryId")
            if row["state"] == DeliveryState.SCHEDULED:
                pickup = Point(lat=row["pickup_lat"], lon=row["pickup_lon"])
                return None, (pickup, Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]))
            if row["state"] != DeliveryState.OFFERING:
                raise NotWaiting(f"this delivery is {row['state']}", field="deliveryId")
            route_id = row["route_id"]
        first = await work.fetch_row(FIND_ROUTE, route_id, self.market_id)
        if first is None:
            raise NotFound("there is no such route without a driver", field="routeId")
        return route_id, (Point(lat=first["lat"], lon=first["lon"]),)

    async def _make_route(self, work: Work, found: ToAssign, answer: Journey) -> UUID:
        """Makes a route of the one delivery, as the matcher would have; it is locked against cancel and planner."""
        delivery = await work.fetch_row(LOCK_DELIVERY, self.delivery_id)
        if delivery is None or delivery["state"] != DeliveryState.SCHEDULED:
            raise NotWaiting("this delivery was planned or called off meanwhile", field="deliveryId")
        settings = await dials(work, market_id=self.market_id)
        approach, leg = answer.legs
        at_pickup = work.now + timedelta(seconds=approach.duration_s)
        leaves = at_pickup + timedelta(seconds=settings.pickup_service_s)
        at_door = leaves + timedelta(seconds=leg.duration_s)
        done = at_door + timedelta(seconds=settings.door_service_s(delivery["requirements"]))
        route_id, about = work.new_id(), (int((done - at_pickup).total_seconds()), work.now, answer.is_degraded)
        await work.execute(INSERT_ROUTE, route_id, self.market_id, leg.distance_m, *about, settings.currency)
        visits = (
            (StopKind.PICKUP, found.places[0], (0, 0), (at_pickup, leaves)),
            (StopKind.DROPOFF, found.places[1], (leg.distance_m, leg.duration_s), (at_door, done)),
        )
        stops: list[tuple[object, ...]] = []
        tasks: list[tuple[object, ...]] = []
        for place, (kind, point, way, times) in enumerate(visits):
            stop_id = work.new_id()
            head = (stop_id, self.market_id, route_id, place, kind.value, "PENDING")
            stops.append((*head, point.lat, point.lon, *way, *times))
            tasks.append((work.new_id(), self.market_id, stop_id, self.delivery_id))
        await work.insert_many("stop", STOP_COLUMNS, stops)
        await work.insert_many("task", TASK_COLUMNS, tasks)
        work.emit(RoutePlanned(market_id=self.market_id, route_id=route_id, stop_count=2, delivery_count=1))
        put = await work.fetch_row(PUT_ON_ROUTE, self.delivery_id, route_id, work.now)
        assert put is not None, "the delivery is locked"
        assert self.delivery_id is not None
        work.emit(
            DeliveryOffered(
                market_id=self.market_id,
                shipper_id=put["shipper_id"],
                delivery_id=self.delivery_id,
                batch_id=put["batch_id"],
                sequence=put["sequence"],
                state=DeliveryState.OFFERING,
                route_id=route_id,
            )
        )
        return route_id
