"""The adapter gives VROOM numbers that it cannot misread, and reads its routes in either of two ways."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
import vroom

from marketplace.matching.problem import Problem
from marketplace.matching.reading import read_request
from marketplace.matching.travel import read_travel
from marketplace.matching.vroom_solver import read_routes, solve_with_vroom
from tests.marketplace.matching.questions import NOW, Json, delivery, driver, question


def problem_of(asked: Json) -> Problem:
    """The whole request as one problem."""
    request = read_request(asked)
    return Problem(request, read_travel(request), range(len(request.deliveries)), range(len(request.drivers)))


def solved(asked: Json, **changes: Any) -> dict[int, tuple[int, ...]]:
    """VROOM's routes for the whole request."""
    problem = problem_of(asked)
    settings: dict[str, Any] = {"depth": 0, "committed": {}} | changes
    return solve_with_vroom(
        problem, deliveries=range(len(problem.deliveries)), drivers=range(len(problem.drivers)), **settings
    )


def test_routes_are_the_same_through_objects_and_through_json() -> None:
    found = vroom.Input()
    found.set_durations_matrix("car", [[0, 60, 90, 30], [60, 0, 50, 80], [90, 50, 0, 40], [30, 80, 40, 0]])
    found.add_vehicle([vroom.Vehicle(n, start=n, capacity=[2], skills={n}) for n in (0, 3)])
    found.add_shipment(vroom.ShipmentStep(5, 1), vroom.ShipmentStep(5, 2), amount=vroom.Amount([1]))
    found.add_job(vroom.Job(7, 2, delivery=vroom.Amount([1]), skills={3}))
    solution = found.solve(0, nb_threads=1)

    by_json = read_routes(SimpleNamespace(to_dict=solution.to_dict))

    assert list(read_routes(solution)) == list(by_json)
    assert sorted(step for _, steps in read_routes(solution) for step in steps) == [10, 11, 15]


def test_at_most_so_many_tasks_are_given_to_a_driver() -> None:
    asked = question(
        deliveries=[delivery(f"d{i}", i, i + 1) for i in range(4)], drivers=[driver("ana", 0), driver("bea", 0)]
    )

    routes = solved(asked, most_tasks=4)

    assert sorted(map(len, routes.values())) == [4, 4]


@pytest.mark.parametrize("load", [2**62, 10**30])
def test_loads_too_large_for_vroom_are_scaled_and_not_wrapped(load: int) -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 2, load=[load]), delivery("bun", 1, 2, load=[1])],
        drivers=[driver("small", 1, capacity=[5]), driver("large", 1, capacity=[load])],
    )

    routes = solved(asked)

    assert [driver for driver, steps in routes.items() if 0 in steps] == [1]


def test_a_place_without_a_way_leaves_out_that_delivery_alone() -> None:
    no_way = 100_000_000
    town = [[0, 60, no_way], [60, 0, no_way], [no_way, no_way, 0]]
    asked = question(
        durations_s=town,
        deliveries=[delivery("tea", 0, 1), delivery("bun", 0, 2)],
        drivers=[driver("ana", 0, shift_end=2**32 - 1)],
    )

    assert solved(asked) == {0: (0, 1)}


def test_moments_at_the_end_of_their_range_do_not_wrap() -> None:
    last = 2**32 - 1
    tea = delivery("tea", 1, 2, dropoff={"windows": [[last - 100, last]]})
    asked = question(now=0, deliveries=[tea], drivers=[driver("ana", 0, shift_end=last)])

    assert solved(asked) == {0: (0, 1)}


def test_a_window_that_is_over_leaves_out_that_delivery_alone() -> None:
    over = delivery("tea", 1, 2, pickup={"windows": [[0, NOW - 1]]})
    asked = question(deliveries=[over, delivery("bun", 1, 2)], drivers=[driver("ana", 0)])

    assert solved(asked) == {0: (2, 3)}


def test_windows_that_overlap_touch_or_come_unsorted_are_made_one() -> None:
    windows = [[NOW + 500, NOW + 900], [NOW, NOW + 200], [NOW + 100, NOW + 499]]
    asked = question(deliveries=[delivery("tea", 1, 2, pickup={"windows": windows})], drivers=[driver("ana", 0)])

    assert problem_of(asked).spans[0] == ((NOW, NOW + 900),)
    assert solved(asked) == {0: (0, 1)}


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_where_many_routes_cost_the_same_the_answer_is_always_the_same(depth: int) -> None:
    asked = town_of_equals(6)

    answers = {tuple(solved(asked, depth=depth).items()) for _ in range(40)}

    assert len(answers) == 1


def town_of_equals(number: int) -> Json:
    """A town of five by five corners and twelve drivers who are like each other, at one of them: ties everywhere."""
    draw = random.Random(number)
    corners = [(draw.randrange(5), draw.randrange(5)) for _ in range(60)] + [(0, 0)]
    return question(
        durations_s=[[60 * (abs(a - c) + abs(b - d)) for c, d in corners] for a, b in corners],
        deliveries=[delivery(f"d{i}", 2 * i, 2 * i + 1, load=[1]) for i in range(30)],
        drivers=[driver(f"v{j}", 60, capacity=[3], max_stops=8) for j in range(12)],
        options={"objective": "travel_time"},
    )
