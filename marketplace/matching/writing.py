"""Writes a finished route with its clock, its offer and its pay, as the reply states it."""

from marketplace.matching.pay import distance_m, expected_cost_cents, payout_cents
from marketplace.matching.problem import Problem, Steps
from marketplace.matching.reply import PlannedRoute, PlannedStep
from marketplace.matching.request import StepKind
from marketplace.matching.schedule import timed


def planned_route(problem: Problem, driver: int, steps: Steps) -> PlannedRoute | None:
    """The route as the reply states it, or None if it breaks any hard rule.

    An offer is held until the driver must leave. A driver who is committed already needs no new offer to leave.
    """
    clock = timed(problem, driver, steps)
    if clock is None:
        return None
    payout = payout_cents(problem, driver, steps, clock)
    moments = zip(steps, clock.arrivals, clock.starts, clock.departures, strict=True)
    return PlannedRoute(
        driver_id=problem.drivers[driver].id,
        steps=tuple(_planned_step(problem, step, arrival, start, left) for step, arrival, start, left in moments),
        offer_at=problem.now if problem.locked[driver] else clock.leaves_at,
        payout_cents=payout,
        expected_cost_cents=expected_cost_cents(problem, driver, steps, payout),
        travel_s=clock.travel_s,
        distance_m=distance_m(problem, driver, steps),
    )


def _planned_step(problem: Problem, step: int, arrival: int, start: int, departure: int) -> PlannedStep:
    delivery = problem.deliveries[step // 2]
    return PlannedStep(
        delivery_id=delivery.id,
        kind=StepKind.DROPOFF if step % 2 else StepKind.PICKUP,
        location=(delivery.dropoff if step % 2 else delivery.pickup).location,
        arrival=arrival,
        start=start,
        departure=departure,
    )
