"""When a hub serves and how much: opening hours, holidays, cut-offs, notice, places, docks and reach, as a value.

Hours are those of the clock that hangs in the hub, so that a window is at the same time of day all year round, whatever
clock changes do to the instants.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import asyncpg
import orjson

from marketplace.core.errors import Invalid
from marketplace.core.window import Window, clock_of, local_window, zone

LEVELS = ("STANDARD", "EXPRESS", "SAME_DAY", "NEXT_DAY")
HOURS_AT_MOST, HOLIDAYS_AT_MOST = 28, 200
SHORTEST_WINDOW = timedelta(minutes=30)
LIMITS = {
    "notice_s": (0, 604_800),
    "window_s": (1_800, 43_200),
    "places_per_hour": (0, 10_000),
    "places_per_day": (0, 100_000),
    "docks": (1, 200),
    "dock_s": (60, 7_200),
    "reach_s": (60, 7_200),
}


class BadOpening(Invalid):
    """Opening hours that are none, or a number outside its limits."""

    code = "BAD_OPENING"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """Hours of one day of the week, 1 Monday to 7 Sunday; what closes no later than it opens closes the next day."""

    day: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if not 1 <= self.day <= 7:
            raise BadOpening("a day of the week is 1, Monday, to 7, Sunday", field="hours")

    def on(self, day: date) -> tuple[datetime, datetime]:
        """From when to when by the local clock, where it opens on that day."""
        closes_on = day if self.closes > self.opens else day + timedelta(days=1)
        return datetime.combine(day, self.opens), datetime.combine(closes_on, self.closes)


USUAL_HOURS = tuple(DayHours(day=day, opens=time(8), closes=time(20)) for day in range(1, 8))
"""What is offered where nobody has said when a place is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The terms of one hub. Places are deliveries; None means as many as drivers can take, or as far as streets go.

    At each of its `docks` one vehicle loads at a time, for `dock_s`; None means that nobody waits for a dock.

    A delivery asked for later than `cutoffs` of its service level no longer goes on the first day of that level, which
    is the next day for NEXT_DAY and the same day for the others. A window is bookable until `notice_s` before it opens
    and lasts `window_s` by the local clock.
    """

    hours: Sequence[DayHours] = USUAL_HOURS
    holidays: frozenset[date] = frozenset()
    cutoffs: Mapping[str, time] = field(default_factory=dict)
    notice_s: int = 3_600
    window_s: int = 7_200
    places_per_hour: int | None = None
    places_per_day: int | None = None
    docks: int | None = None
    dock_s: int = 600
    reach_s: int | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadOpening(f"{name} is between {low} and {high}", field=_as_sent(name))
        if len(self.hours) > HOURS_AT_MOST or len(self.holidays) > HOLIDAYS_AT_MOST:
            raise BadOpening(f"at most {HOURS_AT_MOST} hours and {HOLIDAYS_AT_MOST} holidays", field="hours")
        if wrong := self.cutoffs.keys() - set(LEVELS):
            raise BadOpening(f"there is no service level {min(wrong)}", field="cutoffs")

    @property
    def notice(self) -> timedelta:
        """How long before it opens a window can be booked at the latest."""
        return timedelta(seconds=self.notice_s)

    def windows_on(self, day: date, *, time_zone: str) -> list[Window]:
        """The windows of a local day, first one first; none on a holiday or a day of rest."""
        if day in self.holidays:
            return []
        width = timedelta(seconds=self.window_s)
        found = []
        for hours in sorted((one for one in self.hours if one.day == day.isoweekday()), key=lambda one: one.opens):
            opens, closes = hours.on(day)
            while closes - opens >= SHORTEST_WINDOW:
                window = local_window(opens, min(opens + width, closes), time_zone)
                # An hour that the clock skips is no time in which anybody could come.
                if window.closes_at - window.opens_at >= SHORTEST_WINDOW:
                    found.append(window)
                opens += width
        return found

    def hours_on(self, day: date, *, time_zone: str) -> list[Window]:
        """The hours of a local day, first ones first, as long as they last; none on a holiday or a day of rest."""
        hours = sorted((one for one in self.hours if one.day == day.isoweekday()), key=lambda one: one.opens)
        return [local_window(*one.on(day), time_zone) for one in hours] if day not in self.holidays else []

    def first_day(self, level: str, now: datetime, *, time_zone: str) -> date:
        """The first local day on which a delivery of that level can still go, as its cut-off says."""
        local = now.astimezone(zone(time_zone))
        day = local.date() + timedelta(days=1 if level == "NEXT_DAY" else 0)
        cutoff = self.cutoffs.get(level)
        return day + timedelta(days=1) if cutoff is not None and local.time() > cutoff else day

    def places_in(self, window: Window) -> int | None:
        """How many deliveries the hub gives out for a window; None where nobody has set a bound."""
        if self.places_per_hour is None:
            return None
        return int(self.places_per_hour * (window.closes_at - window.opens_at) / timedelta(hours=1))

    def vehicles_in(self, window: Window) -> int | None:
        """How many vehicles can load one after the other at the docks in a window; None where there is no bound.

        However short it is: who has come by its end is loaded.
        """
        if self.docks is None:
            return None
        return self.docks * max(1, int((window.closes_at - window.opens_at) / timedelta(seconds=self.dock_s)))

    @property
    def is_without_bound(self) -> bool:
        """Whether the hub gives out as much as drivers can take."""
        return self.places_per_hour is None and self.places_per_day is None and self.docks is None

    def is_open_in(self, window: Window, *, time_zone: str) -> bool:
        """Whether there is an hour of service at some time of a window."""
        day, last = (moment.astimezone(zone(time_zone)).date() for moment in (window.opens_at, window.closes_at))
        day -= timedelta(days=1)  # what opened the evening before may still be open
        while day <= last:
            for one in self.hours_on(day, time_zone=time_zone):
                if one.opens_at < window.closes_at and window.opens_at < one.closes_at:
                    return True
            day += timedelta(days=1)
        return False

    def as_json(self) -> dict[str, Any]:
        """The terms as they are kept."""
        return {name: getattr(self, name) for name in LIMITS} | {
            "hours": [
                {"day": one.day, "opens": f"{one.opens:%H:%M}", "closes": f"{one.closes:%H:%M}"} for one in self.hours
            ],
            "holidays": sorted(day.isoformat() for day in self.holidays),
            "cutoffs": {level: f"{moment:%H:%M}" for level, moment in self.cutoffs.items()},
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> "Opening":
        """The terms of a kept hub; the usual ones where nobody has set any."""
        if kept is None:
            return cls()
        return cls(
            hours=tuple(
                DayHours(day=one["day"], opens=clock_time(one["opens"]), closes=clock_time(one["closes"]))
                for one in kept["hours"]
            ),
            holidays=frozenset(date.fromisoformat(day) for day in kept["holidays"]),
            cutoffs={level: clock_time(moment) for level, moment in kept["cutoffs"].items()},
            **{name: kept[name] for name in LIMITS},
        )


def opening_of(hub: asyncpg.Record) -> Opening:
    """The terms of a hub as its row has them; the usual ones where nobody has set any."""
    return _opening(hub["opening"])


@lru_cache(maxsize=500)
def _opening(kept: str | None) -> Opening:
    # A large posting asks about the same few hubs row by row.
    return Opening.of(orjson.loads(kept) if kept else None)


def clock_time(text: str) -> time:
    """A time of day such as 08:30."""
    try:
        return clock_of(text)
    except ValueError:
        raise BadOpening("a time of day looks like 08:30", field="hours") from None


def _as_sent(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
