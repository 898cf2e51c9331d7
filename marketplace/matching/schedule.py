"""The clock of a route: when each step starts, whether every hard rule holds, how long the offer can be kept.

Every time in a reply is worked out here, from the order of the steps alone; nothing is taken from a solver.
"""

from dataclasses import dataclass

from marketplace.matching.problem import FOREVER, Problem, Spans, Steps
from marketplace.matching.request import NO_WAY_S


@dataclass(frozen=True, slots=True)
class Clock:
    """The moments of a route's steps in order, when the driver leaves, and the travel of all its legs."""

    leaves_at: int
    arrivals: tuple[int, ...]
    starts: tuple[int, ...]
    departures: tuple[int, ...]
    travel_s: int


def timed(problem: Problem, driver: int, steps: Steps) -> Clock | None:
    """The route's clock with the latest departure that delays no drop-off, or None if any hard rule is broken.

    Where ready times are estimates the departure has a head start on that.
    """
    if not is_allowed(problem, driver, steps):
        return None
    clock = follow(problem, driver, steps)
    if clock is None or problem.locked[driver]:
        return clock
    leaves_at = latest_leave(problem, driver, steps, clock)
    ahead = _drive(problem, driver, steps, leaves_at - problem.head_start_s)
    if ahead is not None and stays_cold(problem, driver, steps, ahead):
        return ahead
    return _drive(problem, driver, steps, leaves_at)


def follow(problem: Problem, driver: int, steps: Steps, leaves_at: int = 0) -> Clock | None:
    """Drives the steps from `leaves_at` (or the earliest moment) on; None where a time or a way makes it impossible.

    What may be out of the cold only for so long must keep that if the driver leaves as late as the first hand-over
    allows: then nothing waits aboard that could wait in the cold.
    """
    clock = _drive(problem, driver, steps, leaves_at)
    if clock is None or stays_cold(problem, driver, steps, clock):
        return clock
    if problem.locked[driver]:
        return None
    held = _drive(problem, driver, steps, latest_leave(problem, driver, steps, clock))
    return clock if held is not None and stays_cold(problem, driver, steps, held) else None


def stays_cold(problem: Problem, driver: int, steps: Steps, clock: Clock) -> bool:
    """Whether everything on this clock is handed over before it has been out of the cold for too long."""
    if not problem.warms[driver]:
        return True
    left_at = {step // 2: leaves for step, leaves in zip(steps, clock.departures, strict=True) if step % 2 == 0}
    return all(
        done - left_at.get(step // 2, done) <= problem.out_of_cold_s[step // 2]
        for step, done in zip(steps, clock.departures, strict=True)
        if step % 2
    )


def _drive(problem: Problem, driver: int, steps: Steps, leaves_at: int) -> Clock | None:
    place, spans, service_s, leg_s = problem.place, problem.spans, problem.service_s, problem.leg_s
    shift_end = problem.shift_end[driver]
    last_pickup = FOREVER if problem.covers_route else shift_end
    leaves_at = max(leaves_at, problem.begin[driver])
    moment, here, travel_s = leaves_at, problem.driver_place[driver], 0
    arrivals, starts, departures = [], [], []
    for step in steps:
        there = place[step]
        leg = leg_s[here][there]
        moment += leg
        start = first_moment(spans[step], moment)
        if leg >= NO_WAY_S or start is None or (step % 2 == 0 and start > last_pickup):
            return None
        arrivals.append(moment)
        starts.append(start)
        moment, here, travel_s = start + service_s[step], there, travel_s + leg
        departures.append(moment)
    end = problem.end_place[driver]
    leg = 0 if end is None else leg_s[here][end]
    if leg >= NO_WAY_S or (problem.covers_route and moment + leg > shift_end):
        return None
    return Clock(leaves_at, tuple(arrivals), tuple(starts), tuple(departures), travel_s + leg)


def latest_leave(problem: Problem, driver: int, steps: Steps, clock: Clock) -> int:
    """The last moment to leave at which no drop-off starts later than on the given, earliest clock."""
    first_drop = next(position for position, step in enumerate(steps) if step % 2)
    arrive_by = clock.starts[first_drop]
    last_pickup = FOREVER if problem.covers_route else problem.shift_end[driver]
    for position in range(first_drop, 0, -1):
        step, before = steps[position], steps[position - 1]
        leave_by = arrive_by - problem.leg_s[problem.place[before]][problem.place[step]]
        arrive_by = last_moment(problem.spans[before], min(leave_by - problem.service_s[before], last_pickup))
    return arrive_by - problem.leg_s[problem.driver_place[driver]][problem.place[steps[0]]]


def first_moment(spans: Spans, moment: int) -> int | None:
    """The first moment of the spans that is not before the given one."""
    for opens, closes in spans:
        if moment <= closes:
            return max(moment, opens)
    return None


def last_moment(spans: Spans, moment: int) -> int:
    """The last moment of the spans that is not after the given one; there is one wherever a clock was found."""
    return max(min(closes, moment) for opens, closes in spans if opens <= moment)


def is_allowed(problem: Problem, driver: int, steps: Steps) -> bool:
    """Whether order, load, skills, stops and origin keep the rules; times are the clock's affair."""
    locked = problem.locked[driver]
    if not steps or steps[: len(locked)] != locked or len(steps) > problem.max_stops[driver]:
        return False
    if any(not problem.needs[step // 2] <= problem.skills[driver] for step in steps):
        return False
    if any(problem.committed_to.get(step // 2, driver) != driver for step in steps):
        return False
    origins = {problem.place[step] for step in steps if step % 2 == 0}
    if problem.has_one_origin and len(origins) > 1:
        return False
    return is_carried(problem, driver, steps)


def is_carried(problem: Problem, driver: int, steps: Steps) -> bool:
    """Whether everything is picked up before it is dropped, all is dropped, and the load always fits."""
    aboard = set(problem.aboard[driver])
    load = list(loaded_at_start(problem, driver))
    capacity = problem.capacity[driver]
    for step in steps:
        delivery = step // 2
        if (step % 2 == 0) == (delivery in aboard):
            return False
        sign = 1 if step % 2 == 0 else -1
        load = [have + sign * amount for have, amount in zip(load, problem.load[delivery], strict=True)]
        if any(have > most for have, most in zip(load, capacity, strict=True)):
            return False
        aboard ^= {delivery}
    return not aboard and len(set(steps)) == len(steps)


def loaded_at_start(problem: Problem, driver: int) -> tuple[int, ...]:
    """The load of what the driver has on board before the first step."""
    amounts = [problem.load[delivery] for delivery in problem.aboard[driver]]
    return tuple(map(sum, zip(*amounts, strict=True))) if amounts else (0,) * len(problem.capacity[driver])
