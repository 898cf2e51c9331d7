"""Surge: where drivers are paid more and shippers may pay more now, why, and what operations set by hand."""

from dataclasses import asdict
from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind
from marketplace.analytics import surge_figures
from marketplace.core.errors import NotFound
from marketplace.core.geo import cell_outline
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.pricing import SurgeLimit
from marketplace.surge import (
    CellSurge,
    DecisionRecord,
    OverrideRecord,
    clear_surge,
    freeze_surge,
    hand_set,
    set_surge,
    surge_decisions,
    surge_map,
)
from schema.access import require_one_of, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.places import Point
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

BONUS = "What a drop-off of a route that begins here pays its driver more, minor units."
SURCHARGE = "What a delivery from here costs more, hundredths of a percent of its plain price."
REASON = "Why, 1 to 200 characters; for the audit."


@strawberry.type(description="A cell of the map where more is wanted than the idle drivers around can carry.")
class SurgeCell:
    """A cell with surge."""

    cell: str = strawberry.field(description="H3 index of resolution 8, about 0.7 km².")
    outline: list[Point] = strawberry.field(description="Its corners, in order.", metadata=usually(6))
    percent: int = strawberry.field(description="Of the market's caps, 1 to 100.")
    driver_bonus_minor: MoneyMinor = strawberry.field(description=BONUS)
    surcharge_basis_points: int = strawberry.field(description=SURCHARGE)
    decision_id: strawberry.ID = strawberry.field(description="sgd_… of the decision; quotes and offers name it.")
    holds_until: DateTime = strawberry.field(description="At the longest, when nobody looks again before; market time.")


@strawberry.type(description="What was set by hand and has not ended.")
class SurgeOverride:
    """A cell's level, or a freeze of the market."""

    cell: str | None = strawberry.field(description="H3 index; null: the whole market is frozen.")
    percent: int = strawberry.field(description="Of the market's caps.")
    reason: str = strawberry.field(description="Why.")
    operator_id: strawberry.ID = strawberry.field(description="opr_… of who set it.")
    set_at: DateTime = strawberry.field(description="Market time.")
    expires_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="What surge a market has at this moment.")
class SurgeNow:
    """Cells, and what was set by hand."""

    currency: str = strawberry.field(description="ISO 4217.")
    cells: list[SurgeCell] = strawberry.field(
        description="In order of their names, at most 2,000.", metadata=usually(5)
    )
    overrides: list[SurgeOverride] = strawberry.field(
        description="What operations have set, at most 2,000; empty for others.", metadata=usually(2)
    )


@strawberry.type(description="How busy a cell was found to be and what followed; never changed.")
class SurgeDecision:
    """A decision with what it rests on."""

    id: strawberry.ID = strawberry.field(description="sgd_….")
    cell: str = strawberry.field(description="H3 index of resolution 8.")
    decided_at: DateTime = strawberry.field(description="Market time.")
    holds_until: DateTime = strawberry.field(description="At the longest, market time.")
    open_stops: int = strawberry.field(description="Deliveries without a driver that are picked up in this cell.")
    forecast_milli: int = strawberry.field(description="Those expected within 30 minutes, thousandths.")
    idle_drivers: int = strawberry.field(description="Drivers in this cell who could be asked.")
    population: int = strawberry.field(description="Stops and drivers in the cells around that were counted.")
    is_wide: bool = strawberry.field(description="Whether too few were near and those around its parent were counted.")
    demand_milli: int = strawberry.field(description="What is wanted around, weighed and smoothed, thousandths.")
    supply_milli: int = strawberry.field(description="What idle drivers around can carry, likewise.")
    raw_ratio_percent: int = strawberry.field(description="Wanted for each hundred that can be carried, as seen.")
    ratio_percent: int = strawberry.field(description="The same, smoothed; at most 2,000.")
    target_percent: int = strawberry.field(description="What this ratio asks for, of the market's caps.")
    level_percent: int = strawberry.field(description="Where the level stood by the rules.")
    percent: int = strawberry.field(description="What came of it.")
    driver_bonus_minor: MoneyMinor = strawberry.field(description=BONUS)
    surcharge_basis_points: int = strawberry.field(description=SURCHARGE)
    currency: str = strawberry.field(description="ISO 4217.")
    bound_by: SurgeLimit | None = strawberry.field(description="Which limit kept it from what the ratio asks for.")
    reason: str | None = strawberry.field(description="Of what was set by hand, where that decided.")


