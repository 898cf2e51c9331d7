"""What drivers are committed to already: the locked steps, and the drop-offs these make necessary."""

from marketplace.matching.objectives import route_cost
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.schedule import follow, is_allowed


def committed_routes(problem: Problem) -> Routes:
    """For each driver with locked steps the cheapest legal route found that does no more than these demand.

    A driver without one is left out: the commitment can no longer be kept within its own windows, shift or load.
    """
    routes = {}
    for driver, locked in enumerate(problem.locked):
        route = _carried_out(problem, driver) if locked else None
        if route is not None:
            routes[driver] = route
    return routes


def _carried_out(problem: Problem, driver: int) -> Steps | None:
    """The locked steps, then the open drop-offs: each put where it costs least, or else in the order they close."""
    by_closing = sorted(problem.must_drop[driver], key=lambda step: (_closes(problem, step), step))
    route: Steps | None = problem.locked[driver]
    for step in by_closing:
        route = None if route is None else _cheapest(problem, driver, route, step)
    plain = (*problem.locked[driver], *by_closing)
    for candidate in (route, plain):
        if candidate is not None and is_allowed(problem, driver, candidate) and follow(problem, driver, candidate):
            return candidate
    return None


def _cheapest(problem: Problem, driver: int, route: Steps, step: int) -> Steps | None:
    options = [(*route[:at], step, *route[at:]) for at in range(len(problem.locked[driver]), len(route) + 1)]
    driven = [(candidate, follow(problem, driver, candidate)) for candidate in options]
    legal = [(route_cost(problem, driver, candidate, clock), candidate) for candidate, clock in driven if clock]
    return min(legal)[1] if legal else None


def _closes(problem: Problem, step: int) -> int:
    spans = problem.spans[step]
    return min(spans[-1][1], problem.due_at[step // 2]) if spans else 0
