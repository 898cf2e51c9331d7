"""Reserved capacity: agreed by operations, and seen by its shipper with what is used and left of each day."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from marketplace.accounts import Principal
from marketplace.core.errors import Invalid
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.hubs import clock_time
from marketplace.reservations import (
    DayUse,
    Terms,
    all_terms,
    change_reservation,
    days_of,
    end_reservation,
    reserve_capacity,
)
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutation
from schema.problem import Problem
from schema.rate_cards import ShipperArgument
from schema.scalars import MoneyMinor

MOST_DAYS = 31
TERMS = {
    "first_day": "The first local day on which it counts, tomorrow or later.",
    "last_day": "The last local day; none is until it is changed or ended.",
    "weekdays": "Days of the week, 1 Monday to 7 Sunday.",
    "opens": "Local time such as 08:00 from which it is for; none is the whole day.",
    "closes": "Local time until which it is for: deliveries whose window closes in these hours.",
    "places": "Deliveries a day that are kept for the shipper, at most 100,000.",
    "fee_minor": "Minor units for each place of a day that is not used in the end.",
    "release_days": "How many days before its day unused places become free for all, 0 to 14.",
    "release_time": "Local time such as 18:00 at which they do.",
}
FirstDay = Annotated[date, strawberry.argument(name="from", description="The first local day.")]
LastDay = Annotated[date, strawberry.argument(name="to", description="The last local day, at most 30 days later.")]
ReservationArgument = Annotated[strawberry.ID, strawberry.argument(description="rsv_….")]


@strawberry.type(name="ReservationTerms", description="One version of a reservation; never edited, only followed.")
class ReservationTermsType:
    """What is reserved."""

    version: int = strawberry.field(description="Counts from 1.")
    first_day: date = strawberry.field(description=TERMS["first_day"])
    last_day: date | None = strawberry.field(description=TERMS["last_day"])
    next_day: date | None = strawberry.field(description="The local day on which the next version begins.")
    weekdays: list[int] = strawberry.field(description=TERMS["weekdays"], metadata=usually(7))
    opens: str | None = strawberry.field(description=TERMS["opens"])
    closes: str | None = strawberry.field(description=TERMS["closes"])
    places: int = strawberry.field(description=TERMS["places"] + " With 0 it has ended.")
    fee_minor: MoneyMinor = strawberry.field(description=TERMS["fee_minor"])
    release_days: int = strawberry.field(description=TERMS["release_days"])
    release_time: str = strawberry.field(description=TERMS["release_time"])


@strawberry.input(description="What is to be reserved. Days and times are those of the clock at the hub or market.")
class ReservationTermsInput:
    """The terms that are to be set."""

    first_day: date = strawberry.field(description=TERMS["first_day"])
    last_day: date | None = strawberry.field(default=None, description=TERMS["last_day"])
    weekdays: list[int] = strawberry.field(
        default_factory=lambda: list(range(1, 8)), description=TERMS["weekdays"] + " Every day if left out."
    )
    opens: str | None = strawberry.field(default=None, description=TERMS["opens"])
    closes: str | None = strawberry.field(default=None, description=TERMS["closes"])
    places: int = strawberry.field(description=TERMS["places"])
    fee_minor: MoneyMinor = strawberry.field(default=MoneyMinor(0), description=TERMS["fee_minor"])
    release_days: int = strawberry.field(default=1, description=TERMS["release_days"])
    release_time: str = strawberry.field(default="18:00", description=TERMS["release_time"])

    def value(self) -> Terms:
        """The terms as the marketplace takes them; wrong ones are refused here."""
        return Terms(
            first_day=self.first_day,
            last_day=self.last_day,
            weekdays=frozenset(self.weekdays),
            opens=clock_time(self.opens) if self.opens is not None else None,
            closes=clock_time(self.closes) if self.closes is not None else None,
            places=self.places,
            fee_minor=self.fee_minor,
            release_days=self.release_days,
            release_time=clock_time(self.release_time),
        )


@strawberry.type(description="One local day of a reservation.")
class ReservationDay:
    """What became of a day, or has become of it so far."""

    day: date = strawberry.field(description="The local day.")
    places: int = strawberry.field(description="How many places it had.")
    used: int = strawberry.field(description="How many of them deliveries and held windows have taken.")
    left: int = strawberry.field(description="How many are still kept for the shipper.")
    is_released: bool = strawberry.field(description="Whether what is unused is free for all.")
    amount_minor: MoneyMinor | None = strawberry.field(
        description="What unused places cost, minor units; null until the day is over and settled."
    )


@strawberry.type(description="Places that a shipper has for itself, and what becomes of them.")
class CapacityReservation:
    """A reservation."""

    id: strawberry.ID = strawberry.field(description="rsv_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    hub_id: strawberry.ID | None = strawberry.field(description="hub_…; null is anywhere in the market.")
    currency: str = strawberry.field(description="ISO 4217, of its fees.")
    is_over: bool = strawberry.field(description="Whether it has no day before it any more.")
    terms: list[ReservationTermsType] = strawberry.field(
        description="Every version, latest first.", metadata=usually(2)
    )
    days: list[ReservationDay] = strawberry.field(
        description="Those of the days asked for on which it has places, first one first.", metadata=usually(14)
    )


@strawberry.type(description="The reservation is like this from its day on.")
class ReservationSet:
    """A reservation that was made, changed or ended."""

    reservation_id: strawberry.ID = strawberry.field(description="rsv_….")
    version: int = strawberry.field(description="The number of its latest version.")


ReserveCapacityResult = Annotated[ReservationSet | Problem, strawberry.union("ReserveCapacityResult")]
ChangeReservationResult = Annotated[ReservationSet | Problem, strawberry.union("ChangeReservationResult")]
EndReservationResult = Annotated[ReservationSet | Problem, strawberry.union("EndReservationResult")]


@strawberry.type
class Query:
    """Reservations for those who have them, and for those who agree on them."""

    @query(
        description="Your reservations in a market, with what is used and left of each day from one to another, at"
        " most 31.",
        usual_rows=2,
    )
    async def capacity_reservations(
        self, info: Info, market_id: MarketArgument, first_day: FirstDay, last_day: LastDay
    ) -> list[CapacityReservation]:
        """Reads one's own."""
        shipper = require_shipper(info)
        market = from_wire("market", market_id, field="marketId")
        return await _reservations(info, market, shipper.id, first_day, last_day)

    @query(
        description="A shipper's reservations in a market, with what is used and left of each day. For operations.",
        usual_rows=2,
    )
    async def shipper_capacity_reservations(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        first_day: FirstDay,
        last_day: LastDay,
    ) -> list[CapacityReservation]:
        """Reads a shipper's."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId")
        return await _reservations(info, market, shipper, first_day, last_day)


@strawberry.type
class Mutation:
    """Agreeing on reservations, for operations."""

    @mutation(
        description="Reserves deliveries a day for a shipper at a hub, or anywhere in the market, from a coming day on."
        " OVER_RESERVED where the hub or market has not so many. For operations."
    )
    async def reserve_capacity(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        terms: Annotated[ReservationTermsInput, strawberry.argument(description="The whole terms.")],
        idempotency_key: IdempotencyKey,
        hub_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="hub_…; anywhere in the market if left out.")
        ] = None,
    ) -> ReserveCapacityResult:
        """Makes a reservation."""
        shipper, value = from_wire("shipper", shipper_id, field="shipperId"), terms.value()
        hub = from_wire("hub", hub_id, field="hubId") if hub_id is not None else None

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            return await reserve_capacity(work, market_id=market, shipper_id=shipper, hub_id=hub, terms=value)

        return await audited(
            info,
            verb="reserveCapacity",
            market_id=market_id,
            details=_kept(value) | {"shipper_id": str(shipper), "hub_id": str(hub) if hub else None},
            idempotency_key=idempotency_key,
            run=run,
            answer=_set,
        )

    @mutation(description="Sets the next version of a reservation, from a coming day on. For operations.")
    async def change_reservation(
        self,
        info: Info,
        market_id: MarketArgument,
        reservation_id: ReservationArgument,
        terms: Annotated[ReservationTermsInput, strawberry.argument(description="The whole terms.")],
        idempotency_key: IdempotencyKey,
    ) -> ChangeReservationResult:
        """Changes a reservation."""
        reservation, value = from_wire("reservation", reservation_id, field="reservationId"), terms.value()

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            await change_reservation(work, market_id=market, reservation_id=reservation, terms=value)
            return reservation

        return await audited(
            info,
            verb="changeReservation",
            market_id=market_id,
            details=_kept(value),
            more={"reservation": reservation},
            idempotency_key=idempotency_key,
            run=run,
            answer=_set,
        )

    @mutation(
        description="Ends a reservation from a coming day on; what its shipper has posted by then is delivered. For"
        " operations."
    )
    async def end_reservation(
        self,
        info: Info,
        market_id: MarketArgument,
        reservation_id: ReservationArgument,
        from_day: Annotated[date, strawberry.argument(description="The first local day without it.")],
        idempotency_key: IdempotencyKey,
    ) -> EndReservationResult:
        """Ends a reservation."""
        reservation = from_wire("reservation", reservation_id, field="reservationId")

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            await end_reservation(work, market_id=market, reservation_id=reservation, from_day=from_day)
            return reservation

        return await audited(
            info,
            verb="endReservation",
            market_id=market_id,
            details={"from_day": from_day.isoformat()},
            more={"reservation": reservation},
            idempotency_key=idempotency_key,
            run=run,
            answer=_set,
        )


async def _reservations(
    info: Info, market_id: UUID, shipper_id: UUID, first: date, last: date
) -> list[CapacityReservation]:
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        raise Invalid(f"the days are 1 to {MOST_DAYS}, the first of them before the last", field="to")
    async with info.context.marketplace.works.open() as work:
        rows = await all_terms(work, market_id=market_id, shipper_id=shipper_id)
        days = await days_of(work, market_id=market_id, shipper_id=shipper_id, first=first, last=last)
    return [
        _reservation(list(versions), days.get(reservation_id, []))
        for reservation_id, versions in groupby(rows, key=lambda row: row["reservation_id"])
    ]


def _reservation(versions: list[dict[str, Any]], days: Iterable[DayUse]) -> CapacityReservation:
    head = versions[0]
    return CapacityReservation(
        id=strawberry.ID(to_wire("reservation", head["reservation_id"])),
        market_id=strawberry.ID(to_wire("market", head["market_id"])),
        shipper_id=strawberry.ID(to_wire("shipper", head["shipper_id"])),
        hub_id=strawberry.ID(to_wire("hub", head["hub_id"])) if head["hub_id"] else None,
        currency=head["currency"],
        is_over=head["is_over"],
        terms=cast("list[ReservationTermsType]", versions),
        days=cast("list[ReservationDay]", list(days)),
    )


def _kept(terms: Terms) -> dict[str, Any]:
    """The terms as the audit keeps them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in terms.as_json().items()}


async def _set(work: Work, reservation_id: UUID) -> ReservationSet:
    versions = await all_terms(work, reservation_id=reservation_id)
    return ReservationSet(
        reservation_id=strawberry.ID(to_wire("reservation", reservation_id)),
        version=max(row["version"] for row in versions),
    )
