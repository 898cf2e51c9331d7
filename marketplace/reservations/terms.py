"""What is reserved, as a value: how many places, on which days, in which hours, until when for one shipper alone.

Days and times of day are those of the clock on the wall at the hub, or of the market where no hub is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from marketplace.core.errors import Invalid
from marketplace.core.window import Window, local_instant

EVERY_DAY = frozenset(range(1, 8))
MOST_RELEASE_DAYS = 14
LIMITS = {"places": (0, 100_000), "fee_minor": (0, 10**9), "release_days": (0, MOST_RELEASE_DAYS)}


class BadReservation(Invalid):
    """A reservation outside its limits, of no known place, or that begins too soon."""

    code = "BAD_RESERVATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version of a reservation.

    From `first_day` to `last_day`, on `weekdays` (1 Monday to 7 Sunday), `places` deliveries a day are for the shipper
    alone: those whose window closes between `opens` and `closes`, or at any time of the day. From `release_time` on,
    `release_days` before the day, places that are still unused are free for everybody; each that is still unused when
    the day is over costs `fee_minor`. With no places the reservation ends.
    """

    first_day: date
    last_day: date | None = None
    weekdays: frozenset[int] = EVERY_DAY
    opens: time | None = None
    closes: time | None = None
    places: int
    fee_minor: int = 0
    release_days: int = 1
    release_time: time = time(18)
    version: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise BadReservation(f"{name} is between {low} and {high}", field=name)
        if self.last_day is not None and self.last_day < self.first_day:
            raise BadReservation("the last day is not before the first", field="lastDay")
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise BadReservation("weekdays are some of 1, Monday, to 7, Sunday", field="weekdays")
        if (self.opens is None) != (self.closes is None):
            raise BadReservation("hours have a beginning and an end", field="opens")
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            raise BadReservation("hours end after they begin, on the same day", field="closes")

    def holds_on(self, day: date) -> bool:
        """Whether there are places on that day, as long as no later version has begun."""
        is_within = self.first_day <= day and (self.last_day is None or day <= self.last_day)
        return self.places > 0 and is_within and day.isoweekday() in self.weekdays

    def span(self, day: date, time_zone: str) -> Window:
        """The hours of that day, or all of it, as instants."""
        closes = (
            datetime.combine(day, self.closes) if self.closes else datetime.combine(day + timedelta(days=1), time())
        )
        opens = datetime.combine(day, self.opens or time())
        return Window(local_instant(opens, time_zone), local_instant(closes, time_zone))

    def released_at(self, day: date, time_zone: str) -> datetime:
        """From when on what is unused of that day is free for everybody."""
        local = datetime.combine(day - timedelta(days=self.release_days), self.release_time)
        return local_instant(local, time_zone)

    def meets(self, other: "Terms") -> bool:
        """Whether both can hold on one day in one hour; whose versions count is not looked at."""
        starts = max(self.first_day, other.first_day)
        ends = min(self.last_day or date.max, other.last_day or date.max)
        mine, theirs = (
            (one.opens or time(), one.closes or time.max) if one.places else (time(), time()) for one in (self, other)
        )
        same_hour = max(mine[0], theirs[0]) < min(mine[1], theirs[1])
        return starts <= ends and bool(self.weekdays & other.weekdays) and same_hour

    def as_json(self) -> dict[str, Any]:
        """The terms as they are kept and shown, times of day as 18:00."""
        return {
            "first_day": self.first_day,
            "last_day": self.last_day,
            "weekdays": sorted(self.weekdays),
            "opens": f"{self.opens:%H:%M}" if self.opens is not None else None,
            "closes": f"{self.closes:%H:%M}" if self.closes is not None else None,
            "places": self.places,
            "fee_minor": self.fee_minor,
            "release_days": self.release_days,
            "release_time": f"{self.release_time:%H:%M}",
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Terms":
        """The terms of a kept row."""
        return cls(
            first_day=kept["first_day"],
            last_day=kept["last_day"],
            weekdays=frozenset(kept["weekdays"]),
            opens=time.fromisoformat(kept["opens"]) if kept["opens"] else None,
            closes=time.fromisoformat(kept["closes"]) if kept["closes"] else None,
            release_time=time.fromisoformat(kept["release_time"]),
            **{name: kept[name] for name in ("places", "fee_minor", "release_days", "version")},
        )
