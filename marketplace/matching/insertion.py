"""Puts single deliveries into routes at the cheapest legal place; what is committed stays where it is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from marketplace.matching.effort import Effort
from marketplace.matching.objectives import ONE, drop_delay_s, route_cost
from marketplace.matching.problem import FOREVER, Problem, Steps
from marketplace.matching.request import NO_WAY_S, Objective
from marketplace.matching.schedule import first_moment, follow, last_moment, loaded_at_start

STEP_COST_S = 0.5e-6
"""Nominal price of looking at one step in one position."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """A delivery put into a driver's route: the new order of steps and what it adds to the cost."""

    driver: int
    steps: Steps
    added: int


class Draft:
    """A legal route in the making, with the earliest and latest moments that its steps leave for more."""

    def __init__(self, problem: Problem, driver: int, steps: Steps) -> None:
        self.problem, self.driver, self.steps = problem, driver, steps
        self.places = [problem.driver_place[driver], *(problem.place[step] for step in steps)]
        self.cost, self.moments = 0, [problem.begin[driver]]
        if steps:
            clock = follow(problem, driver, steps)
            assert clock is not None
            self.cost = route_cost(problem, driver, steps, clock)
            self.moments += clock.departures
        self.loads = self._loads()
        self.latest = self._latest_arrivals()

    def _loads(self) -> list[tuple[int, ...]]:
        loads = [loaded_at_start(self.problem, self.driver)]
        for step in self.steps:
            sign = -1 if step % 2 else 1
            amounts = self.problem.load[step // 2]
            loads.append(tuple(have + sign * amount for have, amount in zip(loads[-1], amounts, strict=True)))
        return loads

    def _latest_arrivals(self) -> list[int]:
        """The latest arrival at each step that keeps the rest legal; after the last step, the latest departure."""
        problem, driver = self.problem, self.driver
        shift_end, end = problem.shift_end[driver], problem.end_place[driver]
        way_home = 0 if end is None else problem.leg_s[self.places[-1]][end]
        latest = [shift_end - way_home if problem.covers_route else FOREVER]
        for position in range(len(self.steps) - 1, -1, -1):
            step = self.steps[position]
            onward = 0
            if position + 1 < len(self.steps):
                onward = problem.leg_s[self.places[position + 1]][self.places[position + 2]]
            start_by = latest[-1] - onward - problem.service_s[step]
            if step % 2 == 0 and not problem.covers_route:
                start_by = min(start_by, shift_end)
            latest.append(last_moment(problem.spans[step], start_by))
        return latest[::-1]


def best_insertion(draft: Draft, delivery: int, effort: Effort, limit: float = math.inf) -> Insertion | None:
    """The cheapest legal place for a delivery in this route, if there is one that adds less than `limit`."""
    problem, driver, steps = draft.problem, draft.driver, draft.steps
    if not may_carry(problem, driver, delivery) or len(steps) + 2 > problem.max_stops[driver]:
        return None
    if problem.has_one_origin and any(
        step % 2 == 0 and problem.place[step] != problem.place[2 * delivery] for step in steps
    ):
        return None
    best = None
    for position, drop_position, start, more_travel_s in _candidates(draft, delivery, effort):
        if _least(problem, delivery, start) >= limit:
            continue
        pickup, dropoff = 2 * delivery, 2 * delivery + 1
        longer = (*steps[:position], pickup, *steps[position:drop_position], dropoff, *steps[drop_position:])
        added = _added(draft, longer, more_travel_s)
        effort.spend(STEP_COST_S * len(longer))
        if added < limit:
            best, limit = Insertion(driver, longer, added), added
    return best


def _least(problem: Problem, delivery: int, start: int) -> float:
    """A bound on what an insertion adds: where delay counts, it is at least the delivery's own."""
    return ONE * drop_delay_s(problem, delivery, start) if problem.objective == Objective.DELIVERY_DELAY else -math.inf


def _added(draft: Draft, longer: Steps, more_travel_s: int) -> int:
    problem = draft.problem
    if problem.objective == Objective.TRAVEL_TIME:
        return more_travel_s
    if problem.objective == Objective.FEWEST_DRIVERS:
        return more_travel_s + (0 if draft.steps else ONE)
    clock = follow(problem, draft.driver, longer)
    assert clock is not None
    return route_cost(problem, draft.driver, longer, clock) - draft.cost


def may_carry(problem: Problem, driver: int, delivery: int) -> bool:
    """Whether skills, capacity and commitments let this driver carry this delivery at all."""
    if not problem.needs[delivery] <= problem.skills[driver]:
        return False
    if problem.committed_to.get(delivery, driver) != driver:
        return False
    return all(amount <= most for amount, most in zip(problem.load[delivery], problem.capacity[driver], strict=True))


def _candidates(draft: Draft, delivery: int, effort: Effort) -> Iterator[tuple[int, int, int, int]]:
    """Legal positions of pickup and drop-off, with the start of the drop-off and the travel they add."""
    problem, driver, steps = draft.problem, draft.driver, draft.steps
    pick, drop = problem.place[2 * delivery], problem.place[2 * delivery + 1]
    pick_spans, drop_spans = problem.spans[2 * delivery], problem.spans[2 * delivery + 1]
    pick_service, drop_service = problem.service_s[2 * delivery], problem.service_s[2 * delivery + 1]
    last_pickup = FOREVER if problem.covers_route else problem.shift_end[driver]
    leg_s, spans, service_s, place = problem.leg_s, problem.spans, problem.service_s, problem.place
    count, end = len(steps), problem.end_place[driver]
    for position in range(len(problem.locked[driver]), count + 1):
        here = draft.places[position]
        leg = leg_s[here][pick]
        start = first_moment(pick_spans, draft.moments[position] + leg)
        if leg >= NO_WAY_S or start is None or start > last_pickup:
            continue
        if not _fits(draft, position, delivery):
            continue
        moment, here, detour = start + pick_service, pick, leg
        for drop_position in range(position, count + 1):
            effort.spend(STEP_COST_S)
            leg = leg_s[here][drop]
            start = first_moment(drop_spans, moment + leg)
            if leg < NO_WAY_S and start is not None:
                after = place[steps[drop_position]] if drop_position < count else end
                onward = 0 if after is None else leg_s[drop][after]
                meets = start + drop_service + onward
                if onward < NO_WAY_S and meets <= _meet_by(draft, drop_position):
                    more_travel_s = detour + leg + onward - _replaced(draft, position, drop_position)
                    yield position, drop_position, start, more_travel_s
            if drop_position == count:
                break
            step = steps[drop_position]
            leg = leg_s[here][place[step]]
            moment += leg
            if leg >= NO_WAY_S or moment > draft.latest[drop_position] or not _fits(draft, drop_position + 1, delivery):
                break
            start = first_moment(spans[step], moment)
            assert start is not None
            moment, here, detour = start + service_s[step], place[step], detour + leg


def _fits(draft: Draft, position: int, delivery: int) -> bool:
    """Whether the delivery fits on top of what is on board between the steps before and after the position."""
    problem = draft.problem
    return all(
        have + amount <= most
        for have, amount, most in zip(
            draft.loads[position], problem.load[delivery], problem.capacity[draft.driver], strict=True
        )
    )


def _meet_by(draft: Draft, position: int) -> int:
    """By when the step at this position, or the end of the route, must be reached."""
    if position < len(draft.steps):
        return draft.latest[position]
    return draft.problem.shift_end[draft.driver] if draft.problem.covers_route else FOREVER


def _replaced(draft: Draft, position: int, drop_position: int) -> int:
    """Seconds of the legs that an insertion replaces: all from before the pickup to after the drop-off."""
    problem, places = draft.problem, draft.places
    end = problem.end_place[draft.driver]
    stretch = places[position : drop_position + 2]
    if drop_position == len(draft.steps) and end is not None and draft.steps:
        stretch = [*stretch, end]
    return sum(problem.leg_s[a][b] for a, b in pairwise(stretch))
