"""Bundles deliveries into routes with VROOM, as thoroughly as the work limit allows.

The exploration level is chosen by what a call will cost. VROOM's own time limit bounds nothing and depends on the
machine, so it is not used.
"""

from collections.abc import Sequence

from marketplace.matching.effort import Effort
from marketplace.matching.estimate import affordable_level, freedom, vroom_cost_s
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.schedule import follow, is_allowed
from marketplace.matching.vroom_solver import NO_LIMIT, solve_with_vroom

_FIRST_SHARE = 0.15
"""The part of the work limit that the first bundling may take; the rest improves it."""
_HIGHEST_FIRST_LEVEL = 3
_LOWEST_SHARE = 0.5
"""The part of the work limit that the lowest level may take."""
_ALONE_S = 0.02
"""Enough for the compiled search to make routes from nothing."""


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
    level = affordable_level(
        len(deliveries),
        len(drivers),
        routes,
        room,
        budget_s=_FIRST_SHARE * effort.left_s,
        highest=_HIGHEST_FIRST_LEVEL,
    )
    effort.spend(vroom_cost_s(len(deliveries), len(drivers), routes, room, level or 0))
    return _solve(problem, level or 0, deliveries, drivers, committed, most_tasks)


def is_within_reach(problem: Problem, deliveries: Sequence[int], drivers: Sequence[int], effort: Effort) -> bool:
    """Whether half of the effort pays for a bundling at the lowest level, or it is too small for anything else."""
    cost_s = vroom_cost_s(len(deliveries), len(drivers), -(-len(drivers) // 2), freedom(problem, deliveries), 0)
    return effort.covers(cost_s / _LOWEST_SHARE) or not effort.covers(_ALONE_S)


def _solve(
    problem: Problem, level: int, deliveries: Sequence[int], drivers: Sequence[int], committed: Routes, most_tasks: int
) -> Routes:
    own = {driver: committed[driver] for driver in drivers if driver in committed}
    routes = solve_with_vroom(
        problem, level=level, deliveries=deliveries, drivers=drivers, committed=own, most_tasks=most_tasks
    )
    return own | {driver: steps for driver, steps in routes.items() if _is_legal(problem, driver, steps)}


def _is_legal(problem: Problem, driver: int, steps: Steps) -> bool:
    """Whether a route keeps every hard rule; VROOM does not know all of them."""
    return is_allowed(problem, driver, steps) and follow(problem, driver, steps) is not None
