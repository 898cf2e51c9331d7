"""Serves the same deliveries with fewer drivers: one route is dissolved and its deliveries find room elsewhere.

They wait in a pool. A few routes near one of them are solved again together with it; as long as the pool does not
grow, the new routes stand, whichever deliveries are left over this time.
"""

from random import Random

from marketplace.matching.bundling import bundle_again
from marketplace.matching.effort import Effort
from marketplace.matching.neighbours import routes_near
from marketplace.matching.problem import Problem, Routes

_POOL_TOGETHER = 3


def retire_drivers(problem: Problem, routes: Routes, committed: Routes, effort: Effort, random: Random) -> Routes:
    """The routes with as few drivers as the effort could get them to; nothing that was served is lost."""
    while len(routes) > 1:
        smaller = _without_one(problem, routes, committed, effort, random)
        if smaller is None:
            return routes
        routes = smaller
    return routes


def _without_one(problem: Problem, routes: Routes, committed: Routes, effort: Effort, random: Random) -> Routes | None:
    loose = [driver for driver in routes if driver not in committed]
    if not loose:
        return None
    retired = min(loose, key=lambda driver: (len(routes[driver]), driver))
    pool = sorted({step // 2 for step in routes[retired]})
    rest = {driver: steps for driver, steps in routes.items() if driver != retired}
    while pool:
        wanted = random.choice(pool)
        together = [wanted, *random.sample([i for i in pool if i != wanted], min(len(pool), _POOL_TOGETHER) - 1)]
        near = routes_near(problem, rest, [2 * wanted, 2 * wanted + 1], random, list(rest))
        mixed = sorted({step // 2 for driver in near for step in rest[driver]}.union(together))
        free = [i for i in mixed if i not in problem.committed_to]
        again = bundle_again(problem, deliveries=free, drivers=near, committed=committed, effort=effort)
        if again is None:
            return None
        served = {step // 2 for steps in again.values() for step in steps}
        left = [i for i in mixed if i not in served]
        if len(left) <= len(together):
            rest = {driver: steps for driver, steps in rest.items() if driver not in near} | again
            pool = sorted({i for i in pool if i not in together}.union(left))
    return rest
