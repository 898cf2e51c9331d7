"""What each objective counts, as one whole number for each route: the sum over the routes is made least."""

from marketplace.matching.pay import expected_cost_cents, payout_cents
from marketplace.matching.problem import Problem, Routes, Steps
from marketplace.matching.request import Objective
from marketplace.matching.schedule import Clock, follow, latest_leave

ONE = 10**10
"""One driver, one second of delay or one cent, over any seconds of travel: travel decides between equals."""


def route_cost(problem: Problem, driver: int, steps: Steps, clock: Clock) -> int:
    """The cost of a route by the request's objective; travel decides where that is equal."""
    match problem.objective:
        case Objective.FEWEST_DRIVERS:
            return ONE + clock.travel_s
        case Objective.TRAVEL_TIME:
            return clock.travel_s
        case Objective.DELIVERY_DELAY:
            return ONE * delay_s(problem, steps, clock) + clock.travel_s
        case Objective.EXPECTED_COST:
            held = _held(problem, driver, steps, clock)
            payout = payout_cents(problem, driver, steps, held)
            return ONE * expected_cost_cents(problem, driver, steps, payout) + clock.travel_s


def total_cost(problem: Problem, routes: Routes) -> int:
    """The sum of the costs of legal routes."""
    total = 0
    for driver, steps in routes.items():
        clock = follow(problem, driver, steps)
        assert clock is not None
        total += route_cost(problem, driver, steps, clock)
    return total


def delay_s(problem: Problem, steps: Steps, clock: Clock) -> int:
    """The sum over the drop-offs of the seconds since posting, and of the seconds late once more."""
    return sum(
        drop_delay_s(problem, step // 2, start) for step, start in zip(steps, clock.starts, strict=True) if step % 2
    )


def drop_delay_s(problem: Problem, delivery: int, start: int) -> int:
    """The delay of one drop-off that starts at the given moment."""
    return start - problem.posted_at[delivery] + max(0, start - problem.due_at[delivery])


def _held(problem: Problem, driver: int, steps: Steps, clock: Clock) -> Clock:
    """The clock with the latest departure, where pay by the hour makes a difference; otherwise the one at hand."""
    if not problem.drivers[driver].pay.per_hour_cents or problem.locked[driver]:
        return clock
    held = follow(problem, driver, steps, latest_leave(problem, driver, steps, clock))
    assert held is not None
    return held
