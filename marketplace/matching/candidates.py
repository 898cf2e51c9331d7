"""Chooses whom to consider for some deliveries: the drivers who can be at their pickups first.

What a solver does with twice as many drivers takes it twice as long and is hardly better.
"""

from collections.abc import Sequence

import numpy as np

from marketplace.matching.problem import Problem

LEAST_CANDIDATES = 40


def candidate_drivers(problem: Problem, deliveries: Sequence[int], drivers: Sequence[int]) -> list[int]:
    """At most 40 drivers, or half as many as deliveries: in turn the next best for each pickup, in driver order."""
    most = max(LEAST_CANDIDATES, len(deliveries) // 2)
    if len(drivers) <= most:
        return list(drivers)
    places = sorted({problem.place[2 * i] for i in deliveries})
    begin = np.array([problem.begin[j] for j in drivers])
    here = [problem.driver_place[j] for j in drivers]
    ranks = np.argsort(begin[:, None] + problem.table[np.ix_(here, places)], axis=0, kind="stable")
    taken = dict.fromkeys(int(j) for j in ranks.ravel())
    return sorted(drivers[j] for j in list(taken)[:most])
