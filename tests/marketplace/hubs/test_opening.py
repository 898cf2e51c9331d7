"""Hours are those of the clock on the wall, on the days of clock changes too."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from marketplace.core.window import Window
from marketplace.hubs import BadOpening, DayHours, Opening

CHILE = "America/Santiago"


def at_night(*days: int, opens: time = time(22), closes: time = time(6)) -> Opening:
    return Opening(hours=tuple(DayHours(day=day, opens=opens, closes=closes) for day in days), window_s=7_200)


def test_a_day_is_cut_into_windows_and_a_short_rest_is_one_too() -> None:
    opening = Opening(hours=(DayHours(day=1, opens=time(8), closes=time(13, 30)),), window_s=7_200)

    windows = opening.windows_on(date(2026, 3, 2), time_zone=CHILE)

    eight = datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert windows == [
        Window(eight, eight + timedelta(hours=2)),
        Window(eight + timedelta(hours=2), eight + timedelta(hours=4)),
        Window(eight + timedelta(hours=4), eight + timedelta(hours=5.5)),
    ]
    assert opening.windows_on(date(2026, 3, 3), time_zone=CHILE) == []


def test_a_holiday_has_no_window() -> None:
    opening = Opening(holidays=frozenset({date(2026, 3, 2)}))

    assert opening.windows_on(date(2026, 3, 2), time_zone=CHILE) == []
    assert len(opening.windows_on(date(2026, 3, 3), time_zone=CHILE)) == 6


def test_where_clocks_go_back_a_window_lasts_an_hour_more_and_gives_out_more() -> None:
    # At midnight before Sunday 5 April 2026 the clocks of Chile go back to 23:00.
    opening = Opening(hours=(DayHours(day=6, opens=time(20), closes=time(2)),), window_s=7_200, places_per_hour=10)

    windows = opening.windows_on(date(2026, 4, 4), time_zone=CHILE)

    assert [(window.closes_at - window.opens_at) / timedelta(hours=1) for window in windows] == [2, 3, 2]
    assert [opening.places_in(window) for window in windows] == [20, 30, 20]
    assert windows[0].opens_at == datetime(2026, 4, 4, 23, tzinfo=UTC)
    assert windows[2].opens_at == datetime(2026, 4, 5, 4, tzinfo=UTC)


def test_where_clocks_go_forward_the_skipped_hour_is_in_no_window() -> None:
    # At midnight before Sunday 6 September 2026 they go forward to 1:00.
    opening = Opening(hours=(DayHours(day=7, opens=time(0), closes=time(4)),), window_s=3_600)

    windows = opening.windows_on(date(2026, 9, 6), time_zone=CHILE)

    assert [window.opens_at for window in windows] == [datetime(2026, 9, 6, hour, tzinfo=UTC) for hour in (4, 5, 6)]


def test_the_same_time_of_day_all_year_round() -> None:
    opening = Opening()

    starts = [opening.windows_on(day, time_zone=CHILE)[0].opens_at for day in (date(2026, 3, 2), date(2026, 7, 6))]

    assert starts == [datetime(2026, 3, 2, 11, tzinfo=UTC), datetime(2026, 7, 6, 12, tzinfo=UTC)]


def test_after_its_cutoff_a_level_goes_a_day_later() -> None:
    opening = Opening(cutoffs={"SAME_DAY": time(14), "NEXT_DAY": time(20)})
    noon, evening = datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 23, 1, tzinfo=UTC)

    def days(now: datetime) -> list[int]:
        levels = ("SAME_DAY", "NEXT_DAY", "STANDARD")
        return [opening.first_day(level, now, time_zone=CHILE).day for level in levels]

    assert days(noon) == [2, 3, 2]
    assert days(evening) == [3, 4, 2]


def test_terms_are_kept_and_read_again() -> None:
    opening = Opening(
        hours=(DayHours(day=7, opens=time(9, 30), closes=time(14)),),
        holidays=frozenset({date(2026, 12, 25)}),
        cutoffs={"EXPRESS": time(18)},
        places_per_hour=4,
        reach_s=900,
    )

    assert Opening.of(opening.as_json()) == opening
    assert Opening.of(None) == Opening()


@pytest.mark.parametrize(
    "wrong",
    [{"notice_s": -1}, {"window_s": 60}, {"places_per_day": -1}, {"reach_s": 1}, {"cutoffs": {"FAST": time(1)}}],
)
def test_terms_outside_their_limits_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadOpening):
        Opening(**wrong)  # type: ignore[arg-type]
