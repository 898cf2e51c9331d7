"""Which routes lie close together, so that solving them again as one small problem may help."""

from collections.abc import Sequence
from random import Random

import numpy as np

from marketplace.matching.problem import Problem, Routes, Steps

DELIVERIES_TOGETHER = 20
"""About how many deliveries are solved again at once: milliseconds for VROOM, and still room to change something."""
_KEEP = 0.75
"""The chance that a near route is taken; leaving some out makes each attempt another one."""


def routes_near(
    problem: Problem, routes: Routes, steps: Sequence[int], random: Random, among: Sequence[int]
) -> list[int]:
    """Drivers whose routes pass near these steps, as many as make a small problem, drawn with some chance."""
    size = routes_together(routes)
    places = [problem.place[step] for step in steps]
    ranked = sorted(among, key=lambda driver: (_distance_s(problem, places, routes[driver]), driver))
    taken = [driver for driver in ranked if random.random() < _KEEP][:size]
    return taken or ranked[:1]


def routes_together(routes: Routes) -> int:
    """How many routes make a small problem."""
    deliveries = max(1, sum(len(steps) for steps in routes.values()) // 2)
    return max(2, min(6, round(DELIVERIES_TOGETHER * len(routes) / deliveries)))


def _distance_s(problem: Problem, places: list[int], steps: Steps) -> float:
    """How far the nearer half of the places is from the route, in travel time."""
    if not steps:
        return float("inf")
    nearest = np.sort(problem.table[np.ix_(places, [problem.place[step] for step in steps])].min(axis=1))
    return float(nearest[: max(1, len(places) // 2)].mean())
