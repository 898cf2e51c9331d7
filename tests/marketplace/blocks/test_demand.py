"""Demand on the local clock, the baseline beside the model, and how far off each was."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from marketplace.adapters.holt_winters import holt_winters
from marketplace.blocks import foresee, mase, seasonal_baseline, wall_series, wmape_percent

HOUR = timedelta(hours=1)
SANTIAGO = "America/Santiago"
WEEK = 168


def week_of_a_market(weeks: int, seed: int) -> list[float]:
    """Hours with two peaks a day, more at the weekend, and chance."""
    random = Random(seed)
    busy = [0] * 8 + [20, 20, 22, 30, 34, 30, 22, 20, 24, 40, 50, 42, 26, 20, 0, 0]
    return [
        float(sum(random.random() < busy[hour % 24] * (1.3 if hour // 24 % 7 >= 5 else 1.0) / 100 for _ in range(100)))
        for hour in range(weeks * WEEK)
    ]


@pytest.mark.parametrize(
    ("midnight", "hours", "last_wall_hour"),
    [
        # Clocks go forward on 6 September 2026 and back on 5 April 2026, both at midnight.
        (datetime(2026, 9, 5, 4, tzinfo=UTC), 47, 48),
        (datetime(2026, 4, 4, 3, tzinfo=UTC), 49, 48),
        (datetime(2026, 3, 2, 3, tzinfo=UTC), 48, 48),
    ],
)
def test_a_day_has_24_hours_on_the_wall_whatever_the_clock_does(
    midnight: datetime, hours: int, last_wall_hour: int
) -> None:
    counts = {midnight + step * HOUR: 6.0 for step in range(hours)}

    first, series = wall_series(counts, begins=midnight, ends=midnight + hours * HOUR, time_zone=SANTIAGO)

    assert (first.hour, len(series)) == (0, last_wall_hour)
    # The hour that is left out has nobody yet to take after; the one that comes twice is the mean of both.
    assert series.count(6.0) == min(hours, 48)


def test_the_baseline_is_the_week_before_or_the_day_or_the_mean() -> None:
    week = [float(hour) for hour in range(WEEK)]

    assert seasonal_baseline([*week, *week], 170)[166:] == [166.0, 167.0, 0.0, 1.0]
    assert seasonal_baseline(week[:30], 3) == [6.0, 7.0, 8.0]
    assert seasonal_baseline([2.0, 4.0], 2) == [3.0, 3.0]
    assert seasonal_baseline([], 1) == [0.0]


def test_errors_are_parts_of_what_came_and_of_the_usual_miss() -> None:
    assert wmape_percent([10.0, 0.0, 10.0], [8.0, 1.0, 11.0]) == 20.0
    assert wmape_percent([0.0], [1.0]) is None
    history = [1.0] * WEEK + [3.0] * WEEK
    assert mase([4.0, 4.0], [3.0, 3.0], history) == 0.5
    assert mase([4.0], [3.0], [1.0] * WEEK) is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_library_is_closer_than_the_week_before(seed: int) -> None:
    found = foresee(week_of_a_market(6, seed), 24, holt_winters)

    assert (found.model, found.measured.hours, len(found.hours)) == ("HOLT_WINTERS", WEEK, 24)
    assert found.measured.is_model_closer
    assert min(found.hours) >= 0.0


def test_a_model_that_is_further_off_is_not_taken() -> None:
    series = week_of_a_market(4, 1)

    def nonsense(_series: Sequence[float], horizon: int) -> Sequence[float]:
        return [1000.0] * horizon

    found = foresee(series, WEEK, nonsense)

    assert (found.model, found.hours) == ("SEASONAL_NAIVE", series[-WEEK:])


def test_too_short_a_history_is_not_fitted() -> None:
    def never(_series: Sequence[float], _horizon: int) -> Sequence[float]:
        raise AssertionError("there is nothing to learn a week from")

    found = foresee(week_of_a_market(3, 1)[:-1], 24, never)

    assert (found.model, found.measured.hours, len(found.hours)) == ("SEASONAL_NAIVE", 0, 24)


def test_nobody_loads_the_library_but_whoever_fits() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, marketplace.blocks, workers.jobs; print('statsmodels' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "False"
