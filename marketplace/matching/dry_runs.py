"""A dry run: how a market would plan deliveries and drivers that do not exist. Nothing is written.

It goes the way of a real look, with the market's own dials, pay, law of acceptance, streets and solver; only the
deliveries and drivers are the asker's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.batches.states import UNASSIGNED_WORDS, UnassignedReason
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works, outside
from marketplace.fleet.states import ContractKind
from marketplace.markets import dials, pay_policy_at
from marketplace.matching.counting import counts_of, failed_rules
from marketplace.matching.learned import usual_chances
from marketplace.matching.nearby import FreeDriver
from marketplace.matching.reply import Plan, PlannedRoute, PlannedStep, Reason, Unassigned
from marketplace.matching.request import StepKind
from marketplace.matching.snapshot import OpenDelivery, Snapshot
from marketplace.matching.solver_pool import SolverPool
from marketplace.matching.tick import build_request, places_of
from marketplace.routing import Router

DELIVERIES_AT_MOST = 200
DRIVERS_AT_MOST = 80
OPEN_FOR = timedelta(days=1)
"""How long somebody who names no end is there."""
LARGEST_AMOUNT = 10**9


class BadDryRun(Invalid):
    """A dry run that is too large, or of things that cannot be."""

    code = "BAD_DRY_RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class DryDelivery:
    """A delivery that might be; windows that are not given are a day from now. `load`: packages, grams, litres."""

    reference: str
    pickup: Point
    dropoff: Point
    pickup_window: tuple[datetime, datetime] | None = None
    dropoff_window: tuple[datetime, datetime] | None = None
    load: Sequence[int] = (1, 1_000, 5)
    skills: Sequence[str] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DryDriver:
    """A driver who might be, free at once."""

    reference: str
    place: Point
    kind: ContractKind = ContractKind.CROWDSOURCED
    online_until: datetime | None = None
    capacity: Sequence[int] = (30, 200_000, 800)
    skills: Sequence[str] = ()
    max_stops: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DryProblem:
    """What is to be planned."""

    deliveries: Sequence[DryDelivery]
    drivers: Sequence[DryDriver]

    def check(self) -> None:
        """Refuses what is too large or makes no sense; the solver checks the rest."""
        if not 1 <= len(self.deliveries) <= DELIVERIES_AT_MOST:
            raise BadDryRun(f"a dry run has 1 to {DELIVERIES_AT_MOST} deliveries", field="deliveries")
        if len(self.drivers) > DRIVERS_AT_MOST:
            raise BadDryRun(f"a dry run has at most {DRIVERS_AT_MOST} drivers", field="drivers")
        for field, named in (("deliveries", self.deliveries), ("drivers", self.drivers)):
            references = [one.reference for one in named]
            if len(set(references)) < len(references):
                raise BadDryRun("every reference is given once", field=field)
        loads = [amount for one in self.deliveries for amount in one.load]
        loads += [amount for one in self.drivers for amount in one.capacity]
        if any(not 0 <= amount <= LARGEST_AMOUNT for amount in loads):
            raise BadDryRun(f"loads and capacities are between 0 and {LARGEST_AMOUNT:,}", field="load")
        if any(not 0 <= one.priority <= 100 for one in self.deliveries):
            raise BadDryRun("a priority is between 0 and 100", field="priority")
        if any(one.max_stops is not None and not 2 <= one.max_stops <= 200 for one in self.drivers):
            raise BadDryRun("a driver takes 2 to 200 stops", field="maxStops")
        windows = [window for one in self.deliveries for window in (one.pickup_window, one.dropoff_window) if window]
        if any(opens > closes for opens, closes in windows):
            raise BadDryRun("a window closes after it opens", field="deliveries")


async def dry_run(
    works: Works, *, router: Router, solver: SolverPool, market_id: UUID, problem: DryProblem
) -> dict[str, Any]:
    """Plans a problem as the market would, in the shape of the API: routes with their offers and pay, and reasons."""
    problem.check()
    async with works.open() as work:
        found = await _as_if(work, market_id, problem)
    outside()
    if not problem.drivers:
        nobody = [Unassigned(delivery_id=str(one.id), reason=Reason.OUT_OF_REACH) for one in found.deliveries]
        return _told(problem, found, Plan(routes=(), unassigned=nobody), is_degraded=False, points=())
    points = places_of(found)
    matrix = await router.matrix(points, depart_at=found.now)
    request = build_request(found, points, matrix)
    plan = await solver.solve(request, time_limit_s=request.options.time_limit_s)
    return _told(problem, found, plan, is_degraded=matrix.is_degraded, points=points)


async def _as_if(work: Work, market_id: UUID, problem: DryProblem) -> Snapshot:
    """What a look at the market would see if it had these deliveries and drivers, numbered by their place."""
    settings = await dials(work, market_id=market_id)
    policy = await pay_policy_at(work, market_id=market_id, moment=work.now)
    day = (work.now, work.now + OPEN_FOR)
    deliveries = []
    for number, one in enumerate(problem.deliveries):
        picked, dropped = one.pickup_window or day, one.dropoff_window or day
        deliveries.append(
            OpenDelivery(
                id=UUID(int=number),
                sequence=0,
                pickup=one.pickup,
                dropoff=one.dropoff,
                pickup_opens_at=picked[0],
                pickup_closes_at=picked[1],
                dropoff_opens_at=dropped[0],
                dropoff_closes_at=dropped[1],
                load=one.load,
                skills=one.skills,
                priority=one.priority,
                created_at=work.now,
            )
        )
    drivers = [
        FreeDriver(
            id=UUID(int=number),
            kind=one.kind,
            place=one.place,
            online_until=one.online_until or day[1],
            capacity=tuple(one.capacity),
            skills=tuple(one.skills),
            max_stops=min(one.max_stops or settings.route_max_stops, settings.route_max_stops),
        )
        for number, one in enumerate(problem.drivers)
    ]
    return Snapshot(
        dials=settings,
        now=work.now,
        policy_version=policy.version,
        rates=policy.planning_rates(),
        deliveries=deliveries,
        drivers=drivers,
        accept_prob=await usual_chances(work, market_id=market_id, time_zone=settings.time_zone),
    )


def _told(
    problem: DryProblem, found: Snapshot, plan: Plan, *, is_degraded: bool, points: Sequence[Point]
) -> dict[str, Any]:
    routes = [_route(problem, found, route, points) for route in plan.routes]
    return {
        "planned_at": found.now,
        "currency": found.dials.currency,
        "is_degraded": is_degraded,
        "payout_minor": sum(route["payout_minor"] for route in routes),
        "expected_cost_minor": sum(route["expected_cost_minor"] for route in routes),
        "routes": routes,
        "unassigned": [_unassigned(problem, one) for one in plan.unassigned],
    }


def _route(problem: DryProblem, found: Snapshot, route: PlannedRoute, points: Sequence[Point]) -> dict[str, Any]:
    driver = problem.drivers[UUID(route.driver_id).int]
    return {
        "driver": driver.reference,
        "kind": driver.kind.value,
        "accept_prob": found.accept_prob[driver.kind],
        "offer_at": _moment(route.offer_at),
        "payout_minor": route.payout_cents,
        "expected_cost_minor": route.expected_cost_cents,
        "travel_s": route.travel_s,
        "distance_m": route.distance_m or 0,
        "steps": [_step(problem, found, step, points) for step in route.steps],
    }


def _step(problem: DryProblem, found: Snapshot, step: PlannedStep, points: Sequence[Point]) -> dict[str, Any]:
    # Where a route has one origin, the plan counts its loading with the legs that leave it.
    is_loading = found.dials.one_origin_per_route and step.kind is StepKind.PICKUP
    loading_s = found.dials.pickup_service_s if is_loading else 0
    point = points[step.location]
    return {
        "delivery": problem.deliveries[UUID(step.delivery_id).int].reference,
        "kind": step.kind.value.upper(),
        "point": {"lat": point.lat, "lon": point.lon},
        "arrives_at": _moment(step.arrival),
        "starts_at": _moment(step.start),
        "leaves_at": _moment(step.departure + loading_s),
    }


def _unassigned(problem: DryProblem, one: Unassigned) -> dict[str, Any]:
    code = UnassignedReason(one.reason.name) if problem.drivers else UnassignedReason.NO_DRIVER
    counts: Mapping[str, int] = counts_of(one)
    return {
        "delivery": problem.deliveries[UUID(one.delivery_id).int].reference,
        "code": code.value,
        "words": UNASSIGNED_WORDS[code],
        "drivers_able": one.able,
        "failed_rules": failed_rules(counts),
    }


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
