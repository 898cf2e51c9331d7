"""Windows of time: promised in the local time of a hub, kept as instants.

On the two odd days of the year a local time can be skipped or happen twice. A skipped one moves to the first instant
that exists; of a repeated one the first is taken. So a window keeps its local wording and never loses its end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marketplace.core.errors import Invalid

LONGEST_WINDOW = timedelta(days=31)
"""By the local clock; a window in which that clock is set back lasts as much longer."""
LONGEST_CHANGE = timedelta(days=1)
"""The most by which a clock is ever set back."""
FIRST_YEAR, LAST_YEAR = 1971, 2099
"""A year outside is a slip of the pen; instants of all of them fit into the whole seconds of the matcher."""


class BadWindow(Invalid):
    """A window that ends before it begins, is too long, or names no time zone."""

    code = "BAD_WINDOW"


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens_at` to `closes_at`, both included, both aware and in UTC."""

    opens_at: datetime
    closes_at: datetime

    def __post_init__(self) -> None:
        if self.opens_at.tzinfo is None or self.closes_at.tzinfo is None:
            raise BadWindow("a window needs instants with an offset, or local times and a zone")
        if not self.opens_at <= self.closes_at:
            raise BadWindow("a window closes after it opens")
        if self.closes_at - self.opens_at > LONGEST_WINDOW + LONGEST_CHANGE:
            raise BadWindow("a window spans at most 31 days")


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name."""
    return _zone(name)


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadWindow(f"{name!r} is not an IANA time zone, such as America/Santiago") from None


def clock_of(text: str) -> time:
    """A time of day such as 08:30, on the clock on the wall; ValueError for anything else."""
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - in no zone


def local_instant(local: datetime, time_zone: str) -> datetime:
    """The instant of a local time without an offset; skipped times move on, repeated ones take the first."""
    if local.tzinfo is not None:
        raise BadWindow("a local time carries no offset")
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise BadWindow(f"a local time is in a year from {FIRST_YEAR} to {LAST_YEAR}")
    first = local.replace(tzinfo=zone(time_zone), fold=0)
    instant = first.astimezone(UTC)
    if instant.astimezone(zone(time_zone)).replace(tzinfo=None) == local:
        return instant
    # The clock jumped over this time: with fold=1 Python maps it before the jump, with fold=0 after it. The first
    # instant that exists is the jump itself, which is where the two offsets meet.
    before, after = first.utcoffset(), local.replace(tzinfo=zone(time_zone), fold=1).utcoffset()
    assert before is not None
    assert after is not None
    return _jump(instant - abs(after - before), instant, time_zone)


def local_window(opens: datetime, closes: datetime, time_zone: str) -> Window:
    """A window given in local times of a zone, as instants."""
    if closes < opens:
        raise BadWindow("a window closes after it opens")
    if closes - opens > LONGEST_WINDOW:
        raise BadWindow("a window spans at most 31 days")
    return Window(local_instant(opens, time_zone), local_instant(closes, time_zone))


def _jump(low: datetime, high: datetime, time_zone: str) -> datetime:
    """The instant between `low` and `high` at which the zone changes its offset, to the second."""
    place = zone(time_zone)
    # Clocks change on whole seconds. With a fraction left in either end, halving in whole seconds would never end.
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == low.astimezone(place).utcoffset():
            low = middle
        else:
            high = middle
    return high
