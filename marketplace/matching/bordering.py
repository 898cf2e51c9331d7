"""Makes the routes of a city better across the borders of its zones, neighbourhood by neighbourhood.

The route that was looked at least often and those around it are improved together, as many as a zone may hold, and so
on until the work limit is reached: no border is left that the same routes always meet.
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from marketplace.matching.drawing import Drawn, drawn_from, routes_within
from marketplace.matching.effort import Effort
from marketplace.matching.improving import improve
from marketplace.matching.problem import Problem
from marketplace.matching.request import Objective, PlanRequest
from marketplace.matching.travel import Travel
from marketplace.matching.zones import Zone

BORDER_SHARE = 0.75
"""The part of the work limit that is kept for this."""
_ROUNDS = 4
"""How often each delivery is looked at, about."""
_IDLE_NEAR = 12
"""How many drivers without a route may join in."""
_DRIVER_COST_S, CELL_COST_S = 1.5e-6, 0.25e-6
"""Nominal prices of gathering a neighbourhood for each driver of the city, and of each pair of its places."""


def is_bordered(request: PlanRequest, zones: Collection[Zone]) -> bool:
    """Whether there are borders, and an objective by which routes are moved across them."""
    return len(zones) > 1 and request.options.objective != Objective.DELIVERY_DELAY


def smooth_borders(request: PlanRequest, travel: Travel, drawn: Drawn, effort: Effort) -> Drawn:
    """Routes that serve no less and cost no more."""
    drawn, seen = dict(drawn), dict.fromkeys(drawn, 0)
    idle = {j for j, d in enumerate(request.drivers) if not d.locked and d.shift_end >= request.now} - drawn.keys()
    places = {driver: _middle(request, travel, drawn, driver) for driver in drawn}
    deliveries = sum(len(route.steps) for route in drawn.values()) // 2
    groups = _ROUNDS * -(-deliveries // request.options.zone_limit)
    for number in range(groups):
        if len(drawn) < 2 or not effort.covers(0):
            break
        part = effort.share(1 / (groups - number))
        part.spend(_DRIVER_COST_S * len(request.drivers))
        seed = min(drawn, key=lambda driver: (seen[driver], driver))
        crew = _around(request, travel, drawn, places, seed)
        joining = _nearest(travel, {j: request.drivers[j].location for j in idle}, places[seed])[:_IDLE_NEAR]
        better = _improved(request, travel, drawn, crew, joining, part)
        effort.left_s += part.take_all()
        idle = (idle | set(crew)) - better.keys()
        drawn = {driver: route for driver, route in drawn.items() if driver not in crew} | better
        seen |= {driver: seen.get(driver, 0) + 1 for driver in [*crew, *better]}
        places |= {driver: _middle(request, travel, drawn, driver) for driver in better}
    return drawn


def _improved(
    request: PlanRequest, travel: Travel, drawn: Drawn, crew: list[int], joining: list[int], effort: Effort
) -> Drawn:
    """The routes of a crew made better together, which others may join."""
    carried = sorted({step // 2 for driver in crew for step in drawn[driver].steps_in_request})
    problem = Problem(request, travel, carried, sorted([*crew, *joining]))
    effort.spend(CELL_COST_S * problem.table.size)
    routes = routes_within(problem, drawn)
    return drawn_from(problem, improve(problem, routes, problem.free_drivers, effort))


def _around(request: PlanRequest, travel: Travel, drawn: Drawn, places: dict[int, int], seed: int) -> list[int]:
    """The seed and the drivers whose routes lie nearest to it, as many as a zone may hold deliveries of."""
    room, crew = request.options.zone_limit, list[int]()
    for driver in _nearest(travel, {driver: places[driver] for driver in drawn}, places[seed]):
        room -= len(drawn[driver].steps) // 2
        if room < 0 and crew:
            break
        crew.append(driver)
    return crew


def _nearest(travel: Travel, places: dict[int, int], target: int) -> list[int]:
    """Drivers from the nearest to the farthest."""
    drivers = sorted(places)
    away = travel.seconds([places[driver] for driver in drivers], [target])[:, 0]
    return [drivers[n] for n in np.argsort(away, kind="stable")]


def _middle(request: PlanRequest, travel: Travel, drawn: Drawn, driver: int) -> int:
    """The place on a route that is nearest to all others on it."""
    stops = [
        (request.deliveries[step // 2].dropoff if step % 2 else request.deliveries[step // 2].pickup).location
        for step in drawn[driver].steps_in_request
    ]
    total: npt.NDArray[np.int64] = travel.seconds(stops, stops).sum(axis=1)
    return stops[int(total.argmin())]
