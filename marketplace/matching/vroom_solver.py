"""The one adapter around VROOM: a problem goes in as plain numbers, the order of each driver's steps comes out.

Importing `vroom` costs most of a second and 75 MB, it never releases the interpreter lock, and some bad numbers crash
it. So only solver processes import this file, and every number that gets here has been checked. VROOM's own times and
costs are not used: `schedule` works them out again.

An exploration level starts several searches in threads of their own, even where one may run at a time, and of two with
first routes of equal cost it drops whichever comes later. So one request had several answers; a single search has one.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import vroom
from vroom._vroom import VroomInputException
from vroom.solution.solution import Solution

from marketplace.matching.insertion import Draft
from marketplace.matching.pay import decline_factor
from marketplace.matching.problem import FOREVER, Problem, Routes, Spans, Steps
from marketplace.matching.request import NO_WAY_S, Objective

_LATEST = 2**32 - 1
"""VROOM counts user seconds in 32 bits and wraps what is larger."""
_MOST_LOAD = 2**40
"""Loads are scaled to sums below this, so that nothing overflows where VROOM adds them up."""
_MOST_COST = 2**31
_FIXED_COST = 10**7
"""Cost of a driver where fewest drivers are wanted: more than travel can save."""
_CENTS = 100
"""VROOM cost units in a cent of pay, so that an hour of travel can weigh a third of one: a tie-break."""
_TIE_BREAK_PER_HOUR = 36
_FIRST, _LOWEST = 100, 51
"""VROOM priorities: of what must be done, and of the least important where importance differs."""
NO_LIMIT = 2**31
_ALWAYS = [vroom.TimeWindow()]

_log = logging.getLogger(__name__)


def solve_with_vroom(
    problem: Problem,
    *,
    depth: int,
    deliveries: Sequence[int],
    drivers: Sequence[int],
    committed: Routes,
    most_tasks: int = NO_LIMIT,
) -> Routes:
    """Bundles these deliveries onto these drivers by one search; what is left out is unserved, the answer repeats.

    At a depth of 0 local search ends where no move helps; else it then takes out so many tasks of each route, at most,
    and begins again.
    `committed` holds, for the drivers among them who have locked steps, a legal route of these: it is carried on.
    """
    fit = [j for j in drivers if j in committed or (not problem.locked[j] and problem.begin[j] <= problem.shift_end[j])]
    possible = [i for i in deliveries if problem.spans[2 * i] and problem.spans[2 * i + 1]]
    if not fit or not (possible or any(problem.must_drop[j] for j in fit)):
        return {}
    try:
        written = _Writer(problem, possible, fit, committed).input(most_tasks)
        solution = Solution(written._solve(nb_searches=1, depth=depth, nb_threads=1, timeout=None))
    except (RuntimeError, VroomInputException) as fault:
        _log.warning("VROOM refused a problem of %d deliveries: %s", len(possible), fault)
        return {}
    return {driver: problem.locked[driver] + steps for driver, steps in read_routes(solution) if steps}


class _Writer:
    """Writes a problem, or a part of one, in VROOM's words; all times count from now."""

    def __init__(self, problem: Problem, deliveries: Sequence[int], drivers: Sequence[int], committed: Routes) -> None:
        self.problem, self.deliveries, self.drivers = problem, deliveries, drivers
        self.begun = {j: Draft(problem, j, committed[j]) for j in drivers if j in committed}
        self.loose = [step // 2 for j in self.begun for step in problem.must_drop[j]]
        self.skill_number = {name: n for n, name in enumerate(sorted(set().union(*problem.needs, *problem.skills)))}
        self.priority = _priorities(problem, deliveries)
        terms = [problem.drivers[j].pay for j in drivers]
        self.counts_pay = problem.objective == Objective.EXPECTED_COST and any(
            pay.fixed_cents or pay.per_hour_cents or pay.per_km_cents for pay in terms
        )
        self._number_places()
        self._scale_loads()

    def input(self, most_tasks: int) -> vroom.Input:
        """The whole input: travel times, drivers, and deliveries as shipments."""
        written = vroom.Input()
        table = self.problem.table[np.ix_(self.places, self.places)]
        self.has_gaps = bool((table >= NO_WAY_S).any())
        written.set_durations_matrix("car", np.ascontiguousarray(table, dtype=np.uint32))
        if self.problem.leg_m is not None and self.counts_pay:
            metres = np.array(self.problem.leg_m)[np.ix_(self.places, self.places)]
            written.set_distances_matrix("car", np.ascontiguousarray(metres, dtype=np.uint32))
        for driver in self.drivers:
            written.add_vehicle(self._vehicle(driver, most_tasks))
        for delivery in self.loose:
            written.add_job(self._drop_of_what_is_aboard(delivery))
        for delivery in self.deliveries:
            written.add_shipment(
                self._stop(2 * delivery),
                self._stop(2 * delivery + 1),
                amount=vroom.Amount(self._loads(self.problem.load[delivery])),
                skills={self.skill_number[name] for name in self.problem.needs[delivery]},
                priority=self.priority.get(delivery, 0),
            )
        return written

    def _vehicle(self, driver: int, most_tasks: int) -> vroom.Vehicle:
        problem, fixed_steps = self.problem, len(self.problem.locked[driver])
        place, begin = problem.driver_place[driver], problem.begin[driver]
        if driver in self.begun:
            place, begin = self.begun[driver].here[fixed_steps], self.begun[driver].moments[fixed_steps]
        end = problem.end_place[driver]
        over = problem.shift_end[driver] - problem.now if problem.covers_route else _LATEST
        skills = {self.skill_number[name] for name in problem.skills[driver]}
        if self.loose:
            skills.add(len(self.skill_number) + driver)
        tasks = max(len(problem.must_drop[driver]), min(problem.max_stops[driver] - fixed_steps, most_tasks))
        return vroom.Vehicle(
            driver,
            start=self.number[place],
            end=None if end is None else self.number[end],
            capacity=self._capacities(problem.capacity[driver]),
            skills=skills,
            time_window=vroom.TimeWindow(begin - problem.now, over),
            costs=self._costs(driver),
            max_tasks=tasks,
            max_travel_time=NO_WAY_S - 1 if self.has_gaps else None,
        )

    def _costs(self, driver: int) -> vroom.VehicleCosts:
        """What the driver costs; pay by the stop is not among it, since VROOM knows no such cost."""
        if self.problem.objective == Objective.FEWEST_DRIVERS:
            return vroom.VehicleCosts(fixed=_FIXED_COST)
        if not self.counts_pay:
            return vroom.VehicleCosts()
        pay = self.problem.drivers[driver].pay
        factor = _CENTS * (1 + decline_factor(self.problem.drivers[driver].accept_prob))
        return vroom.VehicleCosts(
            fixed=int(min(_MOST_COST, factor * pay.fixed_cents)),
            per_hour=int(min(_MOST_COST, factor * pay.per_hour_cents + _TIE_BREAK_PER_HOUR)),
            per_km=0 if self.problem.leg_m is None else int(min(_MOST_COST, factor * pay.per_km_cents)),
        )

    def _stop(self, step: int) -> "_Stop":
        return _Stop(
            id=step // 2,
            location=vroom.LocationIndex(self.number[self.problem.place[step]]),
            default_service=self.problem.service_s[step],
            time_windows=self._windows(self.problem.spans[step]),
        )

    def _drop_of_what_is_aboard(self, delivery: int) -> vroom.Job:
        """Something picked up in the committed steps: only its own driver can drop it."""
        step, driver = 2 * delivery + 1, self.problem.committed_to[delivery]
        return vroom.Job(
            delivery,
            self.number[self.problem.place[step]],
            default_service=self.problem.service_s[step],
            delivery=vroom.Amount(self._loads(self.problem.load[delivery])),
            skills={len(self.skill_number) + driver},
            priority=_FIRST,
            time_windows=self._windows(self.problem.spans[step]),
        )

    def _windows(self, spans: Spans) -> list[vroom.TimeWindow]:
        now = self.problem.now
        if spans == ((now, FOREVER),):
            return _ALWAYS
        return [vroom.TimeWindow(opens - now, min(closes - now, _LATEST)) for opens, closes in spans]

    def _number_places(self) -> None:
        """Numbers the places that this input uses; a matrix for part of a problem has no other rows."""
        problem = self.problem
        steps = [step for i in self.deliveries for step in (2 * i, 2 * i + 1)] + [2 * i + 1 for i in self.loose]
        used = {problem.place[step] for step in steps} | {problem.driver_place[j] for j in self.drivers}
        used |= {end for j in self.drivers if (end := problem.end_place[j]) is not None}
        used |= {draft.here[len(problem.locked[j])] for j, draft in self.begun.items()}
        self.places = sorted(used)
        self.number = {place: n for n, place in enumerate(self.places)}

    def _scale_loads(self) -> None:
        """Finds, for each dimension, the sum of all loads and what to divide by.

        All are rounded down: what fits still fits, and what no longer shows is found out by the exact check.
        """
        loads = [self.problem.load[i] for i in (*self.deliveries, *self.loose)]
        self.sums = [sum(amounts) for amounts in zip(*loads, strict=True)] if loads else []
        self.units = [max(1, -(-total // _MOST_LOAD)) for total in self.sums]

    def _loads(self, amounts: Sequence[int]) -> list[int]:
        return [amount // unit for amount, unit in zip(amounts, self.units, strict=True)]

    def _capacities(self, amounts: Sequence[int]) -> list[int]:
        return [min(amount, total) // unit for amount, total, unit in zip(amounts, self.sums, self.units, strict=True)]


class _Stop(NamedTuple):
    """A pickup or a drop-off with what VROOM's input reads of it; an object of its own class takes twice as long."""

    id: int
    location: vroom.LocationIndex
    default_service: int
    time_windows: Sequence[vroom.TimeWindow]
    default_setup: int = 0
    description: str = ""
    setup_per_type: Mapping[str, int] = MappingProxyType({})
    service_per_type: Mapping[str, int] = MappingProxyType({})


def _priorities(problem: Problem, deliveries: Sequence[int]) -> dict[int, int]:
    """VROOM serves the largest sum of priorities; with ranks close together that is the largest number of deliveries.

    Ranks lie between half of the highest and just below it, so two of the lowest outweigh one of the highest.
    """
    levels = sorted({problem.priority[i] for i in deliveries})
    if len(levels) < 2:
        return {}
    rank = {priority: _LOWEST + n * (_FIRST - 1 - _LOWEST) // (len(levels) - 1) for n, priority in enumerate(levels)}
    return {i: rank[problem.priority[i]] for i in deliveries}


def read_routes(solution: Solution) -> Iterator[tuple[int, Steps]]:
    """Each driver's steps in order; through VROOM's own objects, or its JSON where a version has renamed these."""
    try:
        yield from [
            (
                route.vehicle,
                tuple(
                    2 * step._id + (step._job_type != vroom.JOB_TYPE.PICKUP)
                    for step in route.steps
                    if step._step_type == vroom.STEP_TYPE.JOB
                ),
            )
            for route in solution._routes
        ]
    except AttributeError:
        for route in solution.to_dict()["routes"]:
            kinds = {"pickup": 0, "delivery": 1, "job": 1}
            yield route["vehicle"], tuple(2 * s["id"] + kinds[s["type"]] for s in route["steps"] if s["type"] in kinds)
