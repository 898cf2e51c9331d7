"""On which days something recurs: RFC 5545 rules, read and bounded so that each of them soon has a next day.

Days are those of the market's calendar; a time of day stands beside the rule and not in it, so that a day is never
counted twice or lost when clocks change. What could go on without ever finding a day is refused: the days of a rule are
found one after the other, and nobody may keep a process searching to the end of time.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from dateutil.rrule import rrulestr

from marketplace.core.errors import Invalid
from marketplace.core.window import FIRST_YEAR, LAST_YEAR, zone

LONGEST_RULE = 200
MOST_COUNT = 1_000
LONGEST_INTERVAL = {"DAILY": 52, "WEEKLY": 52, "MONTHLY": 11, "YEARLY": 1}
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"})
WEEKDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
UNTIL = re.compile(r"(\d{8})(T\d{6}Z?)?")
LEAP_YEAR = 2024
LAST_DAY = date(LAST_YEAR, 12, 31)


class BadRecurrence(Invalid):
    """A rule that is none, or one that is not kept here."""

    code = "BAD_RECURRENCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """The days of a rule from a local beginning on, without those left out; made by `read_recurrence`."""

    rule: str
    starts_at: datetime
    except_days: frozenset[date]
    last_day: date | None

    def days_from(self, first: date, *, at_most: int, without: Collection[date] = ()) -> list[date]:
        """The next days from `first` on, so many at most; a COUNT counts those left out, too."""
        midnight = datetime.combine(self.starts_at.date(), time())
        found = rrulestr(self.rule, dtstart=midnight).xafter(datetime.combine(first, time()), inc=True)
        days = (moment.date() for moment in found)
        wanted = []
        for day in islice(days, at_most + len(self.except_days) + len(without)):
            if day > (self.last_day or LAST_DAY):
                break
            if day not in self.except_days and day not in without:
                wanted.append(day)
        return wanted[:at_most]


def read_recurrence(rule: str, *, starts_at: datetime, except_days: Collection[date], time_zone: str) -> Recurrence:
    """The days that a rule means; raises BadRecurrence with what to change."""
    text = rule.strip().upper().removeprefix("RRULE:")
    if not 1 <= len(text) <= LONGEST_RULE:
        raise BadRecurrence(f"a rule has 1 to {LONGEST_RULE} characters", field="rule")
    parts = _parts(text)
    _check_numbers(parts)
    _check_combination(parts, starts_at)
    last_day = _last_day(parts.pop("UNTIL"), starts_at, time_zone) if "UNTIL" in parts else None
    kept = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rrulestr(kept, dtstart=starts_at)
    except (ValueError, TypeError, KeyError):
        raise BadRecurrence(
            "this is no recurrence rule; one looks like FREQ=WEEKLY;BYDAY=MO,TH", field="rule"
        ) from None
    return Recurrence(rule=kept, starts_at=starts_at, except_days=frozenset(except_days), last_day=last_day)


def _parts(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";")]
    parts = {name: value for name, _, value in pairs if name and value}
    if len(parts) < len(pairs) or "FREQ" not in parts:
        raise BadRecurrence("a rule looks like FREQ=WEEKLY;BYDAY=MO,TH, each part once", field="rule")
    if strange := parts.keys() - PARTS:
        raise BadRecurrence(f"{min(strange)} is not kept here; the parts are {', '.join(sorted(PARTS))}", field="rule")
    if parts["FREQ"] not in LONGEST_INTERVAL:
        raise BadRecurrence(f"FREQ is one of {', '.join(LONGEST_INTERVAL)}: a day is posted once", field="rule")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRecurrence("a rule ends by COUNT or by UNTIL, not by both", field="rule")
    return parts


def _check_numbers(parts: Mapping[str, str]) -> None:
    longest = LONGEST_INTERVAL[parts["FREQ"]]
    for name, low, high in (
        ("INTERVAL", 1, longest), ("COUNT", 1, MOST_COUNT), ("BYMONTH", 1, 12), ("BYMONTHDAY", 1, 31),
        ("BYSETPOS", 1, 4),
    ):  # fmt: skip
        may_be_negative = name in {"BYMONTHDAY", "BYSETPOS"}
        for number in _numbers(parts, name):
            if not low <= (abs(number) if may_be_negative else number) <= high:
                raise BadRecurrence(f"{name} of {parts['FREQ']} is {low} to {high}", field="rule")


def _numbers(parts: Mapping[str, str], name: str) -> list[int]:
    """The numbers of a part; none where it is left out."""
    try:
        return [int(one) for one in parts[name].split(",")] if name in parts else []
    except ValueError:
        raise BadRecurrence(f"{name} takes whole numbers", field="rule") from None


def _check_combination(parts: Mapping[str, str], starts_at: datetime) -> None:
    """Refuses what might never come true, such as every seventh day from a Monday on, if it is a Tuesday."""
    freq, every = parts["FREQ"], (_numbers(parts, "INTERVAL") or [1])[0]
    weekdays = [WEEKDAY.fullmatch(one) for one in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    if not all(weekdays):
        raise BadRecurrence("BYDAY takes days such as MO or, of a month, 2TU or -1FR", field="rule")
    is_numbered = any(one is not None and one[1] for one in weekdays)
    filters = parts.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
    if freq == "DAILY" and every > 1 and filters:
        raise BadRecurrence("DAILY with an INTERVAL takes no BY parts", field="rule")
    if every > 1 and "BYMONTH" in parts:
        raise BadRecurrence("a rule takes BYMONTH or an INTERVAL, not both", field="rule")
    if freq in {"DAILY", "WEEKLY"} and filters & {"BYMONTHDAY", "BYSETPOS"}:
        raise BadRecurrence(f"{freq} takes BYDAY and BYMONTH; days of a month are MONTHLY", field="rule")
    if is_numbered and (freq in {"DAILY", "WEEKLY"} or "BYMONTHDAY" in parts):
        raise BadRecurrence("a numbered weekday is one of a month or a year, and goes without BYMONTHDAY", field="rule")
    if "BYSETPOS" in parts and (freq != "MONTHLY" or is_numbered or not weekdays or "BYMONTHDAY" in parts):
        raise BadRecurrence("BYSETPOS goes with MONTHLY and plain weekdays in BYDAY", field="rule")
    _check_dates(parts, starts_at, has_weekdays=bool(weekdays))


def _check_dates(parts: Mapping[str, str], starts_at: datetime, *, has_weekdays: bool) -> None:
    """Refuses days that none of its months has; where a rule names no day, it is that of the beginning."""
    days, months = _numbers(parts, "BYMONTHDAY"), _numbers(parts, "BYMONTH")
    if not days and not has_weekdays and parts["FREQ"] in {"MONTHLY", "YEARLY"}:
        days = [starts_at.day]
    lengths = [monthrange(LEAP_YEAR, month)[1] for month in months or range(1, 13)]
    if days and min(abs(day) for day in days) > max(lengths):
        raise BadRecurrence("none of these months has such a day", field="rule")


def _last_day(until: str, starts_at: datetime, time_zone: str) -> date:
    """The last day that an UNTIL lets in: a date, a local time, or an instant with Z."""
    moment = _moment(until)
    if moment is None:
        raise BadRecurrence("UNTIL is a day such as 20261231, or a time such as 20261231T090000", field="rule")
    if until.endswith("Z"):
        moment = moment.replace(tzinfo=UTC).astimezone(zone(time_zone)).replace(tzinfo=None)
    return moment.date() if moment.time() >= starts_at.time() else moment.date() - timedelta(days=1)


def _moment(until: str) -> datetime | None:
    """What an UNTIL says, at the end of the day where it says no time; None where it is no moment of these years."""
    form = UNTIL.fullmatch(until)
    if form is None:
        return None
    try:
        text = form[1] + (form[2] or "T235959").rstrip("Z")
        moment = datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local, or UTC where it ends in Z
    except ValueError:
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None
