"""One look at a market: snapshot, travel times, plan, commit.

The errand of bundling. It reads what wants a route and who could drive, asks the router and the solver with no Work
open, and writes routes only from deliveries that nobody has changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.matching.commit import CommittedPlan, commit_plan
from marketplace.matching.counting import keep_counts
from marketplace.matching.limits import MAX_TIME
from marketplace.matching.nearby import FreeDriver
from marketplace.matching.reach import choose_candidates
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
    ShiftEndCovers,
)
from marketplace.matching.resting import let_rest, new_ones, nobody_is_free
from marketplace.matching.snapshot import OpenDelivery, Snapshot, take_border_snapshot, take_snapshot
from marketplace.matching.solver_pool import SolverPool
from marketplace.matching.wake import wake_due
from marketplace.matching.work_limit import time_limit_s
from marketplace.matching.zoning import Zone, arrange, find_zone, take_turn, whole_market
from marketplace.routing import Matrix, Router
from marketplace.routing.router import Seconds

LATE_BY = timedelta(seconds=30)
"""When a driver who should be free by now still is not, the next look comes this much later."""
URGENT = timedelta(minutes=45)
URGENT_PRIORITY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Travel times between all places of the snapshot, and the plan made from them."""

    points: Sequence[Point]
    matrix: Matrix | None
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What every look at a market does with its snapshot."""

    router: Router
    solver: SolverPool

    async def call(self, found: Snapshot) -> Answer:
        """Asks the router for the travel times and the solver for a plan."""
        if not found.drivers:
            nobody = [Unassigned(delivery_id=str(d.id), reason=Reason.OUT_OF_REACH) for d in found.deliveries]
            return Answer(points=(), matrix=None, plan=Plan(routes=(), unassigned=nobody))
        if nobody_is_free(found):
            found = replace(found, deliveries=new_ones(found))
        if not found.deliveries:
            return Answer(points=(), matrix=None, plan=Plan(routes=(), unassigned=()))
        found = await choose_candidates(self.router, found)
        points = places_of(found)
        matrix = await self.router.matrix(points, depart_at=found.now)
        request = build_request(found, points, matrix)
        plan = await self.solver.solve(request, time_limit_s=request.options.time_limit_s)
        return Answer(points=points, matrix=matrix, plan=plan)

    async def record(self, work: Work, found: Snapshot, answer: Answer) -> CommittedPlan:
        """Writes the routes that are due, and why the rest waits."""
        busy_until = {str(driver.id): driver.available_at for driver in found.drivers if driver.available_at}
        due = [route for route in answer.plan.routes if _is_due(route, found) and route.driver_id not in busy_until]
        held = {step.delivery_id: route for route in answer.plan.routes if route not in due for step in route.steps}
        committed = await commit_plan(
            work,
            snapshot=found,
            points=answer.points,
            matrix=answer.matrix,
            routes=due,
            unassigned={item.delivery_id: item.reason for item in answer.plan.unassigned},
            held_until={
                delivery_id: _look_again(route, found, busy_until.get(route.driver_id))
                for delivery_id, route in held.items()
            },
        )
        await keep_counts(work, found, answer.plan.unassigned)
        if nobody_is_free(found) and not committed.is_overtaken:
            await let_rest(work, found)
        return committed


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchMarket(Look):
    """The errand of one look at a market; of a large one, it has those zones looked at in which something is due."""

    market_id: UUID

    async def read(self, work: Work) -> Snapshot | None:
        """Takes the snapshot of a market that is one zone; None where nothing waits, or others will look."""
        zone = await whole_market(work, market_id=self.market_id)
        if zone is not None:
            return await _read_zone(work, zone)
        await wake_due(work, market_id=self.market_id)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchZone(Look):
    """The errand of one look at a zone, or across its borders for what nobody in it could take."""

    zone_id: UUID
    is_border: bool = False

    async def read(self, work: Work) -> Snapshot | None:
        """Takes the snapshot; None where nothing waits, or the zone was cut or joined and others will look."""
        zone = await find_zone(work, zone_id=self.zone_id)
        if zone is None:
            return None
        if not self.is_border:
            return await _read_zone(work, zone)
        return await take_border_snapshot(work, market_id=zone.market_id, area=zone.area)


async def _read_zone(work: Work, zone: Zone) -> Snapshot | None:
    found = await take_snapshot(work, market_id=zone.market_id, area=zone.area)
    if found is None or await arrange(work, zone, dials=found.dials, open_count=len(found.deliveries)):
        return None
    turn = await take_turn(work, zone)
    return replace(found, zone=turn) if turn is not None else None


def build_request(found: Snapshot, points: Sequence[Point], matrix: Matrix) -> PlanRequest:
    """The matcher's question: the snapshot in whole seconds and places of the matrix."""
    # Where a driver stands at a pickup the place is there twice: loading is in the legs of the second, the pickup's.
    place = {point: i for i, point in enumerate(points)}
    seat = {point: i for i, point in reversed(list(enumerate(points)))}
    durations_s = _with_loading(found, place, matrix) if found.dials.one_origin_per_route else matrix.durations_s
    return PlanRequest(
        now=_second(found.now),
        durations_s=durations_s,
        distances_m=matrix.distances_m,
        deliveries=[_plan_delivery(delivery, place, found, durations_s) for delivery in found.deliveries],
        drivers=[_plan_driver(driver, seat, found) for driver in found.drivers],
        options=PlanOptions(
            objective=Objective(found.dials.matching_objective),
            time_limit_s=time_limit_s(found),
            one_origin_per_route=found.dials.one_origin_per_route,
            zone_limit=found.dials.zone_limit,
            shift_end_covers=ShiftEndCovers(found.dials.shift_end_covers),
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


def _plan_delivery(
    delivery: OpenDelivery, place: dict[Point, int], found: Snapshot, durations_s: Seconds
) -> PlanDelivery:
    at_door_s = found.dials.door_service_s(delivery.skills)
    direct_s = int(durations_s[place[delivery.pickup], place[delivery.dropoff]]) + at_door_s
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
            service_s=at_door_s,
            due_at=_second(delivery.created_at) + target_s if target_s else None,
        ),
        load=list(delivery.load),
        skills=[*delivery.skills, *_cold_by_distance(delivery, direct_s)],
        priority=min(100, delivery.priority + (URGENT_PRIORITY if is_urgent else 0)),
        posted_at=_second(delivery.created_at),
        out_of_cold_s=delivery.out_of_cold_s,
    )


