"""Makes the routes of a city better across the borders of its zones: once more, zone by zone, with other borders.

Each route belongs to the new zone in which most of its deliveries lie, so that no driver is in two of them.
"""

from collections import Counter
from collections.abc import Collection

from marketplace.matching.candidates import candidate_drivers
from marketplace.matching.drawing import Drawn, drawn_from, routes_within
from marketplace.matching.effort import Effort
from marketplace.matching.improving import improve
from marketplace.matching.problem import Problem
from marketplace.matching.request import Objective, PlanRequest
from marketplace.matching.travel import Travel
from marketplace.matching.zones import Zone, split_into_zones

BORDER_SHARE = 0.4
"""The part of the work limit that is kept for this."""


def is_bordered(request: PlanRequest, zones: Collection[Zone]) -> bool:
    """Whether there are borders, and an objective by which routes are moved across them."""
    return len(zones) > 1 and request.options.objective != Objective.DELIVERY_DELAY


def smooth_borders(
    request: PlanRequest, travel: Travel, drawn: Drawn, broken: Collection[int], effort: Effort
) -> Drawn:
    """Routes that serve no less and cost no more; what is committed and cannot be kept is not looked at."""
    drawn = dict(drawn)
    zones = split_into_zones(request, travel, is_skewed=True)
    zone_of = {i: number for number, zone in enumerate(zones) for i in zone.deliveries}
    crews: list[list[int]] = [[] for _ in zones]
    served = set[int]()
    for driver, route in sorted(drawn.items()):
        carried = [step // 2 for step in route.steps_in_request]
        served.update(carried)
        crews[Counter(zone_of[i] for i in carried).most_common(1)[0][0]].append(driver)
    waiting = len(zone_of)
    for zone, crew in zip(zones, crews, strict=True):
        loose = [i for i in zone.deliveries if i not in served and i not in broken]
        idle = [j for j in zone.drivers if j not in drawn and not request.drivers[j].locked]
        part = effort.share(len(zone.deliveries) / max(1, waiting))
        waiting -= len(zone.deliveries)
        drawn = _improved(request, travel, drawn, crew, idle, loose, part)
        effort.left_s += part.take_all()
    return drawn


def _improved(
    request: PlanRequest,
    travel: Travel,
    drawn: Drawn,
    crew: list[int],
    idle: list[int],
    loose: list[int],
    effort: Effort,
) -> Drawn:
    """The same with the routes of a crew made better together, which idle drivers may join."""
    carried = {step // 2 for driver in crew for step in drawn[driver].steps_in_request}
    problem = Problem(request, travel, sorted(carried.union(loose)), sorted([*crew, *idle]))
    routes = routes_within(problem, drawn)
    drivers = candidate_drivers(problem, range(len(problem.deliveries)), routes)
    better = drawn_from(problem, improve(problem, routes, drivers, effort))
    return {driver: route for driver, route in drawn.items() if driver not in crew} | better
