"""What the law asks of a pay policy, as values: exact rates, the least pay of an offer, and that of a pay period.

A law speaks of cents a mile or of 120 % of an hourly wage; a rate keeps those words and is read as a ratio of whole
numbers, so that nothing is rounded before the one rounding of its line. Tips are never counted towards a floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import gcd
from typing import Any

from marketplace.core.money import MAX_MINOR, BadMoney
from marketplace.markets.pay_calendar import PayCalendar

PERCENT_AT_MOST = 1_000
NAME_AT_MOST = 40


class BadPayFloor(BadMoney):
    """A floor that is incomplete, unknown, negative or not whole; the law is not guessed."""

    code = "BAD_PAY_FLOOR"


class PayUnit(StrEnum):
    """What a rate of the law is for one of."""

    MINUTE = "MINUTE"
    HOUR = "HOUR"
    KM = "KM"
    MILE = "MILE"

    @property
    def is_time(self) -> bool:
        """Whether it is counted in seconds; the others are counted in metres."""
        return self in {PayUnit.MINUTE, PayUnit.HOUR}


COUNTED: Mapping[PayUnit, tuple[int, int]] = {
    PayUnit.MINUTE: (1, 60),
    PayUnit.HOUR: (1, 3_600),
    PayUnit.KM: (1, 1_000),
    PayUnit.MILE: (125, 201_168),
}
"""So many units are so many whole seconds or metres: 125 miles of 1,609.344 m are 201,168 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactRate:
    """`percent` of `minor` minor units for each `per`."""

    minor: int
    per: PayUnit
    percent: int = 100

    def __post_init__(self) -> None:
        _check_whole("minor", self.minor, MAX_MINOR // (125 * PERCENT_AT_MOST))
        _check_whole("percent", self.percent, PERCENT_AT_MOST)

    @property
    def ratio(self) -> tuple[int, int]:
        """Minor units, and for how many seconds or metres: two whole numbers that say exactly what the law says.

        They stay close to its words: 45 for 60 seconds, 9,625 for the 201,168 m of 125 miles.
        """
        units, counted = COUNTED[self.per]
        shared = gcd(self.percent, 100) if self.percent else 100
        return self.minor * units * (self.percent // shared), counted * (100 // shared)

    def as_json(self) -> dict[str, object]:
        """The rate in the words of the law, as a policy keeps it."""
        return {"minor": self.minor, "per": self.per.value, "percent": self.percent}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFloor:
    """The least pay of each offer: its time and distance at these rates, and never below the minimum."""

    time: ExactRate
    distance: ExactRate | None
    minimum_minor: int

    def __post_init__(self) -> None:
        _check_rates(self.time, self.distance)
        _check_whole("minimum_minor", self.minimum_minor, MAX_MINOR)

    def as_json(self) -> dict[str, object]:
        """The floor as a policy keeps it."""
        return _rates_json(self.time, self.distance) | {"minimum_minor": self.minimum_minor}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFloor:
    """The least pay of a driver's whole period: engaged time, counted once, and distance at these rates.

    A pooled one asks besides that all drivers together are paid the time rate for engaged time and on-call time.
    """

    time: ExactRate
    distance: ExactRate | None
    calendar: PayCalendar
    is_pooled: bool = False

    def __post_init__(self) -> None:
        _check_rates(self.time, self.distance)

    def as_json(self) -> dict[str, object]:
        """The floor as a policy keeps it."""
        rest = {"calendar": self.calendar.as_json(), "is_pooled": self.is_pooled}
        return _rates_json(self.time, self.distance) | rest


@dataclass(frozen=True, slots=True, kw_only=True)
class PayFloors:
    """What one jurisdiction asks, for each offer, for each pay period, or both; `pack` names their source."""

    jurisdiction: str
    pack: str | None = None
    offer: OfferFloor | None = None
    period: PeriodFloor | None = None

    def __post_init__(self) -> None:
        for name in (self.jurisdiction, self.pack or "none"):
            if not 1 <= len(name) <= NAME_AT_MOST:
                raise BadPayFloor(f"a jurisdiction or pack is named in 1 to {NAME_AT_MOST} letters")
        if self.offer is None and self.period is None:
            raise BadPayFloor("pay floors are for each offer, for each pay period, or both")

    def as_json(self) -> dict[str, object]:
        """The floors as a policy keeps them."""
        return {
            "jurisdiction": self.jurisdiction,
            "pack": self.pack,
            "offer": self.offer and self.offer.as_json(),
            "period": self.period and self.period.as_json(),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PayFloors":
        """The floors of a kept policy or of a pack; a missing or an unknown word is refused."""
        _check_words("pay floors", kept, {"jurisdiction", "pack", "offer", "period"})
        return cls(
            jurisdiction=kept["jurisdiction"],
            pack=kept["pack"],
            offer=_offer(kept["offer"]) if kept["offer"] else None,
            period=_period(kept["period"]) if kept["period"] else None,
        )


def _offer(kept: Mapping[str, Any]) -> OfferFloor:
    _check_words("an offer's floor", kept, {"time", "distance", "minimum_minor"})
    return OfferFloor(**_rates(kept), minimum_minor=kept["minimum_minor"])


def _period(kept: Mapping[str, Any]) -> PeriodFloor:
    _check_words("a period's floor", kept, {"time", "distance", "calendar", "is_pooled"})
    calendar = kept["calendar"]
    _check_words("a pay calendar", calendar, {"first_day", "hour", "days", "settle_after_h"})
    read = PayCalendar(**{**calendar, "first_day": date.fromisoformat(calendar["first_day"])})
    return PeriodFloor(**_rates(kept), calendar=read, is_pooled=kept["is_pooled"])


def _rates(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _rate(kept[name]) if kept[name] else None for name in ("time", "distance")}


def _rate(kept: Mapping[str, Any]) -> ExactRate:
    _check_words("a rate", kept, {"minor", "per", "percent"})
    return ExactRate(minor=kept["minor"], per=PayUnit(kept["per"]), percent=kept["percent"])


def _rates_json(time: ExactRate, distance: ExactRate | None) -> dict[str, object]:
    return {"time": time.as_json(), "distance": distance and distance.as_json()}


def _check_rates(time: ExactRate | None, distance: ExactRate | None) -> None:
    if time is None or not time.per.is_time or (distance is not None and distance.per.is_time):
        raise BadPayFloor("a floor has a rate for time and, if any, one for distance")


def _check_words(thing: str, kept: Mapping[str, Any], wanted: set[str]) -> None:
    if wrong := wanted ^ kept.keys():
        raise BadPayFloor(f"{thing} has exactly {', '.join(sorted(wanted))}", field=min(wrong))


def _check_whole(name: str, value: int, most: int) -> None:
    if type(value) is not int or not 0 <= value <= most:
        raise BadPayFloor(f"{name} of a floor is a whole number from 0 to {most}", field=name)
