"""How far off predictions are is counted: a guess holds until there is better, and the outer tenths are fair."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.arrivals.spread import (
    GREATEST_TAIL,
    LEAST_TAIL,
    MEMORY,
    PRIOR_COUNT,
    STEPS,
    TAIL,
    Spread,
    add_ratio,
    guess,
    moved_tail,
    ratio,
    step_of,
    stretched,
)


def counted(values: list[float]) -> list[float]:
    counts = [0.0] * STEPS
    for value in values:
        add_ratio(counts, value)
    return counts


def test_a_ratio_compares_times_with_a_minute_added() -> None:
    assert ratio(540.0, 540.0) == 1.0
    assert ratio(540.0, 1_140.0) == 2.0
    assert stretched(540.0, 2.0) == 1_140.0
    assert stretched(0.0, 0.5) == 0.0


def test_what_is_out_of_all_proportion_counts_in_the_outermost_steps() -> None:
    assert step_of(0.0001) == 0
    assert step_of(1_000.0) == STEPS - 1


def test_the_guess_has_its_middle_at_the_prediction_and_is_as_wide_as_it_says() -> None:
    spread = Spread([0.0] * STEPS, 0.2)

    assert sum(guess(0.2)) == pytest.approx(PRIOR_COUNT)
    low, high = spread.outer()
    assert spread.quantile(0.5) == pytest.approx(1.0, abs=0.01)
    # ± 1.28 deviations hold eight of ten; the few arrivals that a guess stands for take the ends further out.
    assert 0.66 < low < 0.78
    assert 1.28 < high < 1.52


def test_many_arrivals_count_for_more_than_the_guess() -> None:
    spread = Spread(counted([1.5] * 500), 0.2)

    assert spread.quantile(0.5) == pytest.approx(1.5, abs=0.03)
    assert PRIOR_COUNT + 0.9 * MEMORY < spread.total < PRIOR_COUNT + MEMORY


def test_what_was_learnt_holds_eight_of_ten_that_come() -> None:
    source = Random(7)
    low, high = Spread(counted([source.lognormvariate(0.1, 0.3) for _ in range(400)]), 0.3).outer()

    came = [source.lognormvariate(0.1, 0.3) for _ in range(4_000)]

    assert 0.75 < sum(low <= value <= high for value in came) / len(came) < 0.84


def test_old_arrivals_fade_as_new_ones_come() -> None:
    counts = counted([0.8] * 2_000)
    for _ in range(300):
        add_ratio(counts, 1.3)

    assert Spread(counts, 0.2).quantile(0.5) == pytest.approx(1.3, abs=0.03)


def test_the_chance_of_more_falls_from_one_to_none() -> None:
    spread = Spread([0.0] * STEPS, 0.2)

    chances = [spread.chance_above(value) for value in (0.0, 0.1, 0.8, 1.0, 1.2, 5.0)]

    assert chances == sorted(chances, reverse=True)
    assert (chances[0], chances[1], chances[-1]) == (1.0, 1.0, 0.0)
    assert chances[3] == pytest.approx(0.5, abs=0.01)


def test_a_window_that_missed_makes_the_next_one_wider_and_nine_that_held_make_up_for_it() -> None:
    assert moved_tail(0.1, is_missed=True) == pytest.approx(0.082)
    assert moved_tail(0.1, is_missed=False) == pytest.approx(0.102)

    tail = TAIL
    for is_missed in [True, *[False] * 9]:
        tail = moved_tail(tail, is_missed=is_missed)

    assert tail == pytest.approx(TAIL)


def test_no_run_of_luck_moves_a_tail_for_good() -> None:
    tail = TAIL
    for _ in range(200):
        tail = moved_tail(tail, is_missed=False)
    assert tail == GREATEST_TAIL

    for _ in range(200):
        tail = moved_tail(tail, is_missed=True)
    assert tail == LEAST_TAIL


def test_a_smaller_tail_is_a_wider_window_on_its_side_only() -> None:
    spread = Spread(counted([1.0 + 0.01 * number for number in range(-30, 31)] * 5), 0.2)

    low, high = spread.outer()
    lower, same = spread.outer(early=0.05)

    assert lower < low
    assert same == high


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(0.05, 20.0), max_size=60),
    early=st.floats(LEAST_TAIL, GREATEST_TAIL),
    late=st.floats(LEAST_TAIL, GREATEST_TAIL),
)
def test_whatever_happened_a_window_has_its_ends_in_order(values: list[float], early: float, late: float) -> None:
    low, high = Spread(counted(values), 0.2).outer(early, late)

    assert 0.0 < low < high
