"""Learns the law of acceptance from a market's own answers: the prior, moved as far as the answers carry it.

Logistic regression with a normal prior around the known weights: with no answers the prior stands, with few it hardly
moves, and a law in which more pay means fewer yeses is never learnt. Whole arrays at once; for jobs, not for requests.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from marketplace.fleet.states import ContractKind
from marketplace.matching.acceptance import PRIOR_WEIGHTS, OfferFacts, features

PRIOR_SPREAD: Mapping[str, float] = {
    "crowd": 0.35,
    "contracted": 0.35,
    "pay": 0.7,
    "approach": 0.3,
    "stops": 0.2,
    "morning": 0.2,
    "night": 0.2,
}
"""How far off the prior may well be, as a standard deviation: it weighs as much as some 35 answers."""
STEPS_AT_MOST = 50
CLOSE_ENOUGH = 1e-9

Vector = npt.NDArray[np.float64]


def fit(answers: Sequence[tuple[OfferFacts, bool]]) -> dict[str, float]:
    """The most likely weights after these answers, yes or no; those of dedicated drivers say nothing."""
    names = list(PRIOR_WEIGHTS)
    asked = [(facts, said_yes) for facts, said_yes in answers if facts.kind is not ContractKind.DEDICATED]
    if not asked:
        return dict(PRIOR_WEIGHTS)
    seen = np.array([[features(facts)[name] for name in names] for facts, _ in asked])
    said_yes = np.array([said_yes for _, said_yes in asked], dtype=np.float64)
    prior = np.array([PRIOR_WEIGHTS[name] for name in names])
    certainty = np.array([PRIOR_SPREAD[name] ** -2 for name in names])
    free = np.ones(len(names), dtype=bool)
    weights = _most_likely(seen, said_yes, prior, certainty, free, prior.copy())
    pay = names.index("pay")
    if weights[pay] < 0.0:
        # The loss is convex: where its lowest point has a negative weight, the lowest allowed one has it at 0.
        free[pay] = False
        start = weights.copy()
        start[pay] = 0.0
        weights = _most_likely(seen, said_yes, prior, certainty, free, start)
    return dict(zip(names, weights.tolist(), strict=True))


def _most_likely(
    seen: Vector, said_yes: Vector, prior: Vector, certainty: Vector, free: npt.NDArray[np.bool_], weights: Vector
) -> Vector:
    """Newton's steps down a convex loss, each halved until it goes down; weights that are not free stay."""

    def loss(at: Vector) -> float:
        odds = seen @ at
        return float(np.logaddexp(0.0, odds).sum() - said_yes @ odds + 0.5 * (certainty * (at - prior) ** 2).sum())

    height = loss(weights)
    for _ in range(STEPS_AT_MOST):
        chance = 1.0 / (1.0 + np.exp(-(seen @ weights)))
        slope = seen.T @ (chance - said_yes) + certainty * (weights - prior)
        bend = (seen * (chance * (1.0 - chance))[:, None]).T @ seen + np.diag(certainty)
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        while loss(weights - step) > height and np.abs(step).max() > CLOSE_ENOUGH:
            step = step / 2.0
        if np.abs(step).max() <= CLOSE_ENOUGH:
            break
        weights = weights - step
        height = loss(weights)
    return weights
