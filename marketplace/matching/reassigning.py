"""Gives whole routes to the drivers who cost least for them; what a solver guessed about drivers is not final."""

import numpy as np

from marketplace.matching.effort import Effort
from marketplace.matching.objectives import ONE, route_cost
from marketplace.matching.pairing import IMPOSSIBLE, pair_off
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.schedule import follow, is_allowed

_STEP_COST_S = 1.5e-6


def reassign(problem: Problem, routes: Routes, effort: Effort) -> Routes:
    """The same routes, those with commitments left alone, with drivers for the least sum of costs."""
    free = set(problem.free_drivers)
    loose = [driver for driver in sorted(routes) if driver in free]
    drivers = problem.free_drivers
    price_s = _STEP_COST_S * len(drivers) * sum(len(routes[driver]) for driver in loose)
    if not loose or not effort.covers(price_s):
        return routes
    effort.spend(price_s)
    cost = np.array([[_price(problem, driver, routes[route]) for driver in drivers] for route in loose])
    worth = 1 + len(loose) * cost[np.isfinite(cost)].max()
    pairs = pair_off(cost - worth)
    if len(pairs) < len(loose):
        return routes
    kept = {driver: steps for driver, steps in routes.items() if driver not in free}
    return kept | {drivers[j]: routes[loose[i]] for i, j in pairs}


def _price(problem: Problem, driver: int, steps: Steps) -> float:
    clock = follow(problem, driver, steps) if is_allowed(problem, driver, steps) else None
    return IMPOSSIBLE if clock is None else route_cost(problem, driver, steps, clock) / ONE
