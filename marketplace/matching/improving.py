"""Makes routes better by ruining and recreating them: the one face of the compiled search.

Legal routes go in, legal routes come out that serve no less and cost no more by the request's objective. Deliveries
that are in no route yet find room on the way, where there is any.
"""

from collections.abc import Sequence

import numpy as np

from marketplace.matching.annealing import anneal, copy_routes, dissolve
from marketplace.matching.arrays import Task, empty_desk, empty_draft
from marketplace.matching.driving import drive
from marketplace.matching.effort import Effort
from marketplace.matching.flattening import can_be_flat, flatten
from marketplace.matching.objectives import total_cost
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.request import Objective
from marketplace.matching.schedule import follow, is_allowed

_SETUP_S, _CELL_S = 0.0015, 60e-9
"""What writing the arrays costs: at all, and for each pair of steps."""
_NANOSECOND_S = 1.12e-9
"""A nominal nanosecond of the search; on a busy machine it takes somewhat longer than on an idle one."""
_RETIRING_SHARE = 0.4
_PATIENCE, _LONGER = 0.32, 4.0
"""One driver is tried to be done without for so long a part of that share, or so many times as long as any before."""
_HOT, _VERY_HOT, _COLD = 0.3, 1.0, 0.003
"""The heat at first and at last, as a part of the average leg; hotter where few drivers have long routes."""
_LATER_DROPS = 3.0
"""So many drop-offs come later by a leg that is longer, about."""
_STRING_STEPS, _LONG_STRING_STEPS = 10.0, 20.0
"""How many steps are taken out in each round, about; more where drivers are to be saved, which takes larger holes."""
_SCATTER = 0x9E3779B97F4A7C15


def improve(problem: Problem, routes: Routes, drivers: Sequence[int], effort: Effort) -> Routes:
    """Routes of these drivers, and of those who have one, that are no worse than the given ones."""
    crew = sorted({*drivers, *routes})
    if not crew or not can_improve(problem, effort):
        return routes
    effort.spend(_price_s(problem))
    found = _Search(flatten(problem, crew), problem, crew).run(routes, effort)
    is_legal = all(_is_legal(problem, driver, steps) for driver, steps in found.items())
    # What leaves a route can make another parcel wait in it longer, which the search does not look at.
    assert is_legal or any(problem.warms), "the search keeps every rule"
    if not is_legal:
        return routes
    return min((routes, found), key=lambda tried: (*missed(problem, tried), total_cost(problem, tried)))


def can_improve(problem: Problem, effort: Effort) -> bool:
    """Whether the effort pays for a search at all, and its numbers are not too large for it."""
    return effort.covers(_price_s(problem)) and can_be_flat(problem)


def missed(problem: Problem, routes: Routes) -> tuple[int, int]:
    """What speaks against the routes: how few deliveries they serve, then how unimportant these are."""
    served = {step // 2 for steps in routes.values() for step in steps}
    return -len(served), -sum(problem.priority[i] for i in served)


def _price_s(problem: Problem) -> float:
    return _SETUP_S + _CELL_S * len(problem.place) ** 2


def _is_legal(problem: Problem, driver: int, steps: Steps) -> bool:
    return is_allowed(problem, driver, steps) and follow(problem, driver, steps) is not None


class _Search:
    """One search: the routes now, the ones on trial, and the best so far."""

    def __init__(self, task: Task, problem: Problem, crew: Sequence[int]) -> None:
        self.task, self.problem, self.crew = task, problem, crew
        self.now, self.trial, self.best = empty_draft(task), empty_draft(task), empty_draft(task)
        self.desk = empty_desk(task)
        self.limit = 0
        seed = (problem.options.seed + 1) * _SCATTER % 2**64
        self.random = np.array([seed], dtype=np.uint64)
        scale = _typical_leg(task)
        few = problem.objective == Objective.FEWEST_DRIVERS
        hot, steps = (_VERY_HOT, _LONG_STRING_STEPS) if few else (_HOT, _STRING_STEPS)
        self.heats = np.array([hot * scale, _COLD * scale, steps], dtype=np.float64)

    def run(self, routes: Routes, effort: Effort) -> Routes:
        """The best routes found within the effort."""
        for n, driver in enumerate(self.crew):
            steps = routes.get(driver, ())
            self.best.steps[n, : len(steps)] = steps
            self.best.length[n] = len(steps)
            if not drive(self.task, self.best, n):
                return routes
        most_routes = len(self.crew)
        if self.problem.objective == Objective.FEWEST_DRIVERS:
            part = effort.share(_RETIRING_SHARE)
            most_routes = self._retire(part)
            effort.left_s += part.take_all()
        self._start_over(effort)
        self._anneal(most_routes, False)
        effort.spend(int(self.desk.work[0]) * _NANOSECOND_S)
        return self._routes()

    def _retire(self, effort: Effort) -> int:
        """Dissolves one route after the other, as long as all that was served finds room; returns how many remain."""
        self._start_over(effort)
        most_routes = len(self.crew)
        whole, patience = self.limit, _PATIENCE * self.limit
        is_served = self._anneal(most_routes, True)
        while is_served:
            copy_routes(self.task, self.now, self.best)
            begun = int(self.desk.work[0])
            most_routes = dissolve(self.task, self.now, self.desk.misses)
            self.limit = min(whole, begun + int(patience))
            is_served = most_routes > 0 and self._anneal(most_routes, True)
            if is_served:
                patience = max(patience, _LONGER * (int(self.desk.work[0]) - begun))
        effort.spend(int(self.desk.work[0]) * _NANOSECOND_S)
        return int((self.best.length > 0).sum())

    def _start_over(self, effort: Effort) -> None:
        copy_routes(self.task, self.best, self.now)
        self.desk.work[:] = 0
        self.desk.misses[:] = 1
        self.limit = int(effort.left_s / _NANOSECOND_S)

    def _anneal(self, most_routes: int, is_done_when_all_served: bool) -> bool:
        copy_routes(self.task, self.now, self.trial)
        return anneal(
            self.task,
            self.now,
            self.trial,
            self.best,
            self.desk,
            most_routes,
            is_done_when_all_served,
            self.heats,
            self.limit,
            self.random,
        )

    def _routes(self) -> Routes:
        return {
            driver: tuple(self.best.steps[n, : self.best.length[n]].tolist())
            for n, driver in enumerate(self.crew)
            if self.best.length[n]
        }


def _typical_leg(task: Task) -> float:
    legs = task.legs[np.ix_(task.place, task.place)]
    known = legs[legs < 10**8]
    price = max(float(task.second_price.max()), _LATER_DROPS * float(task.delay_price.max()))
    return float(known.mean()) * price if known.size else 1.0
