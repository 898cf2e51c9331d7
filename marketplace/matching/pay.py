"""What a route pays its driver, and what it costs once the chance of being declined is counted."""

import math
from itertools import pairwise

from marketplace.matching.problem import Problem, Steps
from marketplace.matching.schedule import Clock

ANSWER_TIME_S = 60
"""How long a declined offer keeps a delivery waiting, as long as no market says otherwise."""
WAITING_CENTS_PER_HOUR = 1500
"""What an hour of waiting costs for each delivery."""
LOWEST_ACCEPT_PROB = 0.05
"""Below this chance of acceptance the price of a decline grows no further."""


def distance_m(problem: Problem, driver: int, steps: Steps) -> int | None:
    """Metres of all legs with the one to the driver's end, or None where the request has no distances."""
    if problem.leg_m is None:
        return None
    places = [problem.driver_place[driver], *(problem.place[step] for step in steps)]
    end = problem.end_place[driver]
    places += [] if end is None else [end]
    return sum(problem.leg_m[a][b] for a, b in pairwise(places))


def payout_cents(problem: Problem, driver: int, steps: Steps, clock: Clock) -> int:
    """Fixed pay, pay for drop-offs, time and distance in whole cents, rounded half up once."""
    pay = problem.drivers[driver].pay
    drops = sum(step % 2 for step in steps)
    metres = (distance_m(problem, driver, steps) or 0) if pay.per_km_cents else 0
    worked_s = clock.departures[-1] - clock.leaves_at
    parts = 3_600_000 * (pay.fixed_cents + pay.per_stop_cents * drops)
    parts += 1_000 * pay.per_hour_cents * worked_s + 3_600 * pay.per_km_cents * metres
    return (2 * parts + 3_600_000) // 7_200_000


def expected_cost_cents(problem: Problem, driver: int, steps: Steps, payout: int) -> int:
    """The payout and, with the chance of a decline, the waiting it causes and a dearer driver after it."""
    accept_prob = problem.drivers[driver].accept_prob
    drops = sum(step % 2 for step in steps)
    extra = payout * decline_factor(accept_prob) + waiting_cents(accept_prob, drops)
    return payout + math.floor(extra + 0.5)


def decline_factor(accept_prob: float) -> float:
    """What the chance of a decline adds to a payout, as a part of it.

    Where a share p of drivers takes such an offer, the next driver is reckoned to cost the payout divided by p.
    """
    return (1 - accept_prob) * (1 / max(accept_prob, LOWEST_ACCEPT_PROB) - 1)


def waiting_cents(accept_prob: float, drops: int) -> float:
    """What the waiting costs that the chance of a decline means for so many deliveries."""
    return (1 - accept_prob) * (drops * ANSWER_TIME_S * WAITING_CENTS_PER_HOUR / 3600)
