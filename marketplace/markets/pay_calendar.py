"""When pay periods begin and end: whole local days from a first day, at an hour of the market's own clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marketplace.core.money import BadMoney

DAYS_AT_MOST = 31
SETTLE_AT_MOST_H = 14 * 24


class BadPayCalendar(BadMoney):
    """A calendar by which no period could be found."""

    code = "BAD_PAY_CALENDAR"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class PayPeriod:
    """From `starts_at` up to and without `ends_at`, both in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayCalendar:
    """Periods of `days` local days, the first of which began on `first_day` at `hour` o'clock.

    A period over a clock change is an hour longer or shorter, so that the next begins at the same local hour. What is
    missing is paid `settle_after_h` hours after a period's end, when late reports have come in.
    """

    first_day: date
    hour: int
    days: int
    settle_after_h: int

    def __post_init__(self) -> None:
        for name, least, most in (("hour", 0, 23), ("days", 1, DAYS_AT_MOST), ("settle_after_h", 0, SETTLE_AT_MOST_H)):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise BadPayCalendar(f"{name} of a pay calendar is a whole number from {least} to {most}", field=name)

    def period_of(self, moment: datetime, time_zone: str) -> PayPeriod:
        """The period in which a moment lies, in a market of that zone."""
        zone = ZoneInfo(time_zone)
        number = (moment.astimezone(zone).date() - self.first_day).days // self.days
        # The day may be the first of a period and the moment before its hour.
        while self._start(number, zone) > moment:
            number -= 1
        while self._start(number + 1, zone) <= moment:
            number += 1
        return PayPeriod(starts_at=self._start(number, zone), ends_at=self._start(number + 1, zone))

    def settles_at(self, period: PayPeriod) -> datetime:
        """When what is missing from a period is paid."""
        return period.ends_at + timedelta(hours=self.settle_after_h)

    def as_json(self) -> dict[str, Any]:
        """The calendar as a policy keeps it."""
        rest = {"hour": self.hour, "days": self.days, "settle_after_h": self.settle_after_h}
        return {"first_day": self.first_day.isoformat()} | rest

    def _start(self, number: int, zone: ZoneInfo) -> datetime:
        day = self.first_day + timedelta(days=number * self.days)
        return datetime.combine(day, time(self.hour), tzinfo=zone).astimezone(UTC)
