"""Bundles and drivers are paired off for the least sum, and nobody is paired where that is worth nothing."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import linear_sum_assignment

from marketplace.matching.dispatch import same_origin_bundles
from marketplace.matching.objectives import delay_s
from marketplace.matching.pairing import IMPOSSIBLE, MANY, crew_after, delays, pair_off
from marketplace.matching.problem import Problem, Steps
from marketplace.matching.reading import read_request
from marketplace.matching.schedule import follow, is_allowed
from marketplace.matching.travel import read_travel
from tests.marketplace.matching.questions import NOW, Json, delivery, driver, question

WORTH = 10**9


def prices(places: int, rows: int, columns: int) -> npt.NDArray[np.float64]:
    """What the pairs cost in a square town of half an hour's ride, the rows at so many places."""
    random = np.random.default_rng(3)
    spots, homes = random.random((places, 2)), random.random((columns, 2))
    here = spots[random.integers(0, places, rows)]
    return np.asarray(
        np.rint(1800 * np.hypot(*(here[:, None] - homes[None]).transpose(2, 0, 1))) - WORTH, dtype=np.float64
    )


def delay(cost: npt.NDArray[np.float64], pairs: list[tuple[int, int]]) -> float:
    """The sum over the pairs without what they are worth."""
    return float(sum(cost[pair] + WORTH for pair in pairs))


def test_pairs_that_are_worth_nothing_are_not_made() -> None:
    cost = np.array([[-5.0, -9.0, 1.0], [-4.0, -9.0, IMPOSSIBLE], [2.0, 0.0, IMPOSSIBLE]])

    assert pair_off(cost) == [(0, 0), (1, 1)]


def test_no_pairs_without_rows_or_columns() -> None:
    assert pair_off(np.zeros((0, 3))) == []
    assert pair_off(np.zeros((3, 0))) == []


def test_many_are_paired_as_well_as_with_everybody_in_view() -> None:
    cost = prices(places=MANY, rows=MANY, columns=MANY + 50)

    pairs = pair_off(cost)

    assert len(pairs) == MANY
    assert delay(cost, pairs) <= 1.01 * delay(cost, list(zip(*linear_sum_assignment(cost), strict=True)))


def test_who_finds_no_cheap_partner_left_still_gets_one() -> None:
    cost = prices(places=3, rows=MANY, columns=MANY)

    pairs = pair_off(cost)

    assert [row for row, _ in pairs] == list(range(MANY))
    assert sorted(column for _, column in pairs) == list(range(MANY))


def test_of_many_those_who_can_take_nothing_stay_out() -> None:
    cost = prices(places=MANY, rows=MANY, columns=MANY)
    cost[7] = IMPOSSIBLE
    cost[:, 9] = 5.0

    pairs = pair_off(cost)

    assert len(pairs) == MANY - 1
    assert 7 not in {row for row, _ in pairs}
    assert 9 not in {column for _, column in pairs}


def mixed_town(**options: str) -> Problem:
    """Deliveries of every kind from two shops, and drivers who may carry some of them."""
    asks: list[Json] = [
        {},
        {"pickup": {"service_s": 60, "ready_at": NOW + 900}, "dropoff": {"due_at": NOW + 1_000}},
        {"pickup": {"windows": [[NOW, NOW + 200], [NOW + 2_000, NOW + 2_400]]}, "load": [3]},
        {"dropoff": {"windows": [[NOW + 100, NOW + 1_300]], "service_s": 30}, "skills": ["fridge"]},
        {"pickup": {"windows": [[NOW - 900, NOW - 1]]}},
        {"dropoff": {"windows": [[NOW, NOW + 1], [NOW + 600, NOW + 900], [NOW + 3_000, NOW + 9_000]]}, "load": [2]},
    ]
    asked = question(
        deliveries=[delivery(f"d{i}", i % 2, 2 + i, **({"load": [1]} | changes)) for i, changes in enumerate(asks)],
        drivers=[
            driver("ana", 0, capacity=[9], shift_end=NOW + 3_600, end_location=9),
            driver("bea", 5, capacity=[2], available_at=NOW + 700, skills=["fridge"]),
            driver("eva", 3, capacity=[9], max_stops=2, shift_end=NOW + 1_500),
        ],
        options=options,
    )
    request = read_request(asked)
    return Problem(request, read_travel(request), range(len(asks)), range(3))


@pytest.mark.parametrize("covers", ["route", "pickups"])
def test_bundles_timed_together_take_what_each_takes_alone(covers: str) -> None:
    problem = mixed_town(shift_end_covers=covers)
    bundles = [*same_origin_bundles(problem, range(6), 6), *same_origin_bundles(problem, range(6), 2)]

    found = delays(crew_after(problem, range(3), {}), bundles)

    assert {len(bundle) for bundle in bundles} >= {2, 6}
    assert found.tolist() == [[alone(problem, j, bundle) for j in range(3)] for bundle in bundles]
    assert 0 < np.isfinite(found).sum() < found.size


def alone(problem: Problem, driver: int, steps: Steps) -> float:
    """The delay from now on by the clock of the reply, or that the route is against a rule."""
    clock = follow(problem, driver, steps) if is_allowed(problem, driver, steps) else None
    if clock is None:
        return IMPOSSIBLE
    return delay_s(problem, steps, clock) - sum(
        problem.now - problem.posted_at[step // 2] for step in steps if step % 2
    )
