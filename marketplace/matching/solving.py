"""Solves one problem from first bundles to finished routes, by what the request wants least of.

VROOM bundles; which driver takes what, and when, is decided by pairing and by moving single deliveries, which count
what VROOM does not: delay, lateness, the chance of a decline. Whatever the way, commitments stand first.
"""

from collections.abc import Sequence

from marketplace.matching.bundling import bundle, is_within_reach
from marketplace.matching.candidates import candidate_drivers
from marketplace.matching.commitments import committed_routes
from marketplace.matching.dispatch import DRIVER_AHEAD_S, dispatch
from marketplace.matching.effort import Effort
from marketplace.matching.filling import Filled, fill
from marketplace.matching.improving import can_improve, improve, missed
from marketplace.matching.objectives import total_cost
from marketplace.matching.problem import Problem, Routes
from marketplace.matching.reassigning import reassign
from marketplace.matching.relocating import relocate
from marketplace.matching.request import Objective
from marketplace.matching.swapping import make_room

_RESERVE = 0.15
"""The part of the work limit kept for finding room for what the first routes left out."""
_ENOUGH_S = 0.01
"""Delay is searched for so long for each delivery at most: a few are soon as well placed as they can be."""


def solve(problem: Problem, effort: Effort) -> Filled:
    """Legal routes for the problem; deliveries in none of them found no room, or were never tried."""
    committed = committed_routes(problem)
    open_deliveries = [i for i in range(len(problem.deliveries)) if i not in problem.committed_to]
    drivers = sorted([*committed, *problem.free_drivers])
    if not open_deliveries or not drivers:
        return Filled(committed, frozenset())
    reserve, is_searched = effort.share(_RESERVE), can_improve(problem, effort)
    if problem.objective == Objective.DELIVERY_DELAY:
        routes = _least_delay(problem, open_deliveries, committed, effort)
    else:
        routes = _bundled(problem, open_deliveries, committed, effort)
    left = _left(open_deliveries, routes)
    reserve.left_s += effort.take_all()
    filled = fill(problem, routes, left, drivers, reserve)
    routes = make_room(problem, filled.routes, _left(left, filled.routes), drivers, reserve)
    if _is_moved_singly(problem, open_deliveries, is_searched):
        routes = relocate(problem, routes, drivers, reserve)
    return Filled(routes, filled.untried)


def _bundled(problem: Problem, deliveries: Sequence[int], committed: Routes, effort: Effort) -> Routes:
    """First routes by VROOM, made fewer or cheaper by ruining and recreating them.

    VROOM knows no single origin, and takes longer for a large zone than a city has for it: then these make all routes.
    """
    candidates = candidate_drivers(problem, deliveries, committed)
    routes = dict(committed)
    if not problem.has_one_origin and is_within_reach(problem, deliveries, candidates, effort):
        routes |= bundle(problem, deliveries=deliveries, drivers=candidates, committed=committed, effort=effort)
    if problem.objective == Objective.EXPECTED_COST:
        routes = reassign(problem, routes, effort)
    return improve(problem, routes, candidates, effort)


def _least_delay(problem: Problem, deliveries: Sequence[int], committed: Routes, effort: Effort) -> Routes:
    """The better of two ways, bundles paired with drivers at once or evenly filled routes by VROOM, then improved.

    The pairing of one-origin bundles is left as it is: it looks ahead, which no price of these routes alone does.
    """
    paired = committed | dispatch(problem, deliveries, problem.free_drivers, effort)
    if problem.has_one_origin:
        return paired
    candidates = candidate_drivers(problem, deliveries, committed)
    if not candidates:
        return paired
    even = 2 * -(-len(deliveries) // len(candidates)) + 2
    bundled = committed | bundle(
        problem, deliveries=deliveries, drivers=candidates, committed=committed, effort=effort, most_tasks=even
    )
    routes = min((paired, bundled), key=lambda tried: (missed(problem, tried), total_cost(problem, tried)))
    part = effort.share(min(1.0, _ENOUGH_S * len(deliveries) / max(effort.left_s, _ENOUGH_S)))
    routes = improve(problem, routes, candidates, part)
    effort.left_s += part.take_all()
    return routes


def _is_moved_singly(problem: Problem, deliveries: Sequence[int], is_searched: bool) -> bool:
    """Whether single moves count something that the first routes do not.

    Routes of several origins are searched, unless the effort is too small for it. The pairing of one-origin bundles is
    best left alone where drivers are not short: what looks better now binds drivers whom the next deliveries want.
    """
    if problem.objective == Objective.DELIVERY_DELAY and problem.has_one_origin:
        near = [j for j in problem.free_drivers if problem.begin[j] <= problem.now + DRIVER_AHEAD_S]
        return len(deliveries) > len(near)
    return problem.objective == Objective.DELIVERY_DELAY and not is_searched


def _left(deliveries: Sequence[int], routes: Routes) -> list[int]:
    served = {step // 2 for steps in routes.values() for step in steps}
    return [i for i in deliveries if i not in served]
