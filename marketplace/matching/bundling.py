"""Bundles deliveries into routes with VROOM, as thoroughly as the work limit allows.

The depth of its search is chosen by what a call will cost. VROOM's own time limit bounds nothing and depends on the
machine, so it is not used.
"""

from collections.abc import Sequence

from marketplace.matching.effort import Effort
from marketplace.matching.estimate import freedom, vroom_cost_s
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.schedule import follow, is_allowed
from marketplace.matching.vroom_solver import NO_LIMIT, solve_with_vroom

_FIRST_SHARE = 0.15
"""The part of the work limit that the first bundling may take; the rest improves it."""
_GREATEST_DEPTH = 3
_LOWEST_SHARE = 0.5
"""The part of the work limit that the shallowest bundling may take."""
_ALONE_S = 0.02
"""Enough for the compiled search to make routes from nothing."""
_FINAL_TIMES = 2.0
"""So many times what the shallowest bundling costs is spent where the effort is too small to improve it."""


def bundle(
    problem: Problem,
    *,
    deliveries: Sequence[int],
    drivers: Sequence[int],
    committed: Routes,
    effort: Effort,
    most_tasks: int = NO_LIMIT,
) -> Routes:
    """Legal routes for these deliveries and drivers; what did not fit is left out, commitments are always in."""
    room, routes = freedom(problem, deliveries), -(-len(drivers) // 2)
    costs_s = [vroom_cost_s(len(deliveries), len(drivers), routes, room, n) for n in range(_GREATEST_DEPTH + 1)]
    budget_s = _FIRST_SHARE * effort.left_s if effort.covers(_ALONE_S) else _FINAL_TIMES * costs_s[0]
    depth = max((n for n, cost_s in enumerate(costs_s) if cost_s <= budget_s), default=0)
    effort.spend(costs_s[depth])
    return _solve(problem, depth, deliveries, drivers, committed, most_tasks)


def is_within_reach(problem: Problem, deliveries: Sequence[int], drivers: Sequence[int], effort: Effort) -> bool:
    """Whether half of the effort pays for the shallowest bundling, or it is too small for anything else."""
    cost_s = vroom_cost_s(len(deliveries), len(drivers), -(-len(drivers) // 2), freedom(problem, deliveries), 0)
    return effort.covers(cost_s / _LOWEST_SHARE) or not effort.covers(_ALONE_S)


def _solve(
    problem: Problem, depth: int, deliveries: Sequence[int], drivers: Sequence[int], committed: Routes, most_tasks: int
) -> Routes:
    own = {driver: committed[driver] for driver in drivers if driver in committed}
    routes = solve_with_vroom(
        problem, depth=depth, deliveries=deliveries, drivers=drivers, committed=own, most_tasks=most_tasks
    )
    return own | {driver: steps for driver, steps in routes.items() if _is_legal(problem, driver, steps)}


def _is_legal(problem: Problem, driver: int, steps: Steps) -> bool:
    """Whether a route keeps every hard rule; VROOM does not know all of them."""
    return is_allowed(problem, driver, steps) and follow(problem, driver, steps) is not None
