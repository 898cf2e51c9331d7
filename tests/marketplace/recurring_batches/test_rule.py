"""Which rules are kept, on which days they fall, and that none of them is searched for without end."""

from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.recurring_batches.rule import BadRecurrence, read_recurrence

MONDAY = datetime(2026, 3, 2, 9)


def days(rule: str, *, starts_at: datetime = MONDAY, left_out: tuple[date, ...] = (), at_most: int = 3) -> list[str]:
    found = read_recurrence(rule, starts_at=starts_at, except_days=left_out, time_zone="America/Santiago")
    return [f"{day:%m-%d}" for day in found.days_from(starts_at.date(), at_most=at_most)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ["03-02", "03-03", "03-04"]),
        ("RRULE:freq=daily;interval=10", ["03-02", "03-12", "03-22"]),
        ("FREQ=WEEKLY;BYDAY=TU,SA", ["03-03", "03-07", "03-10"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", ["03-02", "03-16", "03-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["03-31", "05-31", "07-31"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["03-27", "04-24", "05-29"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", ["03-02", "04-01", "05-01"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", ["12-24", "12-24", "12-24"]),
        ("FREQ=DAILY;COUNT=2", ["03-02", "03-03"]),
        ("FREQ=DAILY;UNTIL=20260303", ["03-02", "03-03"]),
        ("FREQ=DAILY;UNTIL=20260303T085959", ["03-02"]),
        # Nine in Chile, where it is three hours earlier than in Greenwich.
        ("FREQ=DAILY;UNTIL=20260303T120000Z", ["03-02", "03-03"]),
    ],
)
def test_a_rule_falls_on_the_days_that_it_says(rule: str, expected: list[str]) -> None:
    assert days(rule) == expected


def test_days_that_are_left_out_count_and_are_not_made_up_for() -> None:
    assert days("FREQ=DAILY;COUNT=3", left_out=(date(2026, 3, 3),)) == ["03-02", "03-04"]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every day",
        "BYDAY=MO",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=60",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=x",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=2;UNTIL=20260303",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=00010101T000000",
        "FREQ=DAILY;UNTIL=99991231T235959Z",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;BYMONTHDAY=29",
        "FREQ=WEEKLY;WKST=XX",
        # What would never come true
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=-31",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=5MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=5",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;INTERVAL=52;BYMONTH=8",
        "RRULE:" + "FREQ=DAILY;" * 30,
    ],
)
def test_what_is_no_rule_or_might_never_come_true_is_refused(rule: str) -> None:
    with pytest.raises(BadRecurrence) as refused:
        days(rule)

    assert refused.value.field == "rule"


WEEKDAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    parts=st.fixed_dictionaries(
        {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])},
        optional={
            "INTERVAL": st.integers(1, 52),
            "BYDAY": st.builds(
                lambda n, names: ",".join(n + name for name in names), st.sampled_from(["", "5", "-1"]), WEEKDAYS
            ),
            "BYMONTHDAY": st.integers(1, 31) | st.integers(-31, -1),
            "BYMONTH": st.integers(1, 12),
            "BYSETPOS": st.integers(-4, -1) | st.integers(1, 4),
        },
    ),
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
)
def test_every_rule_that_is_kept_has_a_day_within_the_longest_cycle_of_the_calendar(
    parts: dict[str, str | int], day: date
) -> None:
    rule, starts_at = ";".join(f"{name}={value}" for name, value in parts.items()), datetime.combine(day, time(9))

    try:
        found = read_recurrence(rule, starts_at=starts_at, except_days=(), time_zone="America/Santiago")
    except BadRecurrence:
        return

    [first] = found.days_from(day, at_most=1)
    assert day <= first < date(day.year + 41, 1, 1)
