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
from marketplace.matching.limits import MAX_TIME
from marketplace.matching.reply import Plan, PlannedRoute, Reason, Unassigned
from marketplace.matching.request import (
    DriverKind,
    DriverPay,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
)
from marketplace.matching.snapshot import FreeDriver, OpenDelivery, Snapshot, take_snapshot
from marketplace.matching.solver_pool import SolverPool
from marketplace.routing import Matrix, Router
from marketplace.routing.router import Seconds

TIME_LIMIT_S = 1.0
"""CPU seconds one look may spend on a plan."""
URGENT = timedelta(minutes=45)
URGENT_PRIORITY = 50

ACCEPT_PROBABILITY = {
    ContractKind.DEDICATED: 1.0,
    ContractKind.CONTRACTED: 0.8,
    ContractKind.CROWDSOURCED: 0.6,
}
"""Chance that somebody of this kind takes an offer: a prior for all, never learnt from one driver."""


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
    time_limit_s: float = TIME_LIMIT_S

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
        request = build_request(found, points, matrix, time_limit_s=self.time_limit_s)
        plan = await self.solver.solve(request, time_limit_s=self.time_limit_s)
        return Answer(points=points, matrix=matrix, plan=plan)

    async def record(self, work: Work, found: Snapshot, answer: Answer) -> CommittedPlan:
        """Writes the routes that are due, and why the rest waits."""
        due = [route for route in answer.plan.routes if _is_due(route, found)]
        held = {step.delivery_id: route for route in answer.plan.routes if route not in due for step in route.steps}
        return await commit_plan(
            work,
            snapshot=found,
            points=answer.points,
            matrix=answer.matrix,
            routes=due,
            unassigned={item.delivery_id: item.reason for item in answer.plan.unassigned},
            held_until={delivery_id: _asked_from(route, found) for delivery_id, route in held.items()},
        )


def build_request(
    found: Snapshot, points: Sequence[Point], matrix: Matrix, *, time_limit_s: float = TIME_LIMIT_S
) -> PlanRequest:
    """The matcher's question: the snapshot in whole seconds and places of the matrix."""
    # Where a driver stands at a pickup the place is there twice: loading is in the legs of the second, the pickup's.
    place = {point: i for i, point in enumerate(points)}
    seat = {point: i for i, point in reversed(list(enumerate(points)))}
    return PlanRequest(
        now=_second(found.now),
        durations_s=_with_loading(found, place, matrix) if found.dials.one_origin_per_route else matrix.durations_s,
        distances_m=matrix.distances_m,
        deliveries=[_plan_delivery(delivery, place, found) for delivery in found.deliveries],
        drivers=[_plan_driver(driver, seat, found) for driver in found.drivers],
        options=PlanOptions(
            objective=found.dials.matching_objective,
            time_limit_s=time_limit_s,
            one_origin_per_route=found.dials.one_origin_per_route,
            shift_end_covers=found.dials.shift_end_covers,
        ),
    )


def _with_loading(found: Snapshot, place: dict[Point, int], matrix: Matrix) -> Seconds:
    """Travel times with a route's one loading in the legs that leave its pickup, however many parcels there are."""
    durations_s = matrix.durations_s.copy()
    for origin in {place[delivery.pickup] for delivery in found.deliveries}:
        leaves = matrix.is_reachable[origin].copy()
        leaves[origin] = False
        durations_s[origin, leaves] += found.dials.pickup_service_s
    return durations_s


def _plan_delivery(delivery: OpenDelivery, place: dict[Point, int], found: Snapshot) -> PlanDelivery:
    is_urgent = delivery.dropoff_closes_at - found.now < URGENT
    target_s = found.dials.delivery_target_s
    return PlanDelivery(
        id=str(delivery.id),
        pickup=PlanStop(
            location=place[delivery.pickup],
            windows=[(_second(delivery.pickup_opens_at), _second(delivery.pickup_closes_at))],
            service_s=0 if found.dials.one_origin_per_route else found.dials.pickup_service_s,
        ),
        dropoff=PlanStop(
            location=place[delivery.dropoff],
            windows=[(_second(delivery.dropoff_opens_at), _second(delivery.dropoff_closes_at))],
            service_s=found.dials.dropoff_service_s,
            due_at=_second(delivery.created_at) + target_s if target_s else None,
        ),
        load=list(delivery.load),
        skills=list(delivery.skills),
        priority=min(100, delivery.priority + (URGENT_PRIORITY if is_urgent else 0)),
        posted_at=_second(delivery.created_at),
    )


def _plan_driver(driver: FreeDriver, seat: dict[Point, int], found: Snapshot) -> PlanDriver:
    return PlanDriver(
        id=str(driver.id),
        kind=DriverKind(driver.kind.value.lower()),
        location=seat[driver.place],
        available_at=_second(driver.free_at),
        shift_end=_second(driver.online_until),
        capacity=list(driver.capacity),
        skills=list(driver.skills),
        max_stops=driver.max_stops,
        accept_prob=ACCEPT_PROBABILITY[driver.kind],
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
    """Every place at which a driver is, then every end of a delivery."""
    ends = [point for delivery in found.deliveries for point in (delivery.pickup, delivery.dropoff)]
    return [*dict.fromkeys(driver.place for driver in found.drivers), *dict.fromkeys(ends)]


def _is_due(route: PlannedRoute, found: Snapshot) -> bool:
    return _asked_from(route, found) <= found.now


def _asked_from(route: PlannedRoute, found: Snapshot) -> datetime:
    """When a route is to be offered: in time for some to think it over, but not before its driver is free."""
    if UUID(route.driver_id) in found.busy:
        return found.now + timedelta(seconds=found.dials.replan_after_s)
    return _moment(route.offer_at) - found.dials.head_start


def _second(moment: datetime) -> int:
    """Whole seconds; what lies beyond the matcher's clock is simply later than all that it plans."""
    return min(int(moment.timestamp()), MAX_TIME)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
