"""When hubs serve, how much and how far, and what they can promise to a place before anything is posted."""

from datetime import date
from typing import Annotated, Any, cast

import strawberry

from marketplace.accounts import PrincipalKind, note_action
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.hubs import DayHours, Opening, clock_time, promises_for, read_opening, set_hub_opening
from schema.access import require_one_of, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import PointInput, Window
from schema.problem import Problem
from schema.scalars import DateTime

NUMBERS = {
    "notice_s": "Seconds before it opens until which a window can be booked, 0 to 604,800.",
    "window_s": "Seconds that a window lasts by the local clock, 1,800 to 43,200.",
    "places_per_hour": "Deliveries given out in an hour; null for as many as drivers can take.",
    "places_per_day": "Deliveries given out on a local day; null for as many as drivers can take.",
    "docks": "Vehicles that load at the same time, 1 to 200; null where nobody waits for a dock.",
    "dock_s": "Seconds that a vehicle stands at a dock, 60 to 7,200.",
    "reach_s": "Driving seconds to the edge of its catchment, 60 to 7,200; null for as far as streets go.",
}
HOURS = "Opening hours, at most 28; a day without any is a day of rest."
HOLIDAYS = "Local days on which it is closed, at most 200."
CUTOFFS = "Until when a service level still goes on its first day: tomorrow for NEXT_DAY, today for the others."
DAY = "1 Monday to 7 Sunday."
OPENS, CLOSES = "Local time such as 08:00.", "Local time; one that is not later than `opens` is of the next day."
LEVEL, UNTIL = "STANDARD, EXPRESS, SAME_DAY or NEXT_DAY.", "Local time such as 14:00."
HubArgument = Annotated[strawberry.ID, strawberry.argument(description="hub_….")]


@strawberry.type(description="Hours of one day of the week, by the clock that hangs in the hub.")
class OpeningHours:
    """From when to when."""

    day: int = strawberry.field(description=DAY)
    opens: str = strawberry.field(description=OPENS)
    closes: str = strawberry.field(description=CLOSES)


@strawberry.input(description="Hours of one day of the week, by the clock that hangs in the hub.")
class OpeningHoursInput:
    """From when to when, as an operator sets it."""

    day: int = strawberry.field(description=DAY)
    opens: str = strawberry.field(description=OPENS)
    closes: str = strawberry.field(description=CLOSES)


@strawberry.type(description="The cut-off of a service level.")
class Cutoff:
    """Until when."""

    service_level: str = strawberry.field(description=LEVEL)
    until: str = strawberry.field(description=UNTIL)


@strawberry.input(description="The cut-off of a service level.")
class CutoffInput:
    """Until when, as an operator sets it."""

    service_level: str = strawberry.field(description=LEVEL)
    until: str = strawberry.field(description=UNTIL)


@strawberry.type(description="When a hub serves, how much and how far.")
class HubOpening:
    """The terms of a hub."""

    hub_id: strawberry.ID = strawberry.field(description="hub_….")
    hours: list[OpeningHours] = strawberry.field(description=HOURS, metadata=usually(7))
    holidays: list[str] = strawberry.field(description=HOLIDAYS, metadata=usually(15))
    cutoffs: list[Cutoff] = strawberry.field(description=CUTOFFS, metadata=usually(2))
    notice_s: int = strawberry.field(description=NUMBERS["notice_s"])
    window_s: int = strawberry.field(description=NUMBERS["window_s"])
    places_per_hour: int | None = strawberry.field(description=NUMBERS["places_per_hour"])
    places_per_day: int | None = strawberry.field(description=NUMBERS["places_per_day"])
    docks: int | None = strawberry.field(description=NUMBERS["docks"])
    dock_s: int = strawberry.field(description=NUMBERS["dock_s"])
    reach_s: int | None = strawberry.field(description=NUMBERS["reach_s"])
    reached_at: DateTime | None = strawberry.field(description="When its catchment was computed, market time.")
    cells: int = strawberry.field(description="H3 cells of about 0.1 km² in its catchment; 0 without a reach.")


@strawberry.input(description="When a hub serves, how much and how far: all of it, since it replaces what was before.")
class HubOpeningInput:
    """The terms as an operator sets them."""

    hours: list[OpeningHoursInput] = strawberry.field(description=HOURS)
    holidays: list[date] = strawberry.field(default_factory=list, description=HOLIDAYS)
    cutoffs: list[CutoffInput] = strawberry.field(default_factory=list, description=CUTOFFS)
    notice_s: int = strawberry.field(default=3_600, description=NUMBERS["notice_s"])
    window_s: int = strawberry.field(default=7_200, description=NUMBERS["window_s"])
    places_per_hour: int | None = strawberry.field(default=None, description=NUMBERS["places_per_hour"])
    places_per_day: int | None = strawberry.field(default=None, description=NUMBERS["places_per_day"])
    docks: int | None = strawberry.field(default=None, description=NUMBERS["docks"])
    dock_s: int = strawberry.field(default=600, description=NUMBERS["dock_s"])
    reach_s: int | None = strawberry.field(default=None, description=NUMBERS["reach_s"])

    def value(self) -> Opening:
        """The checked terms; raises BadOpening."""
        return Opening(
            hours=tuple(
                DayHours(day=one.day, opens=clock_time(one.opens), closes=clock_time(one.closes)) for one in self.hours
            ),
            holidays=frozenset(self.holidays),
            cutoffs={one.service_level: clock_time(one.until) for one in self.cutoffs},
            notice_s=self.notice_s,
            window_s=self.window_s,
            places_per_hour=self.places_per_hour,
            places_per_day=self.places_per_day,
            docks=self.docks,
            dock_s=self.dock_s,
            reach_s=self.reach_s,
        )


