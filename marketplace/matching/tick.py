"""One look at a market: snapshot, travel times, plan, commit.

The errand of bundling. It reads what wants a route and who could drive, asks the router and the solver with no Work
open, and writes routes only from deliveries that nobody has changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.matching.commit import CommittedPlan, commit_plan
from marketplace.matching.counting import keep_counts
from marketplace.matching.limits import MAX_TIME
from marketplace.matching.reply import Plan, PlannedRoute, Reason, Unassigned
from marketplace.matching.request import (
    DriverKind,
    DriverPay,
    Objective,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
)
from marketplace.matching.snapshot import FreeDriver, OpenDelivery, Snapshot, take_snapshot
from marketplace.matching.solver_pool import SolverPool
from marketplace.routing import Matrix, Router

PICKUP_SERVICE_S = 60
"""Finding and loading one parcel at its pickup."""
DROPOFF_SERVICE_S = 120
"""Parking, the door and the hand-over."""
TIME_LIMIT_S = 1.0
"""CPU seconds one look may spend on a plan."""
URGENT = timedelta(minutes=45)
URGENT_PRIORITY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Travel times between all places of the snapshot, and the plan made from them."""

    points: Sequence[Point]
    matrix: Matrix | None
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchMarket:
    """The errand of one look at a market."""

    router: Router
    solver: SolverPool
    market_id: UUID

    async def read(self, work: Work) -> Snapshot | None:
        """Takes the snapshot."""
        return await take_snapshot(work, market_id=self.market_id)

    async def call(self, found: Snapshot) -> Answer:
        """Asks the router for the travel times and the solver for a plan."""
        if not found.drivers:
            nobody = [Unassigned(delivery_id=str(d.id), reason=Reason.OUT_OF_REACH) for d in found.deliveries]
            return Answer(points=(), matrix=None, plan=Plan(routes=(), unassigned=nobody))
        points = _places(found)
        matrix = await self.router.matrix(points, depart_at=found.now)
        request = build_request(found, points, matrix)
        plan = await self.solver.solve(request, time_limit_s=TIME_LIMIT_S)
        return Answer(points=points, matrix=matrix, plan=plan)

    async def record(self, work: Work, found: Snapshot, answer: Answer) -> CommittedPlan:
        """Writes the routes that are due, and why the rest waits."""
        due = [route for route in answer.plan.routes if _is_due(route, found)]
        held = {step.delivery_id: route for route in answer.plan.routes if route not in due for step in route.steps}
        committed = await commit_plan(
            work,
            snapshot=found,
            points=answer.points,
            matrix=answer.matrix,
            routes=due,
            unassigned={item.delivery_id: item.reason for item in answer.plan.unassigned},
            held_until={
                delivery_id: _moment(route.offer_at) - _head_start(found) for delivery_id, route in held.items()
            },
        )
        await keep_counts(work, found, answer.plan.unassigned)
        return committed


def build_request(found: Snapshot, points: Sequence[Point], matrix: Matrix) -> PlanRequest:
    """The matcher's question: the snapshot in whole seconds and places of the matrix."""
    place = {point: i for i, point in enumerate(points)}
    return PlanRequest(
        now=_second(found.now),
        durations_s=matrix.durations_s,
        distances_m=matrix.distances_m,
        deliveries=[_plan_delivery(delivery, place, found.now) for delivery in found.deliveries],
        drivers=[_plan_driver(driver, place, found) for driver in found.drivers],
        options=PlanOptions(objective=Objective.EXPECTED_COST, time_limit_s=TIME_LIMIT_S),
    )


def _plan_delivery(delivery: OpenDelivery, place: dict[Point, int], now: datetime) -> PlanDelivery:
    is_urgent = delivery.dropoff_closes_at - now < URGENT
    return PlanDelivery(
        id=str(delivery.id),
        pickup=PlanStop(
            location=place[delivery.pickup],
            windows=[(_second(delivery.pickup_opens_at), _second(delivery.pickup_closes_at))],
            service_s=PICKUP_SERVICE_S,
        ),
        dropoff=PlanStop(
            location=place[delivery.dropoff],
            windows=[(_second(delivery.dropoff_opens_at), _second(delivery.dropoff_closes_at))],
            service_s=DROPOFF_SERVICE_S,
        ),
        load=list(delivery.load),
        skills=list(delivery.skills),
        priority=min(100, delivery.priority + (URGENT_PRIORITY if is_urgent else 0)),
        posted_at=_second(delivery.created_at),
    )


def _plan_driver(driver: FreeDriver, place: dict[Point, int], found: Snapshot) -> PlanDriver:
    return PlanDriver(
        id=str(driver.id),
        kind=DriverKind(driver.kind.value.lower()),
        location=place[driver.place],
        shift_end=_second(driver.online_until),
        capacity=list(driver.capacity),
        skills=list(driver.skills),
        max_stops=driver.max_stops,
        accept_prob=found.accept_prob[driver.kind],
        pay=_pay(driver.kind, found.rates, found.dials.route_fixed_cost_minor),
    )


def _pay(kind: ContractKind, rates: dict[str, int], fixed_cost: int) -> DriverPay:
    """What a route costs with such a driver: dedicated ones are paid for their shift, so only the road costs more."""
    if kind is ContractKind.DEDICATED:
        return DriverPay(per_km_cents=rates["per_km_minor"])
    return DriverPay(
        fixed_cents=max(rates["base_minor"], fixed_cost),
        per_stop_cents=rates["per_stop_minor"],
        per_hour_cents=60 * rates["per_minute_minor"],
        per_km_cents=rates["per_km_minor"],
    )


def _places(found: Snapshot) -> list[Point]:
    """Every place of the snapshot once."""
    ends = [point for delivery in found.deliveries for point in (delivery.pickup, delivery.dropoff)]
    return list(dict.fromkeys([driver.place for driver in found.drivers] + ends))


def _is_due(route: PlannedRoute, found: Snapshot) -> bool:
    return _moment(route.offer_at) - _head_start(found) <= found.now


def _head_start(found: Snapshot) -> timedelta:
    """Time for two drivers to think before a third must leave."""
    return 3 * found.dials.offer_ttl


def _second(moment: datetime) -> int:
    """Whole seconds; what lies beyond the matcher's clock is simply later than all that it plans."""
    return min(int(moment.timestamp()), MAX_TIME)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
