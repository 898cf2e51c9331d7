"""The days of a rural zone: served ones, cut-offs by the wall clock, and terms that nobody could keep."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.window import Window
from marketplace.rural import BadRuralZone, local_day
from tests.marketplace.rural.zones import terms

SANTIAGO = "America/Santiago"
MONDAY = date(2026, 3, 2)
WEDNESDAY_SIX = datetime(2026, 3, 4, 21, tzinfo=UTC)


def test_a_day_can_be_ordered_for_up_to_the_minute_of_its_cut_off() -> None:
    zone, late = terms(), WEDNESDAY_SIX + timedelta(minutes=1)

    assert zone.next_day(MONDAY, now=WEDNESDAY_SIX, time_zone=SANTIAGO) == date(2026, 3, 5)
    assert zone.next_day(MONDAY, now=late, time_zone=SANTIAGO) == date(2026, 3, 12)


def test_a_day_on_which_nothing_is_sent_is_passed_over() -> None:
    day = terms(days=(2, 4)).next_day(
        MONDAY, now=datetime(2026, 3, 2, 15, tzinfo=UTC), time_zone=SANTIAGO, is_open=lambda day: day.day != 3
    )

    assert day == date(2026, 3, 5)


def test_all_of_a_day_is_planned_at_one_moment_whenever_its_windows_open() -> None:
    day = [datetime(2026, 3, 5, hour, tzinfo=UTC) for hour in (12, 14, 18, 21)]
    early, late = Window(day[0], day[1]), Window(day[2], day[3])

    moments = {
        terms(**changes).gathers_until(window, SANTIAGO, plan_ahead=timedelta(hours=1))
        for changes in ({}, {"cutoff": time(12)})
        for window in (early, late)
    }

    assert moments == {datetime(2026, 3, 5, 9, tzinfo=UTC)}
    the_same_day = terms(cutoff=time(8), cutoff_days=0)
    assert the_same_day.gathers_until(late, SANTIAGO, plan_ahead=timedelta(hours=1)) == datetime(
        2026, 3, 5, 11, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "li mari"}, "code"),
        ({"name": ""}, "name"),
        ({"days": ()}, "days"),
        ({"days": (4, 2)}, "days"),
        ({"days": (0,)}, "days"),
        ({"opens": time(18)}, "closes"),
        ({"cutoff_days": 8}, "cutoff_days"),
        ({"cutoff_days": 0}, "cutoff"),
        ({"window_s": 60}, "window_s"),
        ({"surcharge_minor": -1}, "surcharge_minor"),
    ],
)
def test_terms_that_nobody_could_keep_are_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRuralZone) as refused:
        terms(**changes)

    assert refused.value.field == field


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    time_zone=st.sampled_from([SANTIAGO, "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
    days=st.sets(st.integers(1, 7), min_size=1).map(sorted).map(tuple),
    cutoff_days=st.integers(0, 7),
)
def test_there_is_always_a_next_day_and_its_cut_off_is_still_ahead(
    now: datetime, time_zone: str, days: tuple[int, ...], cutoff_days: int
) -> None:
    zone = terms(days=days, cutoff_days=cutoff_days, cutoff=time(8))

    day = zone.next_day(local_day(now, time_zone), now=now, time_zone=time_zone)

    assert day is not None
    assert day.isoweekday() in days
    assert now <= zone.cut_off(day, time_zone)
    assert zone.gathers_until(zone.hours(day, time_zone), time_zone, plan_ahead=timedelta(hours=1)) >= now
