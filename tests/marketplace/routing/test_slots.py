"""Slots are cut by the clock on the market's walls, on weekdays and on weekends."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.routing import SLOTS, slot_at, slot_ends_at, slot_name

CHILE = "America/Santiago"


def test_a_slot_goes_by_the_local_clock() -> None:
    # Eight in the morning on a Monday in Chile is eleven in UTC, in their summer.
    assert slot_name(slot_at(datetime(2026, 3, 2, 11, 0, tzinfo=UTC), CHILE)) == "weekday 08-09"
    assert slot_name(slot_at(datetime(2026, 3, 2, 11, 0, tzinfo=UTC), "Europe/Stockholm")) == "weekday 11-13"


def test_a_weekend_day_has_slots_of_its_own() -> None:
    friday, saturday = datetime(2026, 3, 7, 2, 59, tzinfo=UTC), datetime(2026, 3, 7, 3, 0, tzinfo=UTC)

    assert slot_name(slot_at(friday, CHILE)) == "weekday 21-24"
    assert slot_name(slot_at(saturday, CHILE)) == "weekend 00-06"


def test_every_moment_of_a_week_is_in_one_slot_that_ends_when_the_next_begins() -> None:
    moment, seen = datetime(2026, 3, 2, 3, 0, tzinfo=UTC), []
    while moment < datetime(2026, 3, 9, 3, 0, tzinfo=UTC):
        ends_at = slot_ends_at(moment, CHILE)
        slot = slot_at(moment, CHILE)
        assert slot_at(ends_at - timedelta(seconds=1), CHILE) == slot
        assert slot_at(ends_at, CHILE) != slot
        seen.append(slot)
        moment = ends_at

    assert set(seen) == set(range(SLOTS))
    assert len(seen) == 7 * 12


@pytest.mark.parametrize("zone", [CHILE, "Europe/Stockholm", "Asia/Beirut", "America/New_York", "Australia/Lord_Howe"])
def test_a_slot_ends_later_than_now_even_where_clocks_are_changed(zone: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while moment < datetime(2027, 1, 1, tzinfo=UTC):
        ends_at = slot_ends_at(moment, zone)
        assert timedelta() < ends_at - moment <= timedelta(hours=7.5)
        moment += timedelta(minutes=47)
