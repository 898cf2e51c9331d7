"""Prices every pair of a bundle and a driver at once, and pairs them off for the least sum.

A bundle here is an order of steps without a driver. Whole columns of drivers are timed together, so that a city's
worth of pairs takes milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from marketplace.matching.problem import Problem, Routes, Spans, Steps
from marketplace.matching.request import NO_WAY_S
from marketplace.matching.schedule import follow

IMPOSSIBLE = math.inf
MANY = 400
"""From so many rows and so many columns on, each looks at some partners only: trying all takes cubic time."""
NEAREST, EVERY = 48, 40
"""How many partners are near; one in so many of the others is far enough to be whom all others left over."""
Moments = npt.NDArray[np.int64]
Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Crew:
    """Drivers, with the moment and the place from which each of them can go on, and the steps still allowed."""

    problem: Problem
    drivers: Sequence[int]
    moments: Moments
    places: npt.NDArray[np.intp]
    stops_left: Sequence[int]

    def could_carry(self, bundle: Steps) -> npt.NDArray[np.bool_]:
        """Which drivers have the skills, the capacity and the stops for a bundle."""
        problem = self.problem
        needs = frozenset[str]().union(*(problem.needs[step // 2] for step in bundle))
        peak = peak_load(problem, bundle)
        known: dict[tuple[frozenset[str], tuple[int, ...], bool], bool] = {}
        able = []
        for driver, stops_left in zip(self.drivers, self.stops_left, strict=True):
            key = (problem.skills[driver], problem.capacity[driver], stops_left >= len(bundle))
            if key not in known:
                known[key] = needs <= key[0] and all(a <= b for a, b in zip(peak, key[1], strict=True)) and key[2]
            able.append(known[key])
        return np.array(able, dtype=bool)


def crew_after(problem: Problem, drivers: Sequence[int], routes: Routes) -> Crew:
    """Drivers where and when their routes leave them; without a route, where they are once available."""
    moments, places = [], []
    for driver in drivers:
        steps = routes.get(driver, ())
        clock = follow(problem, driver, steps) if steps else None
        moments.append(clock.departures[-1] if clock else problem.begin[driver])
        places.append(problem.place[steps[-1]] if steps else problem.driver_place[driver])
    return Crew(
        problem,
        drivers,
        np.array(moments, dtype=np.int64),
        np.array(places, dtype=np.intp),
        [problem.max_stops[driver] - len(routes.get(driver, ())) for driver in drivers],
    )


def delays(crew: Crew, bundle: Steps) -> npt.NDArray[np.float64]:
    """For each driver the delay in seconds if that driver carries the bundle next, or `IMPOSSIBLE`.

    It counts from now, not from posting: else the oldest delivery would be the best one to leave out.
    """
    problem = crew.problem
    shift_end = np.array([problem.shift_end[j] for j in crew.drivers], dtype=np.int64)
    moments, total = crew.moments, np.zeros(len(crew.drivers), dtype=np.int64)
    legal = crew.could_carry(bundle)
    legs: Moments = problem.table[crew.places, problem.place[bundle[0]]]
    for position, step in enumerate(bundle):
        legal &= legs < NO_WAY_S
        moments, in_time = first_moments(problem.spans[step], moments + legs)
        legal &= in_time
        if step % 2:
            delivery = step // 2
            due_at = problem.due_at[delivery]
            total = total + moments - problem.now + np.maximum(0, moments - due_at)
        elif not problem.covers_route:
            legal &= moments <= shift_end
        moments = moments + problem.service_s[step]
        if position + 1 < len(bundle):
            legs = problem.table[problem.place[step], problem.place[bundle[position + 1]]]
    legal &= _gets_home(crew, bundle, moments, shift_end)
    return np.where(legal, total.astype(np.float64), IMPOSSIBLE)


def pair_off(cost: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs rows with columns for the least sum of costs, where leaving a row out costs nothing.

    So only pairs with a negative cost are made: what a pair is worth must be in it. Where both are many, each looks
    at its cheapest partners and a few others only, which is a little off the least sum.
    """
    if not cost.size:
        return []
    pair = _pair_all if min(cost.shape) < MANY else _pair_nearest
    rows, columns = pair(np.minimum(cost, 0.0))
    return sorted((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < 0)


def _pair_all(cost: npt.NDArray[np.float64]) -> Pairs:
    rows, columns = linear_sum_assignment(cost)
    return rows, columns


def _pair_nearest(cost: npt.NDArray[np.float64]) -> Pairs:
    """Each row may also have a column of its own, which is to leave it out; who is left tries all who are left."""
    (count, width), own = cost.shape, np.arange(len(cost))
    is_near = np.zeros(cost.shape, dtype=bool)
    for axis in (0, 1):
        cheapest = np.argpartition(cost, NEAREST, axis=axis)
        np.put_along_axis(is_near, np.take(cheapest, range(NEAREST), axis=axis), True, axis)
    is_near |= np.add.outer(own, np.arange(width)) % EVERY == 0
    near_rows, near_columns = np.nonzero(is_near)
    priced = cost[near_rows, near_columns]
    # The solver takes a zero for no edge: all weights are raised alike, which changes no order.
    weights = np.concatenate([priced, np.zeros(count)]) - priced.min() + 1.0
    ends = np.concatenate([near_rows, own]), np.concatenate([near_columns, width + own])
    rows, columns = min_weight_full_bipartite_matching(csr_array((weights, ends), shape=(count, width + count)))
    rows, columns = rows[columns < width], columns[columns < width]
    rows_left, columns_left = np.setdiff1d(own, rows), np.setdiff1d(np.arange(width), columns)
    more, others = _pair_all(cost[np.ix_(rows_left, columns_left)])
    return np.concatenate([rows, rows_left[more]]), np.concatenate([columns, columns_left[others]])


def peak_load(problem: Problem, bundle: Steps) -> tuple[int, ...]:
    """The largest load on the way, in each dimension."""
    load = peak = (0,) * len(problem.load[bundle[0] // 2])
    for step in bundle:
        sign = -1 if step % 2 else 1
        load = tuple(have + sign * more for have, more in zip(load, problem.load[step // 2], strict=True))
        peak = tuple(map(max, peak, load))
    return peak


def first_moments(spans: Spans, arrivals: Moments) -> tuple[Moments, npt.NDArray[np.bool_]]:
    """For each arrival the first moment of the spans that is not before it, and whether there is one."""
    starts = np.full_like(arrivals, -1)
    for opens, closes in reversed(spans):
        starts = np.where(arrivals <= closes, np.maximum(arrivals, opens), starts)
    return starts, starts >= 0


def _gets_home(crew: Crew, bundle: Steps, moments: Moments, shift_end: Moments) -> npt.NDArray[np.bool_]:
    problem, last = crew.problem, crew.problem.place[bundle[-1]]
    ends = [problem.end_place[j] for j in crew.drivers]
    legs = np.array([0 if end is None else problem.leg_s[last][end] for end in ends], dtype=np.int64)
    at_home = legs < NO_WAY_S
    return at_home & (moments + legs <= shift_end) if problem.covers_route else at_home
