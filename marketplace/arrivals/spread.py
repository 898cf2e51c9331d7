"""How far off predictions are: ratios of what happened to what was predicted, counted, with a guess to begin with.

A ratio compares seconds from the prediction to the arrival, each with a minute added: without it the last moments
before a door would count as wildly wrong. Ratios are counted in steps on a logarithmic scale; old counts fade as new
ones come.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

ADDED_S = 60.0
LOWEST, STEP, STEPS = -1.4, 0.04, 70
"""Logarithms of ratios from 0.25 to 4, four per cent wide; what is beyond counts in the outermost steps."""
PRIOR_COUNT = 15.0
"""The guess weighs as much as so many arrivals."""
MEMORY = 100.0
"""About so many of the latest arrivals of a horizon count: streets and what is known of them change within a day."""
TAIL = 0.1
"""One arrival in ten is to be before the window and one after it."""
TAIL_STEP = 0.02
LEAST_TAIL, GREATEST_TAIL = 0.01, 0.25
"""By how much one arrival moves the part of the counts that a window leaves out, and how far it is ever moved."""


def ratio(predicted_s: float, actual_s: float) -> float:
    """What happened as a share of what was predicted."""
    return (max(actual_s, 0.0) + ADDED_S) / (max(predicted_s, 0.0) + ADDED_S)


def stretched(predicted_s: float, factor: float) -> float:
    """The seconds that a ratio of that size makes of a prediction; the other way round of `ratio`."""
    return max(0.0, (max(predicted_s, 0.0) + ADDED_S) * factor - ADDED_S)


def step_of(value: float) -> int:
    """The step in which a ratio is counted."""
    return min(STEPS - 1, max(0, math.floor((math.log(value) - LOWEST) / STEP)))


def add_ratio(counts: list[float], value: float) -> None:
    """Counts one more ratio, and lets the old ones fade a little."""
    counts[:] = [count * (1.0 - 1.0 / MEMORY) for count in counts]
    counts[step_of(value)] += 1.0


def moved_tail(tail: float, *, is_missed: bool) -> float:
    """The part of the counts that windows leave out on one side, after one more arrival.

    Adaptive conformal inference: each arrival beyond the window makes the next windows a little wider on that side, and
    each other one nine times less narrower. So one in ten is beyond in the long run, whatever streets and routers do.
    """
    return min(GREATEST_TAIL, max(LEAST_TAIL, tail + TAIL_STEP * (TAIL - is_missed)))


def guess(sigma: float) -> list[float]:
    """Counts that stand for a spread of that width before anything has happened: of a median of 1, lognormal."""
    bounds = [_below((LOWEST + STEP * number) / sigma) for number in range(1, STEPS)]
    return [PRIOR_COUNT * part for part in _differences([0.0, *bounds, 1.0])]


def _below(deviations: float) -> float:
    return 0.5 * (1.0 + math.erf(deviations / math.sqrt(2.0)))


def _differences(values: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(values)]


class Spread:
    """Counted ratios with the guess added, to be asked for quantiles and chances."""

    def __init__(self, counts: Sequence[float], sigma: float) -> None:
        self._sums = list(accumulate(own + prior for own, prior in zip(counts, guess(sigma), strict=True)))

    @property
    def total(self) -> float:
        """How many arrivals it rests on, the guess included."""
        return self._sums[-1]

    def outer(self, early: float = TAIL, late: float = TAIL) -> tuple[float, float]:
        """The two ratios between which a window lies that leaves out these parts of the counts.

        Split conformal: of n arrivals the one that comes next is as likely to fall into each of the n + 1 gaps between
        them, so the quantiles are taken that much further out.
        """
        return self.quantile(self._beyond(early)), self.quantile(1.0 - self._beyond(late))

    def _beyond(self, tail: float) -> float:
        return max(0.0, tail - (1.0 - tail) / self.total)

    def quantile(self, part: float) -> float:
        """The ratio below which that part of the arrivals is."""
        wanted = part * self.total
        number = next((index for index, so_far in enumerate(self._sums) if so_far >= wanted), STEPS - 1)
        before = self._sums[number - 1] if number else 0.0
        here = self._sums[number] - before
        share = (wanted - before) / here if here > 0 else 0.5
        return math.exp(LOWEST + STEP * (number + share))

    def chance_above(self, value: float) -> float:
        """The part of the arrivals whose ratio is above that."""
        if value <= 0.0:
            return 1.0
        place = (math.log(value) - LOWEST) / STEP
        if place <= 0.0 or place >= STEPS:
            return 1.0 if place <= 0.0 else 0.0
        number = int(place)
        before = self._sums[number - 1] if number else 0.0
        below = before + (place - number) * (self._sums[number] - before)
        return min(1.0, max(0.0, 1.0 - below / self.total))
