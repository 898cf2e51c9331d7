"""What a rural zone promises and costs, as a value: days on which all that goes there shares its way, a surcharge."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from marketplace.core.errors import Invalid
from marketplace.core.window import Window, local_instant, local_window, zone

LONGEST_CODE, LONGEST_NAME = 30, 80
DAYS_AHEAD = 21
"""The longest cut-off and a week behind it: a zone that is served on any weekday is served within so many days."""
LEAD = timedelta(hours=2)
"""How long before the first hand-over parcels can be fetched: the way to the country is long."""
LIMITS = {
    "cutoff_days": (0, 7),
    "window_s": (1_800, 43_200),
    "surcharge_minor": (0, 10**9),
    "surcharge_basis_points": (0, 50_000),
}
CLOCK = ("cutoff", "opens", "closes")
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


class BadRuralZone(Invalid):
    """Terms of a rural zone outside their limits, or that could never be kept."""

    code = "BAD_RURAL_ZONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuralZone:
    """One version of a rural zone's terms. Times are those of the clock that hangs in the hub.

    It is served on `days`, 1 Monday to 7 Sunday, from `opens` to `closes`, with all that was ordered up to `cutoff` of
    `cutoff_days` days before. With `window_s` no window there is narrower. A delivery there costs `surcharge_minor` and
    `surcharge_basis_points` of its other price more. A zone that is not served as one is withdrawn: what lies there is
    delivered like everything else.
    """

    code: str
    name: str
    version: int = 0
    is_served: bool = True
    days: tuple[int, ...]
    cutoff: time = time(18)
    cutoff_days: int = 1
    opens: time = time(8)
    closes: time = time(20)
    window_s: int | None = None
    surcharge_minor: int = 0
    surcharge_basis_points: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.code) <= LONGEST_CODE or not self.code.replace("-", "").isalnum():
            raise BadRuralZone(f"a code has 1 to {LONGEST_CODE} letters, digits and hyphens", field="code")
        if not 1 <= len(self.name) <= LONGEST_NAME:
            raise BadRuralZone(f"a name has 1 to {LONGEST_NAME} characters", field="name")
        if not self.days or sorted(set(self.days)) != list(self.days) or not {*self.days} <= {*range(1, 8)}:
            raise BadRuralZone("days are weekdays from 1, Monday, to 7, Sunday: each once, in order", field="days")
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadRuralZone(f"{name} is between {low} and {high}", field=name)
        if self.opens >= self.closes:
            raise BadRuralZone("a zone closes after it opens, on the same day", field="closes")
        if self.cutoff_days == 0 and self.cutoff >= self.closes:
            raise BadRuralZone("the cut-off is before the zone closes", field="cutoff")

    @property
    def rule(self) -> str:
        """The name under which a line of a price cites the surcharge."""
        return f"rural_zone:{self.code}:{self.version}:surcharge"

    @property
    def says(self) -> str:
        """When it is served, in words for people."""
        return f"{self.name} is served on {', '.join(WEEKDAYS[day - 1] for day in self.days)}"

    def cut_off(self, day: date, time_zone: str) -> datetime:
        """Until when something can be ordered for a day."""
        return local_instant(datetime.combine(day - timedelta(days=self.cutoff_days), self.cutoff), time_zone)

    def serves(self, day: date, *, now: datetime, time_zone: str) -> bool:
        """Whether what is ordered now can go on a day."""
        return day.isoweekday() in self.days and now <= self.cut_off(day, time_zone)

    def next_day(
        self, earliest: date, *, now: datetime, time_zone: str, is_open: Callable[[date], bool] = lambda _: True
    ) -> date | None:
        """The first day from `earliest` on that can still be ordered for, and on which what sends is open."""
        days = (earliest + timedelta(days=more) for more in range(DAYS_AHEAD))
        return next((day for day in days if self.serves(day, now=now, time_zone=time_zone) and is_open(day)), None)

    def hours(self, day: date, time_zone: str) -> Window:
        """The whole of a served day."""
        return local_window(datetime.combine(day, self.opens), datetime.combine(day, self.closes), time_zone)

    def pickup_window(self, dropoff: Window, time_zone: str) -> Window:
        """When all that goes there that day can be fetched, so that one vehicle can take it along."""
        day = local_day(dropoff.opens_at, time_zone)
        return Window(min(dropoff.opens_at, self.hours(day, time_zone).opens_at) - LEAD, dropoff.closes_at)

    def gathers_until(self, dropoff: Window, time_zone: str, *, plan_ahead: timedelta) -> datetime:
        """Until when deliveries of a day wait for one another: the same moment for all of them, after the cut-off."""
        day = local_day(dropoff.opens_at, time_zone)
        return max(self.cut_off(day, time_zone), self.hours(day, time_zone).opens_at - LEAD - plan_ahead)

    def as_json(self) -> dict[str, Any]:
        """The terms as they are kept and shown, times of day as 18:00."""
        return asdict(self) | {"days": list(self.days)} | {name: f"{getattr(self, name):%H:%M}" for name in CLOCK}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "RuralZone":
        """The terms of a kept row."""
        return cls(
            days=tuple(kept["days"]),
            cutoff=time.fromisoformat(kept["cutoff"]),
            opens=time.fromisoformat(kept["opens"]),
            closes=time.fromisoformat(kept["closes"]),
            **{name: kept[name] for name in ("code", "name", "version", "is_served", *LIMITS)},
        )


def local_day(moment: datetime, time_zone: str) -> date:
    """On which day it is, by the clock of a zone."""
    return moment.astimezone(zone(time_zone)).date()
