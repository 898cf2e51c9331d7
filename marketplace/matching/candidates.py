"""Chooses whom to consider for some deliveries: of the drivers who may carry them, those who can be there first.

What a solver does with twice as many drivers takes it twice as long and is hardly better.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from marketplace.matching.pairing import crew_after
from marketplace.matching.problem import Problem, Routes
from marketplace.matching.request import PlanDelivery, PlanDriver, PlanRequest
from marketplace.matching.travel import Travel

LEAST_CANDIDATES = 40
_SAMPLE = 100
"""Of so many deliveries, evenly drawn from all, the nearest drivers are looked up."""

Prices = npt.NDArray[np.float64]


def candidate_drivers(problem: Problem, deliveries: Sequence[int], committed: Routes) -> list[int]:
    """At most 40 drivers of a problem, or half as many as deliveries: free ones, and those who can carry on."""
    drivers = sorted([*committed, *problem.free_drivers])
    most = max(LEAST_CANDIDATES, len(deliveries) // 2)
    if len(drivers) <= most:
        return drivers
    sample = _evenly(deliveries)
    crew = crew_after(problem, drivers, committed)
    pickups = np.array([problem.place[2 * i] for i in sample], dtype=np.intp)
    legs = problem.table[np.ix_(crew.places, pickups)]
    able = who_may_carry([problem.drivers[j] for j in drivers], [problem.deliveries[i] for i in sample])
    return [drivers[n] for n in _in_turn(np.where(able, crew.moments[:, None] + legs, np.inf), most)]


def nearest_drivers(
    request: PlanRequest, travel: Travel, deliveries: Sequence[int], drivers: Sequence[int], most: int
) -> list[int]:
    """At most so many of these drivers of a request, in its order."""
    if not deliveries:
        return []
    if len(drivers) <= most:
        return sorted(drivers)
    sample = [request.deliveries[i] for i in _evenly(deliveries)]
    crew = [request.drivers[j] for j in drivers]
    begin = np.array([max(request.now, driver.available_at or 0) for driver in crew])
    legs = travel.seconds([driver.location for driver in crew], [delivery.pickup.location for delivery in sample])
    price = np.where(who_may_carry(crew, sample), begin[:, None] + legs, np.inf)
    return sorted(drivers[n] for n in _in_turn(price, most))


def who_may_carry(drivers: Sequence[PlanDriver], deliveries: Sequence[PlanDelivery]) -> npt.NDArray[np.bool_]:
    """Whose skills, capacity and stops are enough for which delivery: a row for each driver."""
    kinds = [(frozenset(d.skills), tuple(d.capacity), d.max_stops is None or d.max_stops >= 2) for d in drivers]
    needs = [(frozenset(d.skills), tuple(d.load)) for d in deliveries]
    kind_number = {kind: n for n, kind in enumerate(dict.fromkeys(kinds))}
    need_number = {need: n for n, need in enumerate(dict.fromkeys(needs))}
    table = np.array(
        [
            [asked <= skills and has_stops and _fits(load, capacity) for asked, load in need_number]
            for skills, capacity, has_stops in kind_number
        ],
        dtype=bool,
    ).reshape(len(kind_number), len(need_number))
    return table[np.ix_([kind_number[kind] for kind in kinds], [need_number[need] for need in needs])]


def _in_turn(price: Prices, most: int) -> list[int]:
    """Rows picked by the columns in turn, each time the cheapest that is left, in row order."""
    ranks = np.argsort(price, axis=0, kind="stable")
    possible = np.isfinite(np.take_along_axis(price, ranks, axis=0))
    return sorted(list(dict.fromkeys(int(row) for row in ranks[possible]))[:most])


def _evenly(deliveries: Sequence[int]) -> Sequence[int]:
    return deliveries[:: -(-len(deliveries) // _SAMPLE)] if deliveries else deliveries


def _fits(load: Sequence[int], capacity: Sequence[int]) -> bool:
    return all(amount <= most for amount, most in zip(load, capacity, strict=True))