@strawberry.type(description="What surge came to: bonuses by when promised, surcharges by when posted.")
class SurgeFigures:
    """Minor units."""

    currency: str = strawberry.field(description="ISO 4217.")
    routes_promised: int = strawberry.field(description="Routes that were offered with a bonus.")
    promised_minor: MoneyMinor = strawberry.field(description="Bonuses promised, those of routes called off left out.")
    paid_minor: MoneyMinor = strawberry.field(description="Bonuses of routes that were completed.")
    borne_by_shippers_minor: MoneyMinor = strawberry.field(description="Of these, what surcharges of them covered.")
    borne_by_platform_minor: MoneyMinor = strawberry.field(description="Of these, what nobody else covered.")
    surcharges_minor: MoneyMinor = strawberry.field(description="Surcharges of deliveries that arrived or came back.")
    cells_and_ticks: int = strawberry.field(description="Decisions that had surge.")


@strawberry.type(name="SurgeSet", description="The level holds for these cells from now on.")
class SurgeSetType:
    """Set by hand."""

    cells: int = strawberry.field(description="How many cells.")


@strawberry.type(name="SurgeCleared", description="What was set by hand has ended; the ratio counts again.")
class SurgeClearedType:
    """Taken back."""

    ended: int = strawberry.field(description="How many cells, and the freeze if there was one.")


@strawberry.type(name="SurgeFrozen", description="No new quote or offer has surge.")
class SurgeFrozenType:
    """Frozen."""

    expires_at: DateTime = strawberry.field(description="Until then, market time.")


SetSurgeResult = Annotated[SurgeSetType | Problem, strawberry.union("SetSurgeResult")]
ClearSurgeResult = Annotated[SurgeClearedType | Problem, strawberry.union("ClearSurgeResult")]
FreezeSurgeResult = Annotated[SurgeFrozenType | Problem, strawberry.union("FreezeSurgeResult")]
Cells = Annotated[list[str], strawberry.argument(description="H3 indexes of resolution 8, 1 to 200.")]
Reason = Annotated[str, strawberry.argument(description=REASON)]
ExpiresAt = Annotated[DateTime, strawberry.argument(description="Market time, within 7 days.")]


@strawberry.type
class Query:
    """Where it is busy, and why."""

    @query(
        description="Where drivers are paid more now, and deliveries may cost more. For operations of the market, its"
        " drivers, and shippers.",
        own_units=5,
    )
    async def surge(self, info: Info, market_id: MarketArgument) -> SurgeNow:
        """Reads what holds now."""
        caller = require_one_of(info, PrincipalKind.OPERATOR, PrincipalKind.DRIVER, PrincipalKind.SHIPPER)
        market = MarketId(from_wire("market", market_id, field="marketId"))
        if caller.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        elif not caller.may_see_market(market):
            raise NotFound("there is no such market", field="marketId")
        is_operator = caller.kind is PrincipalKind.OPERATOR
        async with info.context.marketplace.works.open() as work:
            currency = (await dials(work, market_id=market)).currency
            cells = await surge_map(work.connection, market_id=market, at=work.now)
            overrides = await hand_set(work.connection, market_id=market, at=work.now) if is_operator else []
        return SurgeNow(
            currency=currency,
            cells=[_cell(one) for one in cells],
            overrides=[_override(one) for one in overrides],
        )

    @query(
        description="Every decision about surge in a market, or in one of its cells, latest first. For operations.",
        usual_rows=USUAL_PAGE,
    )
    async def surge_decisions(
        self,
        info: Info,
        market_id: MarketArgument,
        cell: Annotated[str | None, strawberry.argument(description="H3 index; all cells if left out.")] = None,
        first: First = USUAL_PAGE,
        after: After = None,
    ) -> Connection[SurgeDecision]:
        """Reads decisions."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        before, limit = after_id("surge", after), rows_to_read(first)
        async with info.context.marketplace.works.read() as connection:
            found = await surge_decisions(connection, market_id=market, cell=cell, before=before, limit=limit)
        decisions = [_decision(one) for one in found]
        return cast("Connection[SurgeDecision]", page_of(decisions, first=first, key=lambda one: [str(one.id)]))

    @query(
        description="What surge came to in a market in a span of market time, and who bore it. For operations.",
        own_units=10,
    )
    async def surge_figures(
        self,
        info: Info,
        market_id: MarketArgument,
        begins: Annotated[DateTime, strawberry.argument(description="From this moment, market time.")],
        ends: Annotated[DateTime, strawberry.argument(description="To before this moment, market time.")],
    ) -> SurgeFigures:
        """Counts."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            currency = (await dials(work, market_id=market)).currency
            found = await surge_figures(work, market_id=market, begins=begins, ends=ends)
        return SurgeFigures(
            currency=currency, borne_by_platform_minor=MoneyMinor(found.borne_by_platform_minor), **asdict(found)
        )


