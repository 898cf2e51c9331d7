"""An insertion is legal and adds exactly what it says; no other place in the route would add less."""

from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings

from marketplace.matching.effort import Effort
from marketplace.matching.insertion import Draft, best_insertion
from marketplace.matching.objectives import route_cost
from marketplace.matching.problem import Problem, Steps
from marketplace.matching.reading import read_request
from marketplace.matching.schedule import follow, is_allowed
from marketplace.matching.travel import read_travel
from tests.marketplace.matching.questions import NOW, Json
from tests.marketplace.matching.random_questions import questions


def cheapest_by_trying_all(problem: Problem, steps: Steps, delivery: int) -> int | None:
    """What the cheapest of all pairs of positions adds, found by driving every one of them."""
    before = follow(problem, 0, steps) if steps else None
    base = route_cost(problem, 0, steps, before) if before else 0
    costs = []
    for first, second in combinations_with_replacement(range(len(problem.locked[0]), len(steps) + 1), 2):
        longer = (*steps[:first], 2 * delivery, *steps[first:second], 2 * delivery + 1, *steps[second:])
        clock = follow(problem, 0, longer) if is_allowed(problem, 0, longer) else None
        if clock is not None:
            costs.append(route_cost(problem, 0, longer, clock) - base)
    return min(costs, default=None)


@settings(max_examples=60, deadline=None, derandomize=True)
@pytest.mark.parametrize("objective", ["fewest_drivers", "travel_time", "delivery_delay", "expected_cost"])
@given(asked=questions(deliveries=(2, 5), drivers=(1, 1), has_locked=False))
def test_no_place_is_cheaper_than_the_one_that_is_found(asked: Json, objective: str) -> None:
    asked["options"]["objective"] = objective
    request = read_request(asked)
    problem = Problem(request, read_travel(request), range(len(request.deliveries)), [0])
    if problem.begin[0] > problem.shift_end[0]:
        return

    steps: Steps = ()
    for delivery in range(len(problem.deliveries)):
        found = best_insertion(Draft(problem, 0, steps), delivery, Effort(10))

        assert (None if found is None else found.added) == cheapest_by_trying_all(problem, steps, delivery)
        steps = steps if found is None else found.steps


@pytest.mark.parametrize("limit", [300, 301])
def test_what_adds_no_less_than_the_limit_is_not_looked_for(limit: int) -> None:
    asked = {
        "request_id": 1,
        "now": NOW,
        "durations_s": [[0, 300], [300, 0]],
        "deliveries": [{"id": "tea", "pickup": {"location": 0}, "dropoff": {"location": 1}}],
        "drivers": [{"id": "ana", "location": 0, "shift_end": NOW + 900}],
        "options": {"objective": "travel_time"},
    }
    request = read_request(asked)
    problem = Problem(request, read_travel(request), [0], [0])

    found = best_insertion(Draft(problem, 0, ()), 0, Effort(1), limit=limit)

    assert (found is not None) == (limit > 300)
