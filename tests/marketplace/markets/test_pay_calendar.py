"""Pay periods follow the market's own clock, over clock changes and midnights, and leave no moment out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.markets import BadPayCalendar, PayCalendar

FORTNIGHT = PayCalendar(first_day=date(2024, 12, 30), hour=4, days=14, settle_after_h=72)
ZONES = ["America/Los_Angeles", "America/New_York", "America/Santiago", "Europe/Lisbon", "Australia/Lord_Howe", "UTC"]


def local(*parts: int, zone: str = "America/Los_Angeles") -> datetime:
    year, month, day, hour = parts
    return datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_a_period_begins_on_its_day_at_its_hour_and_the_next_where_it_ends() -> None:
    period = FORTNIGHT.period_of(local(2025, 1, 13, 4), "America/Los_Angeles")

    assert (period.starts_at, period.ends_at) == (local(2025, 1, 13, 4), local(2025, 1, 27, 4))
    before = FORTNIGHT.period_of(local(2025, 1, 13, 3), "America/Los_Angeles")
    assert before.ends_at == period.starts_at
    assert FORTNIGHT.settles_at(period) == local(2025, 1, 30, 4)


def test_a_moment_before_the_first_day_has_its_period_too() -> None:
    period = FORTNIGHT.period_of(local(2024, 12, 29, 12), "America/Los_Angeles")

    assert (period.starts_at, period.ends_at) == (local(2024, 12, 16, 4), local(2024, 12, 30, 4))


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 2), 167), (date(2026, 10, 26), 169), (date(2026, 6, 1), 168)]
)
def test_a_week_over_a_clock_change_is_an_hour_shorter_or_longer(day: date, hours: int) -> None:
    weekly = PayCalendar(first_day=date(2025, 3, 31), hour=0, days=7, settle_after_h=0)

    period = weekly.period_of(local(day.year, day.month, day.day, 5, zone="America/New_York"), "America/New_York")

    assert period.ends_at - period.starts_at == timedelta(hours=hours)
    assert period.starts_at == local(day.year, day.month, day.day, 0, zone="America/New_York")


def test_an_hour_that_a_clock_change_leaves_out_still_begins_a_period() -> None:
    daily = PayCalendar(first_day=date(2026, 1, 1), hour=2, days=1, settle_after_h=0)

    period = daily.period_of(local(2026, 3, 8, 12), "America/Los_Angeles")

    assert period.starts_at == datetime(2026, 3, 8, 10, tzinfo=UTC)
    assert daily.period_of(period.starts_at - timedelta(seconds=1), "America/Los_Angeles").ends_at == period.starts_at


@settings(deadline=None, max_examples=300)
@given(
    moment=st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    days=st.integers(1, 31),
)
def test_every_moment_is_in_exactly_one_period(moment: datetime, zone: str, hour: int, days: int) -> None:
    calendar = PayCalendar(first_day=date(2026, 3, 2), hour=hour, days=days, settle_after_h=0)

    period = calendar.period_of(moment, zone)

    assert period.starts_at <= moment < period.ends_at
    assert calendar.period_of(period.starts_at, zone) == period
    assert calendar.period_of(period.ends_at - timedelta(microseconds=1), zone) == period
    assert calendar.period_of(period.ends_at, zone).starts_at == period.ends_at
    assert abs(period.ends_at - period.starts_at - timedelta(days=days)) <= timedelta(hours=1)


@pytest.mark.parametrize(
    "wrong", [{"hour": 24}, {"hour": -1}, {"days": 0}, {"days": 32}, {"settle_after_h": 337}, {"days": True}]
)
def test_a_calendar_without_periods_is_refused(wrong: dict[str, Any]) -> None:
    values: dict[str, Any] = {"first_day": date(2026, 3, 2), "hour": 0, "days": 7, "settle_after_h": 0}

    with pytest.raises(BadPayCalendar) as refused:
        PayCalendar(**values | wrong)

    assert refused.value.field == next(iter(wrong))
