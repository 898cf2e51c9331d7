"""Windows are promised on the clock of the hub: skipped and repeated times, odd zones, and limits."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.window import BadWindow, Window, local_instant, local_window, zone

BERLIN, SANTIAGO, LORD_HOWE, APIA = "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"
ZONES = sorted(available_timezones())

local_times = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2099, 12, 31))
spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=31))


def utc(*values: int) -> datetime:
    return datetime(*values, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day and so on, then the zone


@pytest.mark.parametrize(
    ("time_zone", "local", "instant"),
    [
        (BERLIN, datetime(2026, 1, 15, 12, 0), utc(2026, 1, 15, 11, 0)),
        (BERLIN, datetime(2026, 7, 15, 12, 0), utc(2026, 7, 15, 10, 0)),
        (SANTIAGO, datetime(2026, 3, 2, 12, 0), utc(2026, 3, 2, 15, 0)),
        (LORD_HOWE, datetime(2026, 1, 15, 12, 0), utc(2026, 1, 15, 1, 0)),
        (LORD_HOWE, datetime(2026, 7, 15, 12, 0), utc(2026, 7, 15, 1, 30)),
        (BERLIN, datetime(2026, 1, 15, 12, 0, 1, 500_000), utc(2026, 1, 15, 11, 0, 1, 500_000)),
    ],
)
def test_a_local_time_is_read_on_the_clock_of_its_zone(time_zone: str, local: datetime, instant: datetime) -> None:
    assert local_instant(local, time_zone) == instant


@pytest.mark.parametrize(
    ("time_zone", "first", "last", "jump"),
    [
        (BERLIN, datetime(2026, 3, 29, 2, 0), datetime(2026, 3, 29, 2, 59, 59), utc(2026, 3, 29, 1, 0)),
        (SANTIAGO, datetime(2026, 9, 6, 0, 0), datetime(2026, 9, 6, 0, 59, 59), utc(2026, 9, 6, 4, 0)),
        (LORD_HOWE, datetime(2026, 10, 4, 2, 0), datetime(2026, 10, 4, 2, 29, 59), utc(2026, 10, 3, 15, 30)),
        (APIA, datetime(2011, 12, 30, 0, 0), datetime(2011, 12, 30, 23, 59, 59), utc(2011, 12, 30, 10, 0)),
    ],
)
def test_a_skipped_time_moves_to_the_first_instant_that_exists(
    time_zone: str, first: datetime, last: datetime, jump: datetime
) -> None:
    skipped = [first, first + timedelta(microseconds=450_000), first + (last - first) / 2, last]

    assert {local_instant(local, time_zone) for local in skipped} == {jump}
    assert local_instant(first - timedelta(seconds=1), time_zone) == jump - timedelta(seconds=1)
    assert local_instant(last + timedelta(seconds=1), time_zone) == jump


@pytest.mark.parametrize(
    ("time_zone", "local", "first"),
    [
        (BERLIN, datetime(2026, 10, 25, 2, 30), utc(2026, 10, 25, 0, 30)),
        (SANTIAGO, datetime(2026, 4, 4, 23, 30), utc(2026, 4, 5, 2, 30)),
        (LORD_HOWE, datetime(2026, 4, 5, 1, 45), utc(2026, 4, 4, 14, 45)),
        (APIA, datetime(2021, 4, 4, 3, 15), utc(2021, 4, 3, 13, 15)),
    ],
)
def test_of_a_repeated_time_the_first_is_taken(time_zone: str, local: datetime, first: datetime) -> None:
    assert local_instant(local, time_zone) == first
    assert local_instant(local.replace(fold=1), time_zone) == first


def test_a_window_that_was_skipped_as_a_whole_is_the_moment_of_the_jump() -> None:
    window = local_window(datetime(2026, 3, 29, 2, 10), datetime(2026, 3, 29, 2, 50), BERLIN)

    assert window == Window(utc(2026, 3, 29, 1, 0), utc(2026, 3, 29, 1, 0))


def test_a_window_may_cross_midnight() -> None:
    window = local_window(datetime(2026, 7, 1, 22, 0), datetime(2026, 7, 2, 2, 0), BERLIN)

    assert window == Window(utc(2026, 7, 1, 20, 0), utc(2026, 7, 2, 0, 0))


@pytest.mark.parametrize(
    ("time_zone", "opens", "lasts_h"),
    [
        (BERLIN, datetime(2026, 3, 28, 20, 0), 9),
        (BERLIN, datetime(2026, 10, 24, 20, 0), 11),
        (LORD_HOWE, datetime(2026, 4, 4, 20, 0), 10.5),
        (LORD_HOWE, datetime(2026, 10, 3, 20, 0), 9.5),
    ],
)
def test_a_window_across_the_change_keeps_its_local_wording(time_zone: str, opens: datetime, lasts_h: float) -> None:
    window = local_window(opens, opens + timedelta(hours=10), time_zone)

    assert window.closes_at - window.opens_at == timedelta(hours=lasts_h)
    for instant, local in ((window.opens_at, opens), (window.closes_at, opens + timedelta(hours=10))):
        assert instant.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None) == local


@pytest.mark.parametrize(
    ("opens", "lasts"),
    [
        (datetime(2026, 7, 1), timedelta(days=31)),
        (datetime(2026, 3, 10), timedelta(days=31, hours=-1)),
        (datetime(2026, 10, 10), timedelta(days=31, hours=1)),
    ],
)
def test_the_longest_window_is_31_days_by_the_local_clock(opens: datetime, lasts: timedelta) -> None:
    window = local_window(opens, opens + timedelta(days=31), BERLIN)

    assert window.closes_at - window.opens_at == lasts
    with pytest.raises(BadWindow, match="31 days"):
        local_window(opens, opens + timedelta(days=31, seconds=1), BERLIN)


def test_a_window_of_instants_has_an_order_an_end_and_offsets() -> None:
    noon = utc(2026, 7, 1, 12, 0)

    assert Window(noon, noon).closes_at == noon
    with pytest.raises(BadWindow, match="closes after it opens"):
        Window(noon, noon - timedelta(microseconds=1))
    with pytest.raises(BadWindow, match="31 days"):
        Window(noon, noon + timedelta(days=32, seconds=1))
    with pytest.raises(BadWindow, match="offset"):
        Window(noon, noon.replace(tzinfo=None))


def test_a_window_that_closes_before_it_opens_is_refused() -> None:
    with pytest.raises(BadWindow, match="closes after it opens"):
        local_window(datetime(2026, 7, 1, 12, 0), datetime(2026, 7, 1, 11, 59), BERLIN)


def test_a_local_time_with_an_offset_is_refused() -> None:
    with pytest.raises(BadWindow, match="no offset"):
        local_instant(utc(2026, 7, 1, 12, 0), BERLIN)


@pytest.mark.parametrize("year", [1, 1970, 2100, 9999])
@pytest.mark.parametrize("time_zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_year_that_can_only_be_a_slip_is_refused(time_zone: str, year: int) -> None:
    for local in (datetime(year, 1, 1), datetime(year, 12, 31, 23, 59, 59, 999_999)):
        with pytest.raises(BadWindow, match="from 1971 to 2099"):
            local_instant(local, time_zone)


@pytest.mark.parametrize(
    "name", ["", ".", "/", "..", "../etc/passwd", "/etc/localtime", "America", "zone.tab", "\0", "Europe/Berlin\n", "é"]
)
def test_what_is_no_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadWindow, match="IANA time zone"):
        zone(name)


@given(st.sampled_from(ZONES), local_times, spans)
def test_a_window_closes_no_earlier_than_it_opens_in_any_zone(name: str, opens: datetime, span: timedelta) -> None:
    closes = min(opens + span, datetime(2099, 12, 31))

    window = local_window(opens, closes, name)

    assert window.opens_at <= window.closes_at


@given(st.sampled_from(ZONES), local_times)
def test_a_local_time_either_exists_at_its_instant_or_was_skipped_by_it(name: str, local: datetime) -> None:
    instant = local_instant(local, name)

    there = instant.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    before = (instant - timedelta(microseconds=1)).astimezone(ZoneInfo(name)).replace(tzinfo=None)
    assert there == local or before < local < there
