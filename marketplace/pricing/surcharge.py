"""Surcharges of a rate card: what a delivery costs more at certain hours, for a vehicle or a skill, or for its size."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from marketplace.core.money import BadMoney, check_whole

MOST_SURCHARGES = 20
LONGEST_CODE = 30
MINUTES_A_DAY = 1_440
MOST_PERCENT = 500


class BadSurcharge(BadMoney):
    """A surcharge that nobody could apply: without a name, an amount, or with a time that is none."""

    code = "BAD_SURCHARGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedFacts:
    """What a surcharge may depend on: the local time at which the hand-over window opens, and what is carried."""

    opens: datetime
    requirements: frozenset[str] = frozenset()
    weight_g: int = 0
    volume_dm3: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """An amount or a percentage more, where all its conditions hold; one that is left out always holds.

    Weekdays are 1, Monday, to 7. Minutes count from local midnight; `to_minute` at or before `from_minute` is on the
    next day, and the weekday is then that of the evening. `requirement` is what the delivery asks of driver or vehicle.
    """

    code: str
    amount_minor: int = 0
    percent: int = 0
    weekdays: tuple[int, ...] = ()
    from_minute: int = 0
    to_minute: int = MINUTES_A_DAY
    requirement: str | None = None
    over_weight_g: int | None = None
    over_volume_dm3: int | None = None

    def __post_init__(self) -> None:
        whole = {"amount_minor": self.amount_minor, "percent": self.percent}
        whole |= {"from_minute": self.from_minute, "to_minute": self.to_minute}
        whole |= {f"weekdays[{i}]": day for i, day in enumerate(self.weekdays)}
        check_whole(whole, refusal=BadSurcharge, thing="a surcharge")
        if not 1 <= len(self.code) <= LONGEST_CODE:
            raise BadSurcharge(f"a surcharge's code has 1 to {LONGEST_CODE} characters", field="code")
        if (self.amount_minor > 0) == (self.percent > 0) or self.percent > MOST_PERCENT:
            raise BadSurcharge(f"a surcharge is an amount or a percentage up to {MOST_PERCENT}", field="amountMinor")
        if self.from_minute >= MINUTES_A_DAY or self.to_minute > MINUTES_A_DAY:
            raise BadSurcharge("a surcharge's minutes lie within a day", field="fromMinute")
        if any(not 1 <= day <= 7 for day in self.weekdays):
            raise BadSurcharge("weekdays are 1, Monday, to 7, Sunday", field="weekdays")

    def applies(self, facts: PricedFacts) -> bool:
        """Whether a delivery pays it."""
        return (
            self._is_time(facts.opens)
            and (self.requirement is None or self.requirement in facts.requirements)
            and (self.over_weight_g is None or facts.weight_g > self.over_weight_g)
            and (self.over_volume_dm3 is None or facts.volume_dm3 > self.over_volume_dm3)
        )

    def _is_time(self, local: datetime) -> bool:
        minute, weekday = local.hour * 60 + local.minute, local.isoweekday()
        if self.from_minute < self.to_minute:
            return self.from_minute <= minute < self.to_minute and self._is_day(weekday)
        if minute >= self.from_minute:
            return self._is_day(weekday)
        return minute < self.to_minute and self._is_day(weekday - 1 or 7)

    def _is_day(self, weekday: int) -> bool:
        return not self.weekdays or weekday in self.weekdays

    def as_json(self) -> dict[str, object]:
        """The surcharge as a rate card keeps it."""
        return asdict(self) | {"weekdays": list(self.weekdays)}


def read_surcharges(kept: Iterable[Mapping[str, object]]) -> tuple[Surcharge, ...]:
    """The surcharges of a kept rate card; unknown names and doubled codes are refused."""
    known = {field.name for field in fields(Surcharge)}
    read: list[Surcharge] = []
    for values in kept:
        if wrong := values.keys() - known:
            raise BadSurcharge(f"a surcharge has no {min(wrong)}", field=min(wrong))
        days = values.get("weekdays") or ()
        if not isinstance(days, Sequence):
            raise BadSurcharge("weekdays are a list", field="weekdays")
        read.append(Surcharge(**{**values, "weekdays": tuple(days)}))  # type: ignore[arg-type]  # checked inside
    if len(read) > MOST_SURCHARGES or len({one.code for one in read}) < len(read):
        raise BadSurcharge(f"a rate card has at most {MOST_SURCHARGES} surcharges, each with its own code")
    return tuple(read)
