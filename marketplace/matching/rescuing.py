"""Finds room beyond the borders of zones for what found none in its own."""

from collections.abc import Sequence

from marketplace.matching.candidates import nearest_drivers
from marketplace.matching.drawing import Drawn, drawn_from, routes_within
from marketplace.matching.effort import Effort
from marketplace.matching.filling import fill
from marketplace.matching.problem import Problem
from marketplace.matching.request import PlanRequest
from marketplace.matching.travel import Travel

TOGETHER = 40
"""How many deliveries, and how many drivers near them, are looked at in one go."""


def rescue(
    request: PlanRequest, travel: Travel, drawn: Drawn, left: Sequence[int], drivers: Sequence[int], effort: Effort
) -> tuple[Drawn, set[int]]:
    """The routes with what found room in one nearby, and the deliveries that the effort did not reach."""
    drawn, untried = dict(drawn), set[int]()
    for begin in range(0, len(left), TOGETHER):
        chunk = left[begin : begin + TOGETHER]
        if not effort.covers(0):
            untried.update(left[begin:])
            break
        near = nearest_drivers(request, travel, chunk, drivers, TOGETHER)
        carried = {step // 2 for number in near if number in drawn for step in drawn[number].steps_in_request}
        problem = Problem(request, travel, sorted(carried.union(chunk)), near)
        missing = [i for i, number in enumerate(problem.delivery_numbers) if number in set(chunk)]
        filled = fill(problem, routes_within(problem, drawn), missing, range(len(near)), effort)
        drawn |= drawn_from(problem, filled.routes)
        untried.update(problem.delivery_numbers[i] for i in filled.untried)
    return drawn, untried