@strawberry.type
class Mutation:
    """Surge by hand. Each decision is written down with the operator's name."""

    @mutation(
        description="Sets the level of some cells by hand, until it expires. Budget and freeze still hold; what was"
        " quoted or offered before keeps what it said. For operations."
    )
    async def set_surge(
        self,
        info: Info,
        market_id: MarketArgument,
        cells: Cells,
        percent: Annotated[int, strawberry.argument(description="Of the market's caps, 0 to 100.")],
        reason: Reason,
        expires_at: ExpiresAt,
        idempotency_key: IdempotencyKey,
    ) -> SetSurgeResult:
        """Sets."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)

        async def run(work: Work) -> str:
            number = await set_surge(
                work,
                market_id=market,
                cells=cells,
                percent=percent,
                reason=reason,
                expires_at=expires_at,
                operator_id=operator.operator_id,
            )
            return str(number)

        async def answer(_work: Work, reference: str) -> SurgeSetType:
            return SurgeSetType(cells=int(reference))

        return await mutate(
            info,
            operation="setSurge",
            arguments={
                "market": market,
                "cells": cells,
                "percent": percent,
                "reason": reason,
                "expires_at": expires_at.isoformat(),
            },
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Takes back what was set by hand for some cells, or, where none are named, everything with the"
        " freeze. For operations."
    )
    async def clear_surge(
        self,
        info: Info,
        market_id: MarketArgument,
        idempotency_key: IdempotencyKey,
        cells: Annotated[
            list[str] | None, strawberry.argument(description="H3 indexes of resolution 8, at most 200.")
        ] = None,
    ) -> ClearSurgeResult:
        """Clears."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)

        async def run(work: Work) -> str:
            ended = await clear_surge(work, market_id=market, cells=cells or [], operator_id=operator.operator_id)
            return str(ended)

        async def answer(_work: Work, reference: str) -> SurgeClearedType:
            return SurgeClearedType(ended=int(reference))

        return await mutate(
            info,
            operation="clearSurge",
            arguments={"market": market, "cells": cells},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Ends all surge of a market at once, until it expires: in an emergency nobody pays more. What was"
        " quoted or offered before keeps what it said. For operations."
    )
    async def freeze_surge(
        self,
        info: Info,
        market_id: MarketArgument,
        reason: Reason,
        expires_at: ExpiresAt,
        idempotency_key: IdempotencyKey,
    ) -> FreezeSurgeResult:
        """Freezes."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)

        async def run(work: Work) -> str:
            await freeze_surge(
                work, market_id=market, reason=reason, expires_at=expires_at, operator_id=operator.operator_id
            )
            return market.hex

        async def answer(_work: Work, _reference: str) -> SurgeFrozenType:
            return SurgeFrozenType(expires_at=expires_at)

        return await mutate(
            info,
            operation="freezeSurge",
            arguments={"market": market, "reason": reason, "expires_at": expires_at.isoformat()},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _cell(one: CellSurge) -> SurgeCell:
    return SurgeCell(
        cell=one.cell,
        outline=[Point(lat=corner.lat, lon=corner.lon) for corner in cell_outline(one.cell)],
        percent=one.percent,
        driver_bonus_minor=MoneyMinor(one.driver_bonus_minor),
        surcharge_basis_points=one.surcharge_basis_points,
        decision_id=strawberry.ID(to_wire("surge", one.decision_id)),
        holds_until=one.holds_until,
    )


def _override(one: OverrideRecord) -> SurgeOverride:
    return SurgeOverride(
        cell=one.cell,
        percent=one.percent,
        reason=one.reason,
        operator_id=strawberry.ID(to_wire("operator", one.operator_id)),
        set_at=one.set_at,
        expires_at=one.expires_at,
    )


def _decision(one: DecisionRecord) -> SurgeDecision:
    kept = asdict(one)
    limit = kept.pop("bound_by")
    return SurgeDecision(
        id=strawberry.ID(to_wire("surge", kept.pop("decision_id"))),
        bound_by=SurgeLimit(limit) if limit else None,
        **kept,
    )
