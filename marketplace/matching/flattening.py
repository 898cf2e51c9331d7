"""Writes a problem as the flat arrays that the compiled search reads."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from marketplace.matching.arrays import FOREVER, NOBODY, Real, Small, Task
from marketplace.matching.candidates import who_may_carry
from marketplace.matching.pay import decline_factor, waiting_cents
from marketplace.matching.problem import Problem
from marketplace.matching.request import Objective
from marketplace.matching.schedule import loaded_at_start

_MOST_NEAR = 100
"""A string is begun within so many steps of the one that was drawn."""
_MOST_LOAD = 2**62
"""Loads that add up to more are not searched: they would overflow."""
_IDLE_PRICE = 0.2
"""What a second of waiting, or of coming too late, counts beside one of travel when neighbours are looked for."""
_TIE_BREAK = 1e-5
"""What a second of travel counts beside a cent or a second of delay: it decides between equals."""


def can_be_flat(problem: Problem) -> bool:
    """Whether all loads together can be counted in 64 bits."""
    return all(sum(amounts) < _MOST_LOAD for amounts in zip(*problem.load, strict=True))


def flatten(problem: Problem, drivers: Sequence[int]) -> Task:
    """The whole problem with only these drivers, who are numbered anew in this order."""
    step_count, driver_count = len(problem.place), len(drivers)
    place = problem.places.astype(np.int32)
    legs = problem.table.astype(np.int32)
    apart = legs[np.ix_(place, place)]
    spans = [span for own in problem.spans for span in own]
    is_known = np.array([bool(own) for own in problem.spans], dtype=np.bool_).reshape(-1, 2).all(axis=1)
    is_loose = is_known & ~np.isin(np.arange(step_count // 2), list(problem.committed_to))
    crew = [problem.drivers[j] for j in drivers]
    able = who_may_carry(crew, problem.deliveries) & is_loose
    total = [sum(amounts) for amounts in zip(*problem.load, strict=True)]
    capacity = [list(map(min, problem.capacity[j], total)) for j in drivers]
    aboard = [loaded_at_start(problem, j) for j in drivers]
    prices = _prices(problem, drivers)
    return Task(
        legs=legs,
        metres=np.array([[0]] if problem.leg_m is None else problem.leg_m, dtype=np.int32),
        place=place,
        service=problem.service,
        first_span=np.cumsum([0, *map(len, problem.spans)], dtype=np.int32),
        opens=np.array([min(opens, FOREVER) for opens, _ in spans], dtype=np.int64),
        closes=np.array([min(closes, FOREVER) for _, closes in spans], dtype=np.int64),
        near=_near(problem, apart),
        load=np.array(problem.load, dtype=np.int64).reshape(step_count // 2, len(total)),
        posted_at=np.array(problem.posted_at, dtype=np.int64),
        due_at=np.minimum(np.array(problem.due_at, dtype=np.int64), FOREVER),
        priority=np.array(problem.priority, dtype=np.int64),
        out_of_cold=np.minimum(np.array(problem.out_of_cold_s, dtype=np.int64), FOREVER),
        is_loose=is_loose,
        rank=_ranks(problem, apart),
        able=able,
        twin=_twins(problem, drivers, prices),
        start_place=np.array([problem.driver_place[j] for j in drivers], dtype=np.int32),
        end_place=np.array([NOBODY if (at := problem.end_place[j]) is None else at for j in drivers], dtype=np.int32),
        begin=np.array([problem.begin[j] for j in drivers], dtype=np.int64),
        end_by=np.array([problem.shift_end[j] if problem.covers_route else FOREVER for j in drivers], dtype=np.int64),
        pick_by=np.array([FOREVER if problem.covers_route else problem.shift_end[j] for j in drivers], dtype=np.int64),
        most_steps=np.array([min(problem.max_stops[j], step_count) for j in drivers], dtype=np.int32),
        capacity=np.array(capacity, dtype=np.int64).reshape(driver_count, len(total)),
        aboard=np.array(aboard, dtype=np.int64).reshape(driver_count, len(total)),
        kept_steps=np.array([len(problem.locked[j]) for j in drivers], dtype=np.int32),
        has_one_origin=np.array([problem.has_one_origin], dtype=np.bool_),
        route_price=prices.route,
        drop_price=prices.drop,
        second_price=prices.second,
        metre_price=prices.metre,
        work_price=prices.work,
        delay_price=prices.delay,
        warms=np.array([problem.warms[j] for j in drivers], dtype=np.bool_),
        is_timed=(prices.work > 0) | (prices.delay > 0),
    )


def _near(problem: Problem, apart: Small) -> Small:
    """The steps nearest to each; where few drivers are to do much, in time as well as on the road.

    A place around the corner is no neighbour of a step hours later: long routes between narrow windows are not mended
    by taking out both.
    """
    away = (apart + apart.T).astype(np.float64)
    if problem.objective == Objective.FEWEST_DRIVERS:
        first, last = problem.opens + problem.service, problem.closes + problem.service
        waiting = np.maximum(0, problem.opens[None, :] - last[:, None] - apart)
        too_late = np.maximum(0, first[:, None] + apart - problem.closes[None, :])
        after = apart + _IDLE_PRICE * (waiting + too_late)
        away = np.minimum(after, after.T)
    return np.ascontiguousarray(np.argsort(away, axis=1, kind="stable")[:, :_MOST_NEAR], dtype=np.int32)


class _Prices(NamedTuple):
    """What the objective counts, for each driver: a route, a drop-off, seconds and metres driven, work and delay."""

    route: Real
    drop: Real
    second: Real
    metre: Real
    work: Real
    delay: Real


def _prices(problem: Problem, drivers: Sequence[int]) -> _Prices:
    nothing = np.zeros(len(drivers), dtype=np.float64)
    match problem.objective:
        case Objective.FEWEST_DRIVERS | Objective.TRAVEL_TIME:
            return _Prices(nothing, nothing, nothing + 1, nothing, nothing, nothing)
        case Objective.DELIVERY_DELAY:
            return _Prices(nothing, nothing, nothing + _TIE_BREAK, nothing, nothing, nothing + 1)
        case Objective.EXPECTED_COST:
            crew = [problem.drivers[j] for j in drivers]
            factor = np.array([1 + decline_factor(driver.accept_prob) for driver in crew])
            waiting = np.array([waiting_cents(driver.accept_prob, 1) for driver in crew])
            has_metres = problem.leg_m is not None
            return _Prices(
                route=factor * [driver.pay.fixed_cents for driver in crew],
                drop=factor * [driver.pay.per_stop_cents for driver in crew] + waiting,
                second=nothing + _TIE_BREAK,
                metre=factor * [driver.pay.per_km_cents * has_metres for driver in crew] / 1000,
                work=factor * [driver.pay.per_hour_cents for driver in crew] / 3600,
                delay=nothing,
            )


def _twins(problem: Problem, drivers: Sequence[int], prices: _Prices) -> Small:
    """For each driver the first one who is like them in everything: one of their empty routes is as good as another."""
    first: dict[object, int] = {}
    twins = []
    for n, j in enumerate(drivers):
        likeness = (
            problem.driver_place[j],
            problem.end_place[j],
            problem.begin[j],
            problem.shift_end[j],
            problem.capacity[j],
            problem.skills[j],
            problem.warms[j],
            problem.max_stops[j],
            problem.locked[j],
            *(float(price[n]) for price in prices),
        )
        twins.append(first.setdefault(likeness, n))
    return np.array(twins, dtype=np.int32)


def _ranks(problem: Problem, apart: Small) -> Small:
    """Orders in which deliveries may be put in: large, long, tightly timed, early or late ones first."""
    pickups = np.arange(0, len(problem.place), 2)
    loads = np.array([max(amounts, default=0) for amounts in problem.load], dtype=np.float64)
    opens, closes = problem.opens[pickups], problem.closes[pickups + 1]
    keys = (-loads, -apart[pickups, pickups + 1], closes - opens, opens, -closes)
    return np.array([np.argsort(np.argsort(key, kind="stable")) for key in keys], dtype=np.int32)
