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

from marketplace.matching.problem import FOREVER, Problem, Routes, Spans, Steps
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

    def could_carry_each(self, bundles: Sequence[Steps]) -> npt.NDArray[np.bool_]:
        """For each bundle, a row, which drivers have the skills, the capacity and the stops for it."""
        known: dict[tuple[frozenset[str], tuple[int, ...], int], npt.NDArray[np.bool_]] = {}
        rows = []
        for bundle in bundles:
            needs = frozenset[str]().union(*(self.problem.needs[step // 2] for step in bundle))
            demand = (needs, peak_load(self.problem, bundle), len(bundle))
            if demand not in known:
                known[demand] = self._could_meet(*demand)
            rows.append(known[demand])
        return np.array(rows, dtype=bool)

    def _could_meet(self, needs: frozenset[str], peak: tuple[int, ...], steps: int) -> npt.NDArray[np.bool_]:
        problem = self.problem
        known: dict[tuple[frozenset[str], tuple[int, ...], bool], bool] = {}
        able = []
        for driver, stops_left in zip(self.drivers, self.stops_left, strict=True):
            key = (problem.skills[driver], problem.capacity[driver], stops_left >= steps)
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


def delays(crew: Crew, bundles: Sequence[Steps]) -> npt.NDArray[np.float64]:
    """For each bundle, a row, and each driver the delay in seconds if that driver carries it next, or `IMPOSSIBLE`.

    It counts from now, not from posting: else the oldest delivery would be the best one to leave out.
    """
    found = np.full((len(bundles), len(crew.drivers)), IMPOSSIBLE)
    alike: dict[int, list[int]] = {}
    for row, bundle in enumerate(bundles):
        alike.setdefault(len(bundle), []).append(row)
    for rows in alike.values():
        found[rows] = _delays_of_alike(crew, [bundles[row] for row in rows])
    return found


def _delays_of_alike(crew: Crew, bundles: Sequence[Steps]) -> npt.NDArray[np.float64]:
    """The delays of bundles with the same number of steps: all pairs are timed together, one step after the other."""
    problem = crew.problem
    shift_end = np.array([problem.shift_end[j] for j in crew.drivers], dtype=np.int64)
    due_at = np.array(problem.due_at, dtype=np.int64)
    steps = np.array(bundles, dtype=np.intp)
    legal = crew.could_carry_each(bundles)
    moments: Moments = np.broadcast_to(crew.moments, legal.shape)
    total = np.zeros(legal.shape, dtype=np.int64)
    legs: Moments = problem.table[crew.places, problem.places[steps[:, :1]]]
    warms = np.array([problem.warms[j] for j in crew.drivers], dtype=bool)
    departures: list[Moments] = []
    for position, column in enumerate(steps.T):
        legal &= legs < NO_WAY_S
        moments, in_time = _first_moments_each([problem.spans[step] for step in column.tolist()], moments + legs)
        legal &= in_time
        is_drop = (column % 2 == 1)[:, None]
        late = np.maximum(0, moments - due_at[column // 2][:, None])
        total += np.where(is_drop, moments - problem.now + late, 0)
        if not problem.covers_route:
            legal &= is_drop | (moments <= shift_end)
        moments = moments + problem.service[column][:, None]
        departures.append(moments)
        if position + 1 < steps.shape[1]:
            legs = problem.table[problem.places[column], problem.places[steps[:, position + 1]]][:, None]
    legal &= _gets_home(crew, steps[:, -1], moments, shift_end)
    if warms.any():
        legal &= ~warms | _stay_cold(problem, bundles, np.array(departures))
    return np.where(legal, total.astype(np.float64), IMPOSSIBLE)


def _stay_cold(problem: Problem, bundles: Sequence[Steps], departures: Moments) -> npt.NDArray[np.bool_]:
    """Whether every parcel of each bundle, a row, is handed over in time by each driver who cannot keep it cold."""
    is_kept = np.ones(departures.shape[1:], dtype=bool)
    for row, bundle in enumerate(bundles):
        for position, step in enumerate(bundle):
            limit = problem.out_of_cold_s[step // 2]
            if step % 2 and limit < FOREVER:
                aboard = departures[position, row] - departures[bundle.index(step - 1), row]
                is_kept[row] &= aboard <= limit
    return is_kept


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


def _first_moments_each(spans: Sequence[Spans], arrivals: Moments) -> tuple[Moments, npt.NDArray[np.bool_]]:
    """The same where each row of arrivals has spans of its own."""
    most = max(map(len, spans))
    never = (-1, -1)
    edges = np.array([own + (never,) * (most - len(own)) for own in spans], dtype=np.int64).reshape(len(spans), most, 2)
    starts = np.full_like(arrivals, -1)
    for opens, closes in reversed(edges.transpose(1, 2, 0)[:, :, :, None]):
        starts = np.where(arrivals <= closes, np.maximum(arrivals, opens), starts)
    return starts, starts >= 0


def _gets_home(
    crew: Crew, last_steps: npt.NDArray[np.intp], moments: Moments, shift_end: Moments
) -> npt.NDArray[np.bool_]:
    problem = crew.problem
    ends = [problem.end_place[j] for j in crew.drivers]
    has_end = np.array([end is not None for end in ends], dtype=bool)
    homes = np.array([0 if end is None else end for end in ends], dtype=np.intp)
    legs = np.where(has_end, problem.table[problem.places[last_steps][:, None], homes], 0)
    at_home: npt.NDArray[np.bool_] = legs < NO_WAY_S
    return at_home & (moments + legs <= shift_end) if problem.covers_route else at_home
