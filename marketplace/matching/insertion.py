"""Puts single deliveries into routes at the cheapest legal place; what is committed stays where it is.

This is the innermost loop of planning: every pair of positions in every route is looked at, so what can be known
beforehand about a route is kept with its draft.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.matching.effort import Effort
from marketplace.matching.objectives import ONE, drop_delay_s, route_cost
from marketplace.matching.problem import FOREVER, Problem, Steps
from marketplace.matching.request import NO_WAY_S, Objective
from marketplace.matching.schedule import first_moment, follow, last_moment, loaded_at_start

POSITION_COST_S, STEP_COST_S = 2.0e-6, 0.5e-6
"""Nominal prices of looking at one position, and at each step that comes after it."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """A delivery put into a driver's route: the new order of steps and what it adds to the cost."""

    driver: int
    steps: Steps
    added: int


class Draft:
    """A legal route in the making, with the earliest and latest moments at which its steps can be reached.

    Position k stands before step k; the last position, after all steps, stands before the way to the driver's end.
    """

    def __init__(self, problem: Problem, driver: int, steps: Steps) -> None:
        self.problem, self.driver, self.steps = problem, driver, steps
        self.here = [problem.driver_place[driver], *(problem.place[step] for step in steps)]
        self.next: list[int | None] = [*self.here[1:], problem.end_place[driver]]
        self.cost, self.moments, self.starts = 0, [problem.begin[driver]], list[int]()
        if steps:
            clock = follow(problem, driver, steps)
            assert clock is not None
            self.cost = route_cost(problem, driver, steps, clock)
            self.moments += clock.departures
            self.starts += clock.starts
        self.loads = self._loads()
        self.latest = self._latest_arrivals()
        self.driven_s = self._driven()

    def _loads(self) -> list[tuple[int, ...]]:
        loads = [loaded_at_start(self.problem, self.driver)]
        for step in self.steps:
            sign = -1 if step % 2 else 1
            amounts = self.problem.load[step // 2]
            loads.append(tuple(have + sign * amount for have, amount in zip(loads[-1], amounts, strict=True)))
        return loads

    def _latest_arrivals(self) -> list[int]:
        """The latest arrival at what comes next, from each position, that keeps the rest legal."""
        problem, shift_end = self.problem, self.problem.shift_end[self.driver]
        latest = [shift_end if problem.covers_route else FOREVER]
        for position in range(len(self.steps) - 1, -1, -1):
            step, onward = self.steps[position], self.next[position + 1]
            leg = 0 if onward is None else problem.leg_s[self.here[position + 1]][onward]
            start_by = latest[-1] - leg - problem.service_s[step]
            if step % 2 == 0 and not problem.covers_route:
                start_by = min(start_by, shift_end)
            latest.append(last_moment(problem.spans[step], start_by))
        return latest[::-1]

    def _driven(self) -> list[int]:
        """Seconds of travel up to each position, and to the end; an unused driver does not drive at all."""
        driven = [0]
        for here, there in zip(self.here, self.next, strict=True):
            is_way = there is not None and bool(self.steps)
            driven.append(driven[-1] + (self.problem.leg_s[here][there] if is_way and there is not None else 0))
        return driven


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
    for way in _ways(draft, delivery, effort):
        if way.least < limit and (not problem.warms[driver] or _stays_cold(draft, way, effort)):
            added = _added(draft, way, effort)
            if added < limit:
                best, limit = way, added
    return None if best is None else Insertion(driver, best.steps(draft), int(limit))


def may_carry(problem: Problem, driver: int, delivery: int) -> bool:
    """Whether skills, capacity and commitments let this driver carry this delivery at all."""
    if not problem.needs[delivery] <= problem.skills[driver]:
        return False
    if problem.committed_to.get(delivery, driver) != driver:
        return False
    return all(amount <= most for amount, most in zip(problem.load[delivery], problem.capacity[driver], strict=True))


@dataclass(slots=True)
class _Way:
    """One legal pair of positions, what it adds to travel and to the delay up to its drop-off, and what follows."""

    delivery: int
    position: int
    drop_position: int
    more_travel_s: int
    delay_s: int
    meets_next: int
    least: float

    def steps(self, draft: Draft) -> Steps:
        """The route with the delivery in it."""
        before, between = draft.steps[: self.position], draft.steps[self.position : self.drop_position]
        return (*before, 2 * self.delivery, *between, 2 * self.delivery + 1, *draft.steps[self.drop_position :])


def _stays_cold(draft: Draft, way: _Way, effort: Effort) -> bool:
    """Whether nothing in the route is out of the cold for too long then."""
    steps = way.steps(draft)
    effort.spend(2 * STEP_COST_S * len(steps))
    return follow(draft.problem, draft.driver, steps) is not None


def _added(draft: Draft, way: _Way, effort: Effort) -> int:
    """What a way adds to the cost of the route."""
    problem = draft.problem
    effort.spend(STEP_COST_S * (len(draft.steps) - way.drop_position))
    match problem.objective:
        case Objective.TRAVEL_TIME:
            return way.more_travel_s
        case Objective.FEWEST_DRIVERS:
            return way.more_travel_s + (0 if draft.steps else ONE)
        case Objective.DELIVERY_DELAY:
            return ONE * (way.delay_s + _delay_after(draft, way)) + way.more_travel_s
        case Objective.EXPECTED_COST:
            steps = way.steps(draft)
            effort.spend(2 * STEP_COST_S * len(steps))
            clock = follow(problem, draft.driver, steps)
            assert clock is not None
            return route_cost(problem, draft.driver, steps, clock) - draft.cost


def _delay_after(draft: Draft, way: _Way) -> int:
    """The delay that the steps after the new drop-off gain, as far as they start at another moment than before."""
    problem, moment, gained = draft.problem, way.meets_next, 0
    for position in range(way.drop_position, len(draft.steps)):
        step, onward = draft.steps[position], draft.next[position + 1]
        start, before = first_moment(problem.spans[step], moment), draft.starts[position]
        assert start is not None
        if start == before:
            break
        if step % 2:
            gained += drop_delay_s(problem, step // 2, start) - drop_delay_s(problem, step // 2, before)
        leg = 0 if onward is None else problem.leg_s[problem.place[step]][onward]
        moment = start + problem.service_s[step] + leg
    return gained


def _ways(draft: Draft, delivery: int, effort: Effort) -> Iterator[_Way]:
    """Legal ways to put the delivery in: a pickup at one position, a drop-off at the same or a later one."""
    problem, pickup = draft.problem, 2 * delivery
    has_room = [
        all(have + more <= most for have, more, most in zip(load, problem.load[delivery], capacity, strict=True))
        for capacity in (problem.capacity[draft.driver],)
        for load in draft.loads
    ]
    last_pickup = FOREVER if problem.covers_route else problem.shift_end[draft.driver]
    for position in range(len(problem.locked[draft.driver]), len(draft.steps) + 1):
        effort.spend(POSITION_COST_S)
        if not has_room[position]:
            continue
        leg = problem.leg_s[draft.here[position]][problem.place[pickup]]
        start = first_moment(problem.spans[pickup], draft.moments[position] + leg)
        if leg < NO_WAY_S and start is not None and start <= last_pickup:
            yield from _ways_to_drop(draft, delivery, effort, position, leg, start, has_room)


def _ways_to_drop(
    draft: Draft, delivery: int, effort: Effort, position: int, driven_s: int, picked_at: int, has_room: list[bool]
) -> Iterator[_Way]:
    """For one position of the pickup, the ways to drop off, following the route as long as it stays legal."""
    problem, count = draft.problem, len(draft.steps)
    leg_s, spans, service_s = problem.leg_s, problem.spans, problem.service_s
    dropoff = 2 * delivery + 1
    drop_place, drop_spans, drop_service = problem.place[dropoff], spans[dropoff], service_s[dropoff]
    counts_delay = problem.objective == Objective.DELIVERY_DELAY
    here, moment, delay_s = problem.place[2 * delivery], picked_at + service_s[2 * delivery], 0
    for drop_position in range(position, count + 1):
        effort.spend(POSITION_COST_S)
        there, leg = draft.next[drop_position], leg_s[here][drop_place]
        start = first_moment(drop_spans, moment + leg)
        onward = 0 if there is None else leg_s[drop_place][there]
        if leg < NO_WAY_S and onward < NO_WAY_S and start is not None:
            meets = start + drop_service + onward
            if meets <= draft.latest[drop_position]:
                own_s = delay_s + drop_delay_s(problem, delivery, start)
                travel_s = driven_s + leg + onward - draft.driven_s[drop_position + 1] + draft.driven_s[position]
                least = ONE * own_s if counts_delay else -math.inf
                yield _Way(delivery, position, drop_position, travel_s, own_s, meets, least)
        if drop_position == count:
            return
        step, place = draft.steps[drop_position], draft.here[drop_position + 1]
        leg = leg_s[here][place]
        moment += leg
        if leg >= NO_WAY_S or moment > draft.latest[drop_position] or not has_room[drop_position + 1]:
            return
        start = first_moment(spans[step], moment)
        assert start is not None
        if counts_delay and step % 2:
            before = draft.starts[drop_position]
            delay_s += drop_delay_s(problem, step // 2, start) - drop_delay_s(problem, step // 2, before)
        here, moment, driven_s = place, start + service_s[step], driven_s + leg
