"""Bundles and drivers are paired off for the least sum, and nobody is paired where that is worth nothing."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from marketplace.matching.pairing import IMPOSSIBLE, MANY, pair_off

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
