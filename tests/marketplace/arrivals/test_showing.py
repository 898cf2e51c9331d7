"""The shown window is whole five minutes, holds while it is true, narrows by a good part, and moves when it must."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from marketplace.arrivals.showing import rounded_outward, shown_window
from marketplace.core.window import Window


def at(minutes: float) -> datetime:
    return datetime(2026, 3, 2, 14, 0, tzinfo=UTC) + timedelta(minutes=minutes)


def window(opens: float, closes: float) -> Window:
    return Window(at(opens), at(closes))


@pytest.mark.parametrize(
    ("p10", "p50", "p90", "shown"),
    [
        (2, 11, 21, (0, 25)),
        (5, 9, 15, (5, 15)),
        (1, 2, 4, (-5, 5)),
        (1, 4, 4.5, (0, 10)),
        (5, 5, 5, (0, 10)),
    ],
)
def test_a_window_is_rounded_outward_and_ten_minutes_wide_at_least(
    p10: float, p50: float, p90: float, shown: tuple[float, float]
) -> None:
    assert rounded_outward(at(p10), at(p50), at(p90)) == window(*shown)


def test_a_window_holds_while_what_is_expected_stays_in_it_or_hardly_leaves_it() -> None:
    shown = window(0, 25)

    assert shown_window(shown, p10=at(6), p50=at(12), p90=at(21)) == shown
    assert shown_window(shown, p10=at(-2), p50=at(12), p90=at(27)) == shown


def test_a_window_moves_when_what_is_expected_has_left_it() -> None:
    assert shown_window(window(0, 25), p10=at(6), p50=at(17), p90=at(28)) == window(5, 30)
    assert shown_window(window(0, 25), p10=at(-3), p50=at(4), p90=at(9)) == window(-5, 10)


def test_a_window_narrows_only_by_a_good_part_at_once() -> None:
    assert shown_window(window(0, 30), p10=at(6), p50=at(12), p90=at(19)) == window(5, 20)
    assert shown_window(window(0, 30), p10=at(6), p50=at(12), p90=at(22)) == window(0, 30)
    assert shown_window(window(0, 20), p10=at(6), p50=at(8), p90=at(9)) == window(5, 15)


def test_a_window_does_not_flicker_where_what_is_expected_does() -> None:
    source, shown, seen = Random(3), None, []
    for _ in range(500):
        off = source.uniform(-1.5, 1.5)
        shown = shown_window(shown, p10=at(10 + off), p50=at(16 + off), p90=at(24 + off))
        seen.append(shown)

    assert sum(before != after for before, after in pairwise(seen)) <= 1
