"""An operator gives a delivery that waits, or a route that looks for its driver, to a dedicated driver on shift."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.accounts import note_action
from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.offers.assign import assign_route
from marketplace.offers.candidates import find_needs, judge_driver
from marketplace.offers.lone_route import DriverRuledOut, NotWaiting, find_delivery, find_driver, make_lone_route
from marketplace.offers.pay import pay_of_offer
from marketplace.offers.states import RULE_WORDS, RuledOut
from marketplace.routing import Journey, Router

ANY_OFFERS = 10_000
"""How many offers a driver has open does not matter to a person who decides."""
NO_HINDRANCE = {RuledOut.ASKED_NOW, RuledOut.DECLINED_BEFORE}
"""Offers of this route that the driver has, or had: a dedicated driver is not asked."""

FIND_ROUTE = """
SELECT s.lat, s.lon FROM route r JOIN stop s ON s.route_id = r.id AND s.place = 0
WHERE r.id = $1 AND r.market_id = $2 AND r.state IN ('PLANNED', 'OFFERING')
"""
LOCK_ROUTE = "SELECT state FROM route WHERE id = $1 FOR UPDATE"
PAID_BY = "UPDATE route SET policy_version = $2 WHERE id = $1"


class NotDedicated(Conflict):
    """Only a dedicated driver is given work without being asked."""

    code = "NOT_DEDICATED"


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
        driver = await find_driver(work, driver_id=self.driver_id, market_id=self.market_id)
        if driver.kind is not ContractKind.DEDICATED:
            raise NotDedicated("other drivers are asked, not assigned: offerDelivery asks one", field="driverId")
        route_id, places = await self._work_to_do(work)
        return ToAssign(driver_place=driver.place, route_id=route_id, places=places, now=work.now)

    async def call(self, found: ToAssign) -> Journey:
        """Asks for the way there, and for a lone delivery on to its door."""
        return await self.router.legs([found.driver_place, *found.places], depart_at=found.now)

    async def record(self, work: Work, found: ToAssign, answer: Journey) -> UUID:
        """Makes the route where there is none and gives it to the driver."""
        route_id = found.route_id or await self._make_route(work, found.places, answer)
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
            lone = await find_delivery(work, delivery_id=self.delivery_id, market_id=self.market_id)
            if lone.state is DeliveryState.SCHEDULED:
                return None, lone.places
            if lone.state is not DeliveryState.OFFERING:
                raise NotWaiting(f"this delivery is {lone.state.value}", field="deliveryId")
            route_id = lone.route_id
        first = await work.fetch_row(FIND_ROUTE, route_id, self.market_id)
        if first is None:
            raise NotFound("there is no such route without a driver", field="routeId")
        return route_id, (Point(lat=first["lat"], lon=first["lon"]),)

    async def _make_route(self, work: Work, places: tuple[Point, ...], drive: Journey) -> UUID:
        assert self.delivery_id is not None, "a route that is there needs none made"
        pickup, door = places
        return await make_lone_route(
            work, market_id=self.market_id, delivery_id=self.delivery_id, places=(pickup, door), drive=drive
        )
