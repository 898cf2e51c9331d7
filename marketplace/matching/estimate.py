"""Foretells what a VROOM call costs from its size and from how much freedom its windows leave.

Fitted to two thousand calls of all searches of a level (random cities and published instances, 5 to 120 deliveries) on
one core of a small server: off by a factor of 1.6 for a single call, far less for the sum of many. One search costs
its part of them, a little more or less by which one it is.
"""

from collections.abc import Sequence

import numpy as np

from marketplace.matching.problem import Problem

_UNIT_S = 2.3e-5
_GROWTH = (1.395, 1.714, 1.947, 2.079, 2.25, 2.4)
"""Exponents of the number of deliveries for depths 0 to 5, with as many searches as VROOM has at that level."""
_SEARCHES = (4, 8, 12, 16, 24, 32)
"""So many searches it has; we have one."""
_FREEDOM_POWER, _LENGTH_POWER, _CHOICE_POWER = 0.85, 0.3, 0.5
_LONG_ROUTE, _LONG_POWER = 8, 0.6
"""Routes of more deliveries than this cost more still: each has that many more places to put one."""
_FIXED_S, _EACH_S = 0.0005, 0.00006


def freedom(problem: Problem, deliveries: Sequence[int]) -> float:
    """The share of ordered pairs of steps that a driver could do one after the other; windows make it small."""
    if not deliveries:
        return 0.0
    steps = np.array([step for i in deliveries for step in (2 * i, 2 * i + 1)], dtype=np.intp)
    places = problem.places[steps]
    done = problem.opens[steps] + problem.service[steps]
    return float((done[:, None] + problem.table[np.ix_(places, places)] <= problem.closes[steps]).mean())


def vroom_cost_s(deliveries: int, drivers: int, routes: int, freedom: float, depth: int) -> float:
    """Nominal CPU seconds of a call that puts so many deliveries on about so many routes of so many drivers."""
    routes = max(1, min(routes, drivers, deliveries))
    length = max(deliveries, 1) / routes
    shape = length**_LENGTH_POWER * max(1.0, length / _LONG_ROUTE) ** _LONG_POWER
    shape *= (max(drivers, 1) / routes) ** _CHOICE_POWER
    search: float = _UNIT_S * deliveries ** _GROWTH[depth] * freedom**_FREEDOM_POWER * shape
    return _FIXED_S + _EACH_S * (deliveries + drivers) + search / _SEARCHES[depth]
