"""What a tier promises: windows by the wall clock, cut-offs that name the next day, and closed days."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.batches import LocalWindow
from marketplace.batches.tiers import BadTier, CutOffPassed, Promised, promised_windows, windows_within
from marketplace.core.window import Window, zone
from marketplace.hubs import DayHours, Opening
from marketplace.shippers import ServiceLevel, Tier
from tests.marketplace.batches.orders import order

SANTIAGO = "America/Santiago"
NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday, noon in Santiago."""
ROW = replace(order("a"), pickup_window=None, dropoff_window=None)
SAME_DAY = ServiceLevel(tier=Tier.SAME_DAY, opens=time(14), cutoff=time(13), window_s=14_400)
NEXT_DAY = ServiceLevel(tier=Tier.NEXT_DAY, opens=time(9), cutoff=time(18), window_s=10_800)
EXPRESS = ServiceLevel(tier=Tier.EXPRESS, opens=time(8), cutoff=time(20), window_s=3_600)
SCHEDULED = ServiceLevel(tier=Tier.SCHEDULED, cutoff=time(18), window_s=7_200)


def promised(level: ServiceLevel, now: datetime = NOON, *, opening: Opening | None = None) -> Promised:
    return promised_windows(level, ROW, opening=opening or Opening(), time_zone=SANTIAGO, now=now)


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_each_tier_gives_its_own_window() -> None:
    assert promised(SAME_DAY).dropoff == Window(utc(2, 17), utc(2, 21))
    assert promised(NEXT_DAY).dropoff == Window(utc(3, 12), utc(3, 15))
    assert promised(EXPRESS).dropoff == Window(NOON, utc(2, 16))


def test_a_parcel_is_fetched_from_two_hours_before_its_window_and_never_in_the_past() -> None:
    assert promised(NEXT_DAY).pickup == Window(utc(3, 10), utc(3, 15))
    assert promised(EXPRESS).pickup == Window(NOON, utc(2, 16))


def test_the_minute_of_the_cutoff_is_in_time_and_the_next_is_not() -> None:
    assert promised(SAME_DAY, utc(2, 16)).dropoff.closes_at == utc(2, 21)

    with pytest.raises(CutOffPassed, match="the next day is 2026-03-03"):
        promised(SAME_DAY, utc(2, 16, 1))


def test_a_closed_day_is_passed_over() -> None:
    workdays = tuple(DayHours(day=day, opens=time(8), closes=time(20)) for day in range(1, 6))
    tuesday_off = Opening(hours=workdays, holidays=frozenset({date(2026, 3, 3)}))

    with pytest.raises(CutOffPassed, match="the next day is 2026-03-04"):
        promised(NEXT_DAY, opening=tuesday_off)
    with pytest.raises(CutOffPassed, match="the next day is 2026-03-09"):
        promised(NEXT_DAY, utc(6, 15), opening=tuesday_off)
    with pytest.raises(CutOffPassed, match="no day of the next 14 is open"):
        promised(NEXT_DAY, opening=Opening(hours=()))


def test_a_tier_with_a_window_of_its_own_takes_no_other() -> None:
    with pytest.raises(BadTier) as refused:
        promised_windows(EXPRESS, order("a"), opening=Opening(), time_zone=SANTIAGO, now=NOON)

    assert refused.value.field == "dropoffWindow"


@pytest.mark.parametrize(
    ("day", "hours", "refusal"),
    [(3, 2, None), (3, 1, BadTier), (2, 2, CutOffPassed), (8, 2, BadTier)],
)
def test_a_scheduled_window_is_wide_enough_and_on_an_open_day_from_tomorrow(
    day: int, hours: int, refusal: type[Exception] | None
) -> None:
    opens = datetime(2026, 3, day, 10)
    row = replace(ROW, dropoff_window=LocalWindow(opens=opens, closes=opens + timedelta(hours=hours)))
    opening = Opening(hours=tuple(DayHours(day=one, opens=time(8), closes=time(20)) for one in range(1, 7)))

    if refusal is None:
        found = promised_windows(SCHEDULED, row, opening=opening, time_zone=SANTIAGO, now=NOON)
        assert found.dropoff == Window(utc(day, 13), utc(day, 13 + hours))
    else:
        with pytest.raises(refusal):
            promised_windows(SCHEDULED, row, opening=opening, time_zone=SANTIAGO, now=NOON)


@pytest.mark.parametrize(
    ("level", "day", "promised_now", "expected"),
    [
        # The tier gives from two to six of the promised day, also where less is promised by now.
        (SAME_DAY, 2, (17, 21), [(17, 19), (19, 21)]),
        (SAME_DAY, 2, (19, 21), [(17, 19), (19, 21)]),
        (SAME_DAY, 3, (17, 21), []),
        (EXPRESS, 2, (15, 17), [(15, 17)]),
        (replace(SCHEDULED, window_s=14_400), 3, (13, 17), [(11, 15), (15, 19), (19, 23)]),
        (replace(SCHEDULED, window_s=18_000), 3, (13, 17), [(11, 16), (16, 21)]),
        (SCHEDULED, 2, (13, 17), []),
        (replace(SCHEDULED, window_s=50_000), 3, (13, 17), []),
    ],
)
def test_a_promised_delivery_keeps_to_the_windows_that_its_tier_leaves(
    level: ServiceLevel, day: int, promised_now: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    found = windows_within(
        level,
        date(2026, 3, day),
        opening=Opening(),
        time_zone=SANTIAGO,
        asked_at=NOON,
        promised=Window(utc(2, promised_now[0]), utc(2, promised_now[1])),
    )

    assert [(one.opens_at.hour, one.closes_at.hour) for one in found] == expected


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    time_zone=st.sampled_from([SANTIAGO, "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
    level=st.sampled_from([SAME_DAY, NEXT_DAY, EXPRESS]),
    width=st.integers(1, 16),
)
def test_whatever_is_promised_can_still_be_kept_and_lies_on_the_day_of_its_tier(
    now: datetime, time_zone: str, level: ServiceLevel, width: int
) -> None:
    level = level if level is SAME_DAY else replace(level, window_s=width * 900)

    try:
        found = promised_windows(level, ROW, opening=Opening(), time_zone=time_zone, now=now)
    except CutOffPassed:
        assert level.cutoff is not None
        assert now.astimezone(zone(time_zone)).time() > level.cutoff
        return

    local, today = zone(time_zone), now.astimezone(zone(time_zone)).date()
    assert now <= found.dropoff.opens_at <= found.dropoff.closes_at
    assert found.dropoff.closes_at > now
    assert now <= found.pickup.opens_at <= found.pickup.closes_at
    assert found.dropoff.opens_at.astimezone(local).date() == today + timedelta(days=level.tier.days_ahead)