@strawberry.type(description="What a hub can promise to a place, by its catchment, hours and cut-offs.")
class HubPromise:
    """The first day on which something comes."""

    hub_id: strawberry.ID = strawberry.field(description="hub_….")
    service_level: str = strawberry.field(description=LEVEL)
    day: str = strawberry.field(description="The local day, such as 2026-03-02.")
    window: Window = strawberry.field(description="From the first bookable window of that day to the last.")
    drive_s: int | None = strawberry.field(description="Driving seconds from the hub; null without a set reach.")


@strawberry.type(
    name="HubOpeningSet", description="The terms of the hub hold from now on; its catchment is computed within seconds."
)
class HubOpeningSetType:
    """New terms."""

    opening: HubOpening = strawberry.field(description="As they are now.")


SetHubOpeningResult = Annotated[HubOpeningSetType | Problem, strawberry.union("SetHubOpeningResult")]


@strawberry.type
class Query:
    """Hubs and what they promise."""

    @query(description="When a hub serves, how much and how far. For operations.")
    async def hub_opening(self, info: Info, market_id: MarketArgument, hub_id: HubArgument) -> HubOpening:
        """Reads a hub's terms."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return await _opening(work, market, hub_id)

    @query(
        description="Which hubs bring something to a place, and on which day: from their catchments, without a look at"
        " the plan. SAME_DAY is there only where it is still today. Nearest hub first, at most 20 hubs. For shippers"
        " and operations.",
        usual_rows=8,
    )
    async def hub_promises(
        self,
        info: Info,
        market_id: MarketArgument,
        place: Annotated[PointInput, strawberry.argument(description="The door.")],
        service_level: Annotated[str | None, strawberry.argument(description=f"Only this one: {LEVEL}")] = None,
    ) -> list[HubPromise]:
        """Reads promises."""
        principal = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        market = from_wire("market", market_id, field="marketId")
        if principal.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        shipper_id = principal.id if principal.kind is PrincipalKind.SHIPPER else None
        async with info.context.marketplace.works.open() as work:
            found = await promises_for(
                work, market_id=market, shipper_id=shipper_id, place=place.value(), level=service_level
            )
        return [
            HubPromise(
                hub_id=strawberry.ID(to_wire("hub", one.hub_id)),
                service_level=one.service_level,
                day=one.day.isoformat(),
                window=cast("Window", one.window),
                drive_s=one.drive_s,
            )
            for one in found
        ]


@strawberry.type
class Mutation:
    """Setting a hub's terms."""

    @mutation(
        description="Sets when a hub serves, how much and how far. What was promised before stands. For operations."
    )
    async def set_hub_opening(
        self,
        info: Info,
        market_id: MarketArgument,
        hub_id: HubArgument,
        opening: Annotated[HubOpeningInput, strawberry.argument(description="All of the terms.")],
        idempotency_key: IdempotencyKey,
    ) -> SetHubOpeningResult:
        """Sets a hub's terms."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        hub, value = from_wire("hub", hub_id, field="hubId"), opening.value()

        async def run(work: Work) -> str:
            await set_hub_opening(work, market_id=market, hub_id=hub, opening=value)
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="setHubOpening",
                subject_id=hub,
                details=value.as_json(),
            )
            return str(hub)

        async def answer(work: Work, _reference: str) -> HubOpeningSetType:
            return HubOpeningSetType(opening=await _opening(work, market, hub_id))

        return await mutate(
            info,
            operation="setHubOpening",
            arguments={"market": market, "hub": hub, "opening": value.as_json()},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


async def _opening(work: Work, market: MarketId, hub_id: strawberry.ID) -> HubOpening:
    found = await read_opening(work, market_id=market, hub_id=from_wire("hub", hub_id, field="hubId"))
    kept: dict[str, Any] = found.opening.as_json()
    cutoffs = [{"service_level": level, "until": until} for level, until in sorted(kept["cutoffs"].items())]
    shown = kept | {"hub_id": hub_id, "cutoffs": cutoffs, "reached_at": found.reached_at, "cells": found.cells}
    return cast("HubOpening", shown)
