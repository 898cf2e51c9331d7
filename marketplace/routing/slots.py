"""Slots: the parts of a weekday and of a weekend day in which traffic is taken to be the same.

Streets fill by the clock that people live by, so slots are cut on the market's own clock and not in UTC.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SLOT_HOURS = (0, 6, 7, 8, 9, 11, 13, 15, 17, 18, 19, 21)
"""The local hours at which a slot begins: short ones where traffic changes fast, long ones where it does not."""

SLOTS_A_DAY = len(SLOT_HOURS)
SLOTS = 2 * SLOTS_A_DAY
"""Those of a weekday, then those of a Saturday or Sunday."""

SATURDAY = 5


def slot_at(moment: datetime, time_zone: str) -> int:
    """The slot that a moment falls into where the market is."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return SLOTS_A_DAY * (local.weekday() >= SATURDAY) + _part_of_day(local.hour)


def slot_ends_at(moment: datetime, time_zone: str) -> datetime:
    """When the slot of a moment is over; always later than the moment."""
    local = moment.astimezone(ZoneInfo(time_zone))
    following = _part_of_day(local.hour) + 1
    day = local.date() + timedelta(days=following // SLOTS_A_DAY)
    hour = SLOT_HOURS[following % SLOTS_A_DAY]
    ends_at = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
    # Where clocks are put back over a slot's end, that end comes twice: the second one is meant.
    return ends_at if ends_at > moment else ends_at + timedelta(hours=1)


def slot_name(slot: int) -> str:
    """A slot in words, such as `weekday 07-08`."""
    part = slot % SLOTS_A_DAY
    ends = SLOT_HOURS[part + 1] if part + 1 < SLOTS_A_DAY else 24
    return f"{'weekend' if slot >= SLOTS_A_DAY else 'weekday'} {SLOT_HOURS[part]:02}-{ends:02}"


@lru_cache(maxsize=24)
def _part_of_day(hour: int) -> int:
    return sum(begins <= hour for begins in SLOT_HOURS) - 1
