"""Makes routes cheaper by moving single deliveries to a better place, in their own route or in another."""

from marketplace.matching.effort import Effort
from marketplace.matching.filling import cheapest_insertion
from marketplace.matching.insertion import Draft
from marketplace.matching.objectives import route_cost
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.schedule import follow

_ROUNDS = 20


def relocate(problem: Problem, routes: Routes, drivers: list[int], effort: Effort) -> Routes:
    """The same deliveries in routes that cost no more; also drivers without a route may get one."""
    if not effort.covers(0):
        return routes
    drafts = {driver: Draft(problem, driver, routes.get(driver, ())) for driver in drivers}
    for _ in range(_ROUNDS):
        moved = [
            _move(problem, drafts, driver, delivery, effort)
            for driver in sorted(routes)
            for delivery in sorted({step // 2 for step in drafts[driver].steps}.difference(problem.committed_to))
        ]
        if not any(moved) or not effort.covers(0):
            break
        routes = {driver: draft.steps for driver, draft in drafts.items() if draft.steps}
    return {driver: draft.steps for driver, draft in drafts.items() if draft.steps}


def _move(problem: Problem, drafts: dict[int, Draft], driver: int, delivery: int, effort: Effort) -> bool:
    """Moves one delivery if that lowers the cost; a route may not become illegal by what is taken out of it."""
    old = drafts[driver]
    if not effort.covers(0):
        return False
    rest: Steps = tuple(step for step in old.steps if step // 2 != delivery)
    clock = follow(problem, driver, rest) if rest else None
    if rest and clock is None:
        return False
    saved = old.cost - (route_cost(problem, driver, rest, clock) if clock else 0)
    shorter = Draft(problem, driver, rest)
    found = cheapest_insertion(
        [shorter if j == driver else draft for j, draft in drafts.items()], delivery, effort, saved
    )
    if found is None:
        return False
    drafts[driver] = shorter
    drafts[found.driver] = Draft(problem, found.driver, found.steps)
    return True
