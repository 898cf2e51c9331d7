"""Decides whom to send and when: bundles and drivers are paired off for the least delay, busy drivers included.

Only what is ready soon, and who is free soon, is decided first: looking further ahead commits to what may change.
The offers themselves are held until they are due, which `schedule` works out.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from marketplace.matching.effort import Effort
from marketplace.matching.pairing import IMPOSSIBLE, Crew, crew_after, delays, pair_off
from marketplace.matching.problem import Problem, Routes, Steps

READY_AHEAD_S = 30 * 60
DRIVER_AHEAD_S = 15 * 60
DETOUR_S = 4 * 60
"""A delivery joins a bundle where this is all that the drop-offs lose together, even when drivers are not short."""
SERVED_S = 10**9
"""What serving one more delivery is worth in seconds of delay: more than any delay that is told apart."""
MOST_DELAY_S = 10**8
READY_S = 1_200
"""What serving a delivery that is ready now is worth over one that is not ready yet: so much delay, and no more.

Where drivers are short, one that is ready far away otherwise takes a driver who could bring two others meanwhile.
"""
IDLE_WEIGHT = 0.1
"""What a second of a driver's waiting counts: between equals, whoever would wait longest stays free for others."""
EARLY_WEIGHT = 0.25
"""The chance that food whose ready time is an estimate waits for each second of head start that the driver lacks."""
PAIR_COST_S = 1.5e-6
"""Nominal price of pricing a bundle for a driver."""
MOST_ROUNDS = 50


def dispatch(problem: Problem, deliveries: Sequence[int], drivers: Sequence[int], effort: Effort) -> Routes:
    """Bundles from one origin each, paired with drivers for the least delay; none where nobody can carry them.

    Where routes may have several origins, what is left goes round after round to whoever is through first.
    """
    routes: Routes = {}
    soon = [i for i in deliveries if _ready_at(problem, i) <= problem.now + READY_AHEAD_S]
    near = [j for j in drivers if problem.begin[j] <= problem.now + DRIVER_AHEAD_S]
    routes |= _pair(problem, routes, soon, near, effort)
    routes |= _pair(problem, routes, _left(deliveries, routes), [j for j in drivers if j not in routes], effort)
    for _ in range(0 if problem.has_one_origin else MOST_ROUNDS):
        longer = _pair(problem, routes, _left(deliveries, routes), drivers, effort)
        if not longer:
            break
        routes |= longer
    return routes


def _pair(
    problem: Problem, routes: Routes, deliveries: Sequence[int], drivers: Sequence[int], effort: Effort
) -> Routes:
    """The routes that get longer when each of these drivers takes at most one more bundle."""
    if not deliveries or not drivers:
        return {}
    crew = crew_after(problem, drivers, routes)
    bundles = same_origin_bundles(problem, deliveries, len(drivers))
    delay = delays(crew, bundles)
    cost = np.array([_price(problem, crew, bundle, row) for bundle, row in zip(bundles, delay, strict=True)])
    effort.spend(PAIR_COST_S * cost.size)
    return {drivers[j]: routes.get(drivers[j], ()) + bundles[i] for i, j in pair_off(cost)}


def _price(problem: Problem, crew: Crew, bundle: Steps, delay: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    ready_at = max(_ready_at(problem, step // 2) for step in bundle)
    worth = (SERVED_S + READY_S * (ready_at <= problem.now)) * len(bundle) / 2
    early_s = ready_at - problem.table[crew.places, problem.place[bundle[0]]] - crew.moments
    head_start_s = max(0, min(problem.head_start_s, ready_at - problem.now))
    price = np.minimum(delay, MOST_DELAY_S * len(bundle)) - worth
    price += IDLE_WEIGHT * np.maximum(0, early_s - head_start_s)
    if head_start_s:
        price += EARLY_WEIGHT * len(bundle) / 2 * np.clip(head_start_s - early_s, 0, head_start_s)
    return np.where(np.isfinite(delay), price, IMPOSSIBLE)


def _left(deliveries: Sequence[int], routes: Routes) -> list[int]:
    served = {step // 2 for steps in routes.values() for step in steps}
    return [i for i in deliveries if i not in served]


def same_origin_bundles(problem: Problem, deliveries: Sequence[int], drivers: int) -> list[Steps]:
    """Every delivery in one bundle; larger than one only where drivers are short, or where nothing is lost by it."""
    size = -(-len(deliveries) // drivers)
    by_origin: dict[int, list[int]] = {}
    for delivery in deliveries:
        by_origin.setdefault(problem.place[2 * delivery], []).append(delivery)
    return [
        tuple([2 * i for i in bundle] + [2 * i + 1 for i in bundle])
        for group in by_origin.values()
        for bundle in _bundle_origin(problem, group, size)
    ]


def _bundle_origin(problem: Problem, group: list[int], size: int) -> list[list[int]]:
    bundles: list[list[int]] = []
    for delivery in sorted(group, key=lambda i: (_ready_at(problem, i), i)):
        options = [
            (_detour_s(problem, bundle, [*bundle[:at], delivery, *bundle[at:]], delivery), number, at)
            for number, bundle in enumerate(bundles)
            if len(bundle) < size
            for at in range(len(bundle) + 1)
        ]
        loss, number, at = min(options, default=(0, -1, 0))
        if number >= 0 and (len(bundles) >= -(-len(group) // size) or loss <= DETOUR_S):
            bundles[number].insert(at, delivery)
        else:
            bundles.append([delivery])
    return bundles


def _detour_s(problem: Problem, bundle: list[int], longer: list[int], delivery: int) -> int:
    """What the drop-offs lose together when the delivery joins, if a driver were at the origin all the time."""
    return _drop_moments(problem, longer) - _drop_moments(problem, bundle) - _drop_moments(problem, [delivery])


def _drop_moments(problem: Problem, bundle: list[int]) -> int:
    here = problem.place[2 * bundle[0]]
    moment = max(_ready_at(problem, i) for i in bundle)
    total = 0
    for delivery in bundle:
        moment += problem.service_s[2 * delivery]
    for delivery in bundle:
        there = problem.place[2 * delivery + 1]
        moment += problem.leg_s[here][there]
        total += moment
        moment, here = moment + problem.service_s[2 * delivery + 1], there
    return total


def _ready_at(problem: Problem, delivery: int) -> int:
    spans = problem.spans[2 * delivery]
    return spans[0][0] if spans else problem.now
