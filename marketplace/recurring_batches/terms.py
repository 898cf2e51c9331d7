"""What one version of a recurring batch says: when each of its days is posted, where it moves, and its rows then."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import asyncpg
import orjson

from marketplace.batches import DAYS_AHEAD, DeliveryRequest, LocalWindow, is_open_on, request_from_json
from marketplace.core.window import local_instant
from marketplace.hubs import Opening
from marketplace.recurring_batches.rule import BadRecurrence, Recurrence, read_recurrence
from marketplace.recurring_batches.states import OnClosedDay

LONGEST_LEAD_S = 1_209_600
MOST_EXCEPT_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A version of the terms. `lead_s` is by the clock on the wall, so that what leaves at noon does so all year."""

    starts_at: datetime
    rule: str
    except_days: frozenset[date] = frozenset()
    lead_s: int = 0
    on_closed_day: OnClosedDay = OnClosedDay.SKIP
    may_split: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.lead_s <= LONGEST_LEAD_S:
            raise BadRecurrence(f"leadS is 0 to {LONGEST_LEAD_S}", field="leadS")
        if len(self.except_days) > MOST_EXCEPT_DAYS:
            raise BadRecurrence(f"at most {MOST_EXCEPT_DAYS} days are left out", field="exceptDays")

    def recurrence(self, time_zone: str) -> Recurrence:
        """The days of the rule in a market."""
        return read_recurrence(self.rule, starts_at=self.starts_at, except_days=self.except_days, time_zone=time_zone)

    def posts_at(self, day: date, time_zone: str) -> datetime:
        """When what is delivered on a day is posted."""
        local = datetime.combine(day, self.starts_at.time()) - timedelta(seconds=self.lead_s)
        return local_instant(local, time_zone)

    def falls_on(self, day: date, openings: Collection[Opening]) -> date | None:
        """The day on which it is delivered: the day itself, the next one that all hubs serve, or none."""
        if self.on_closed_day is OnClosedDay.POST:
            return day
        days = [day + timedelta(days=more) for more in range(DAYS_AHEAD)]
        if self.on_closed_day is OnClosedDay.SKIP:
            days = [day]
        return next((one for one in days if all(is_open_on(opening, one) for opening in openings)), None)

    def requests_on(self, rows: Sequence[DeliveryRequest], day: date, falls_on: date) -> list[DeliveryRequest]:
        """The rows as they are posted for a day: the day behind each reference, the windows so many days later."""
        later = falls_on - self.starts_at.date()
        return [
            replace(
                row,
                external_id=reference_on(row.external_id, day),
                pickup_window=_moved(row.pickup_window, later),
                dropoff_window=_moved(row.dropoff_window, later),
            )
            for row in rows
        ]

    @classmethod
    def of(cls, kept: asyncpg.Record) -> "Terms":
        """The terms of a kept version."""
        return cls(
            starts_at=datetime.fromisoformat(kept["starts_at"]),
            rule=kept["rule"],
            except_days=frozenset(kept["except_days"]),
            lead_s=kept["lead_s"],
            on_closed_day=OnClosedDay(kept["on_closed_day"]),
            may_split=kept["may_split"],
        )


def reference_on(external_id: str, day: date) -> str:
    """The reference of a row's delivery on a day: the same delivery is never posted twice, whoever tries."""
    return f"{external_id}@{day.isoformat()}"


def rows_of(kept: str) -> list[DeliveryRequest]:
    """The rows of a kept version."""
    return [request_from_json(values) for values in orjson.loads(kept)]


def _moved(window: LocalWindow | None, later: timedelta) -> LocalWindow | None:
    if window is None:
        return None
    return LocalWindow(opens=window.opens + later, closes=window.closes + later)
