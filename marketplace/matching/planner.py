"""Plans: which driver carries which deliveries, in what order, and when each offer is due.

`plan` is pure: no input or output, no clock, no state between calls. It blocks its process, so servers call it through
the solver pool. A request is checked, cut into zones and solved zone by zone; every route is timed and checked once
more before it is part of the reply.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.matching.bordering import BORDER_SHARE, CELL_COST_S, is_bordered, smooth_borders
from marketplace.matching.checking import check_request
from marketplace.matching.drawing import Drawn, drawn_from
from marketplace.matching.effort import Effort, effort_for
from marketplace.matching.problem import Problem, Routes
from marketplace.matching.reasons import Explainer, why_commitment_broke
from marketplace.matching.reply import Plan, PlannedRoute, Reason, Unassigned
from marketplace.matching.request import PlanRequest
from marketplace.matching.rescuing import rescue
from marketplace.matching.solving import solve
from marketplace.matching.travel import Travel, read_travel
from marketplace.matching.writing import planned_route
from marketplace.matching.zones import split_into_zones

_RESCUE_SHARE = 0.05
"""The part of the work limit kept for deliveries that find no room in their own zone."""


def plan(request: PlanRequest) -> Plan:
    """The plan for a request: legal routes with their offers and pay, and a reason for each delivery in none."""
    travel = read_travel(request)
    check_request(request, travel.places)
    sketch = _sketch(request, travel, effort_for(request))
    routes = [planned_route(d.problem, d.driver, d.steps) for _, d in sorted(sketch.drawn.items())]
    legal = [route for route in routes if route is not None]
    return Plan(routes=tuple(legal), unassigned=tuple(_explain(request, travel, sketch, legal)))


@dataclass(slots=True)
class _Sketch:
    """All routes of a request before they are written down, and why some deliveries are in none."""

    drawn: Drawn
    untried: set[int]
    broken: dict[int, Reason]


def _sketch(request: PlanRequest, travel: Travel, effort: Effort) -> _Sketch:
    """Solves zone by zone, each with its share of the effort, then once more across the borders."""
    zones = split_into_zones(request, travel)
    is_whole = len(zones) == 1 and len(zones[0].drivers) == len(request.drivers)
    reserve = effort.share(0 if is_whole else _RESCUE_SHARE)
    border = effort.share(BORDER_SHARE if is_bordered(request, zones) else 0)
    sketch, waiting = _Sketch({}, set(), {}), sum(len(zone.deliveries) for zone in zones)
    for zone in zones:
        problem = Problem(request, travel, zone.deliveries, zone.drivers)
        part = effort.share(len(zone.deliveries) / max(1, waiting))
        waiting -= len(zone.deliveries)
        part.spend(0 if is_whole else CELL_COST_S * problem.table.size)
        filled = solve(problem, part)
        effort.left_s += part.take_all()
        sketch.drawn.update(drawn_from(problem, filled.routes))
        sketch.untried.update(problem.delivery_numbers[i] for i in filled.untried)
        sketch.broken.update(_broken_commitments(problem, filled.routes))
    if is_bordered(request, zones):
        border.left_s += effort.take_all()
        sketch.drawn = smooth_borders(request, travel, sketch.drawn, border)
        effort.left_s += border.take_all()
    if not is_whole:
        reserve.left_s += effort.take_all()
        _rescue(request, travel, sketch, reserve)
    return sketch


def _broken_commitments(problem: Problem, routes: Routes) -> dict[int, Reason]:
    """The deliveries that drivers are committed to and can carry in no legal route, with the reason."""
    return {
        problem.delivery_numbers[step // 2]: why_commitment_broke(problem, driver)
        for driver, steps in enumerate(problem.locked)
        if driver not in routes
        for step in steps
    }


def _rescue(request: PlanRequest, travel: Travel, sketch: _Sketch, effort: Effort) -> None:
    served = {step // 2 for route in sketch.drawn.values() for step in route.steps_in_request}
    left = [i for i in range(len(request.deliveries)) if i not in served and i not in sketch.broken]
    able = [
        j
        for j, driver in enumerate(request.drivers)
        if j in sketch.drawn or (not driver.locked and driver.shift_end >= max(request.now, driver.available_at or 0))
    ]
    if left and able:
        sketch.drawn, sketch.untried = rescue(request, travel, sketch.drawn, left, able, effort)


def _explain(request: PlanRequest, travel: Travel, sketch: _Sketch, routes: list[PlannedRoute]) -> Iterator[Unassigned]:
    """A reason for each delivery that is in no route, in the order of the request."""
    served = {step.delivery_id for route in routes for step in route.steps}
    left = [(i, delivery) for i, delivery in enumerate(request.deliveries) if delivery.id not in served]
    if not left:
        return
    explainer = Explainer(request, travel)
    for i, delivery in left:
        judgement = explainer.judge(delivery)
        reason = sketch.broken.get(i) or judgement.reason
        if reason is None:
            is_held = i in sketch.untried or request.options.one_origin_per_route
            reason = Reason.HELD if is_held else Reason.NO_CAPACITY
        yield Unassigned(delivery_id=delivery.id, reason=reason, failed=judgement.failed, able=judgement.able)