def _cold_by_distance(delivery: OpenDelivery, direct_s: int) -> list[str]:
    """Asks for a vehicle that keeps cold where even the shortest way is too long without one."""
    is_too_far = delivery.out_of_cold_s is not None and direct_s > delivery.out_of_cold_s
    return ["COLD"] if is_too_far and "COLD" not in delivery.skills else []


def _plan_driver(driver: FreeDriver, seat: dict[Point, int], found: Snapshot) -> PlanDriver:
    return PlanDriver(
        id=str(driver.id),
        kind=DriverKind(driver.kind.value.lower()),
        location=seat[driver.place],
        available_at=_second(driver.available_at) if driver.available_at else None,
        shift_end=_second(driver.online_until),
        capacity=list(driver.capacity),
        skills=list(driver.skills),
        max_stops=driver.max_stops,
        accept_prob=found.accept_prob[driver.kind],
        pay=_pay(driver.kind, found.rates, found.dials.route_fixed_cost_minor),
        keeps_cold="COLD" in driver.skills,
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


def places_of(found: Snapshot) -> list[Point]:
    """Every place at which a driver is, then every end of a delivery."""
    ends = [point for delivery in found.deliveries for point in (delivery.pickup, delivery.dropoff)]
    return [*dict.fromkeys(driver.place for driver in found.drivers), *dict.fromkeys(ends)]


def _is_due(route: PlannedRoute, found: Snapshot) -> bool:
    return _moment(route.offer_at) - found.dials.head_start <= found.now


def _look_again(route: PlannedRoute, found: Snapshot, busy_until: datetime | None) -> datetime:
    """When a route that is held should be looked at again: when it is due, or its driver is late for it."""
    due_at = _moment(route.offer_at) - found.dials.head_start
    if busy_until is None or due_at > found.now:
        return due_at
    return max(busy_until, found.now + LATE_BY)


def _second(moment: datetime) -> int:
    """Whole seconds; what lies beyond the matcher's clock is simply later than all that it plans."""
    return min(int(moment.timestamp()), MAX_TIME)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
