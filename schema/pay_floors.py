"""What the law asks of pay, as operators read and write it."""

from datetime import date

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.markets import ExactRate as ExactRateValue
from marketplace.markets import OfferFloor as OfferFloorValue
from marketplace.markets import PayCalendar as PayCalendarValue
from marketplace.markets import PayFloors as PayFloorsValue
from marketplace.markets import PayUnit
from marketplace.markets import PeriodFloor as PeriodFloorValue
from schema.scalars import MoneyMinor

TIME_RATE = "For engaged time: MINUTE or HOUR."
DISTANCE_RATE = "For engaged distance: KM or MILE; null where the law asks nothing for it."
FIRST_DAY = "Local day on which a first period began; its weekday is that of all periods of whole weeks."
HOUR = "Local hour at which periods begin, 0 to 23."
DAYS = "Length of a period in local days, 1 to 31."
SETTLE = "Hours after a period's end at which what is missing is paid, 0 to 336."
POOLED = "Whether all drivers together must also be paid the time rate for engaged and on-call time."


@strawberry.type(description="A rate as the law says it.")
class PayRate:
    """An exact rate."""

    minor: MoneyMinor = strawberry.field(description="Minor units for each `per`.")
    per: PayUnit = strawberry.field(description="What it is for one of.")
    percent: int = strawberry.field(description="How much of it counts: 120 of an hourly minimum wage, otherwise 100.")


@strawberry.type(description="The least pay of each offer, asked of the offer and again of its statement.")
class OfferPayFloor:
    """A floor of offers."""

    time: PayRate = strawberry.field(description=TIME_RATE)
    distance: PayRate | None = strawberry.field(description=DISTANCE_RATE)
    minimum_minor: MoneyMinor = strawberry.field(description="Least pay of an offer, minor units.")


@strawberry.type(description="When pay periods begin and end, by the market's own clock.")
class PayCalendar:
    """A calendar."""

    first_day: date = strawberry.field(description=FIRST_DAY)
    hour: int = strawberry.field(description=HOUR)
    days: int = strawberry.field(description=DAYS)
    settle_after_h: int = strawberry.field(description=SETTLE)


@strawberry.type(description="The least pay of a driver's whole pay period; what is missing is paid by a true-up.")
class PeriodPayFloor:
    """A floor of periods."""

    time: PayRate = strawberry.field(description=TIME_RATE)
    distance: PayRate | None = strawberry.field(description=DISTANCE_RATE)
    calendar: PayCalendar = strawberry.field(description="The periods.")
    is_pooled: bool = strawberry.field(description=POOLED)


@strawberry.type(description="What the law of a place asks of pay. Tips never count.")
class PayFloors:
    """Floors."""

    jurisdiction: str = strawberry.field(description="The place, such as US-WA-SEA.")
    pack: str | None = strawberry.field(description="The pack that the numbers came from.")
    offer: OfferPayFloor | None = strawberry.field(description="For each offer.")
    period: PeriodPayFloor | None = strawberry.field(description="For each pay period.")


@strawberry.input(description="A rate as the law says it.")
class PayRateInput:
    """An exact rate."""

    minor: MoneyMinor = strawberry.field(description="Minor units for each `per`.")
    per: PayUnit = strawberry.field(description="What it is for one of.")
    percent: int = strawberry.field(default=100, description="How much of it counts, 0 to 1,000.")

    def value(self) -> ExactRateValue:
        """The rate as a value."""
        return ExactRateValue(minor=self.minor, per=PayUnit(self.per), percent=self.percent)


@strawberry.input(description="The least pay of each offer.")
class OfferPayFloorInput:
    """A floor of offers."""

    time: PayRateInput = strawberry.field(description=TIME_RATE)
    distance: PayRateInput | None = strawberry.field(default=None, description=DISTANCE_RATE)
    minimum_minor: MoneyMinor = strawberry.field(description="Least pay of an offer, minor units.")

    def value(self) -> OfferFloorValue:
        """The floor as a value."""
        distance = self.distance.value() if self.distance else None
        return OfferFloorValue(time=self.time.value(), distance=distance, minimum_minor=self.minimum_minor)


@strawberry.input(description="When pay periods begin and end, by the market's own clock.")
class PayCalendarInput:
    """A calendar."""

    first_day: date = strawberry.field(description=FIRST_DAY)
    hour: int = strawberry.field(description=HOUR)
    days: int = strawberry.field(description=DAYS)
    settle_after_h: int = strawberry.field(description=SETTLE)

    def value(self) -> PayCalendarValue:
        """The calendar as a value."""
        return PayCalendarValue(**vars(self))


@strawberry.input(description="The least pay of a driver's whole pay period.")
class PeriodPayFloorInput:
    """A floor of periods."""

    time: PayRateInput = strawberry.field(description=TIME_RATE)
    distance: PayRateInput | None = strawberry.field(default=None, description=DISTANCE_RATE)
    calendar: PayCalendarInput = strawberry.field(description="The periods.")
    is_pooled: bool = strawberry.field(default=False, description=POOLED)

    def value(self) -> PeriodFloorValue:
        """The floor as a value."""
        distance = self.distance.value() if self.distance else None
        return PeriodFloorValue(
            time=self.time.value(), distance=distance, calendar=self.calendar.value(), is_pooled=self.is_pooled
        )


@strawberry.input(description="What the law of a place asks of pay.")
class PayFloorsInput:
    """Floors."""

    jurisdiction: str = strawberry.field(description="The place, 1 to 40 letters.")
    offer: OfferPayFloorInput | None = strawberry.field(default=None, description="For each offer.")
    period: PeriodPayFloorInput | None = strawberry.field(default=None, description="For each pay period.")

    def value(self) -> PayFloorsValue:
        """The floors as a value."""
        return PayFloorsValue(
            jurisdiction=self.jurisdiction,
            offer=self.offer.value() if self.offer else None,
            period=self.period.value() if self.period else None,
        )
