"""Makes routes cheaper by solving small groups of neighbouring routes again, until that stops to help."""

from random import Random

from marketplace.matching.bundling import bundle_again
from marketplace.matching.effort import Effort
from marketplace.matching.neighbours import routes_near, routes_together
from marketplace.matching.objectives import total_cost
from marketplace.matching.problem import Problem, Routes, Steps

_LEVELS = (2, 4, 5)
"""VROOM's exploration levels in turn; the next one is for what the one before has left unchanged."""
_FRUITLESS = 4
"""Ends a level after this many attempts for each route in a row that brought nothing."""


def polish(problem: Problem, routes: Routes, committed: Routes, effort: Effort, random: Random) -> Routes:
    """The same deliveries in routes that cost no more; the drivers of a group may swap or be left out."""
    for level in _LEVELS:
        routes = _polish_at(level, problem, routes, committed, effort, random)
    return routes


def _polish_at(
    level: int, problem: Problem, routes: Routes, committed: Routes, effort: Effort, random: Random
) -> Routes:
    tried, fruitless = set[frozenset[Steps]](), 0
    while len(routes) > 1 and fruitless < _FRUITLESS * len(routes) and effort.covers(0):
        fruitless += 1
        group = _draw_group(problem, routes, random)
        key = frozenset(routes[driver] for driver in group)
        if key in tried:
            continue
        tried.add(key)
        old = {driver: routes[driver] for driver in group}
        free = sorted(_served(old).difference(problem.committed_to))
        again = bundle_again(problem, deliveries=free, drivers=group, committed=committed, effort=effort, highest=level)
        if again is None:
            break
        if _served(again) == _served(old) and total_cost(problem, again) < total_cost(problem, old):
            routes = {driver: steps for driver, steps in routes.items() if driver not in group} | again
            fruitless = 0
    return routes


def _draw_group(problem: Problem, routes: Routes, random: Random) -> list[int]:
    """Some driver and a few whose routes pass near that driver's."""
    seed = random.choice(list(routes))
    near = routes_near(problem, routes, routes[seed], random, [driver for driver in routes if driver != seed])
    return sorted([seed, *near[: routes_together(routes) - 1]])


def _served(routes: Routes) -> set[int]:
    return {step // 2 for steps in routes.values() for step in steps}
