"""Drivers going online and offline, telling where they are, and operations seeing them."""

from collections.abc import Sequence
from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import NotFound
from marketplace.core.ids import from_wire
from marketplace.core.work import Work
from marketplace.fleet import (
    ContractKind,
    PresenceState,
    Vehicle,
    driver_profile,
    go_offline,
    go_online,
    live_drivers,
)
from marketplace.tracking import ReportedPosition
from schema.access import require_driver, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import Point, PointInput
from schema.problem import Problem
from schema.scalars import DateTime


@strawberry.type(description="A driver as the driver's own app shows it.")
class Driver:
    """One's own profile."""

    id: strawberry.ID = strawberry.field(description="drv_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    name: str = strawberry.field(description="Name.")
    contract_kind: ContractKind = strawberry.field(description="On what terms the driver works.")
    vehicle: Vehicle = strawberry.field(description="What the driver drives.")
    skills: list[str] = strawberry.field(description="Requirements that the driver can meet, such as COLD.")
    presence: PresenceState = strawberry.field(description="Whether the driver can be asked now.")
    online_until: DateTime | None = strawberry.field(description="When the present shift or presence ends.")


@strawberry.type(description="A driver who is online, with the last position. For operations only.")
class LiveDriver:
    """A driver on the live map."""

    id: strawberry.ID = strawberry.field(description="drv_….")
    name: str = strawberry.field(description="Name.")
    contract_kind: ContractKind = strawberry.field(description="On what terms the driver works.")
    vehicle: Vehicle = strawberry.field(description="What the driver drives.")
    presence: PresenceState = strawberry.field(description="What the driver does now.")
    place: Point = strawberry.field(description="The last position.")
    position_at: DateTime | None = strawberry.field(description="When the driver was there, market time.")
    route_id: strawberry.ID | None = strawberry.field(description="rte_… of the route the driver has.")


@strawberry.type(description="The driver can be asked from now on.")
class WentOnline:
    """The driver is online."""

    driver: Driver = strawberry.field(description="The driver, online.")


@strawberry.type(description="The driver gets no new offers.")
class WentOffline:
    """The driver is offline, or will be after the route."""

    driver: Driver = strawberry.field(description="The driver; ENGAGED while a route is to be finished first.")


@strawberry.input(description="Where a driver was at a moment.")
class PositionInput:
    """One reported position."""

    point: PointInput = strawberry.field(description="Where.")
    occurred_at: DateTime = strawberry.field(description="When, market time; a future time counts as now.")
    accuracy_m: float | None = strawberry.field(
        default=None, description="Radius in metres, 0 to 10,000; less accurate than 250 m does not move the driver."
    )


@strawberry.type(description="Positions were taken and will be written within a second.")
class PositionsTaken:
    """How many positions were taken."""

    count: int = strawberry.field(description="All of the report.")


GoOnlineResult = Annotated[WentOnline | Problem, strawberry.union("GoOnlineResult")]
GoOfflineResult = Annotated[WentOffline | Problem, strawberry.union("GoOfflineResult")]
ReportPositionsResult = Annotated[PositionsTaken | Problem, strawberry.union("ReportPositionsResult")]


@strawberry.type
class Query:
    """Drivers, for themselves and for operations."""

    @query(description="The calling driver.")
    async def my_profile(self, info: Info) -> Driver:
        """Reads the driver's own profile."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            return await _driver(work, driver.id.hex)

    @query(description="Drivers of a market who are online, at most 1,000. For operations.", usual_rows=200)
    async def live_drivers(self, info: Info, market_id: MarketArgument) -> list[LiveDriver]:
        """Reads who is online."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            rows = await live_drivers(work, market_id=market)
        return cast("list[LiveDriver]", [row | {"place": row} for row in rows])


@strawberry.type
class Mutation:
    """Presence and positions."""

    @mutation(
        description="The driver can be asked from now on: a crowdsourced one for 12 hours, any other until the end of"
        " the shift."
    )
    async def go_online(
        self,
        info: Info,
        point: Annotated[PointInput, strawberry.argument(description="Where the driver is.")],
        idempotency_key: IdempotencyKey,
    ) -> GoOnlineResult:
        """Goes online."""
        driver = require_driver(info)

        async def run(work: Work) -> str:
            await go_online(work, driver_id=driver.id, place=point.value())
            return driver.id.hex

        async def answer(work: Work, reference: str) -> WentOnline:
            return WentOnline(driver=await _driver(work, reference))

        return await mutate(
            info,
            operation="goOnline",
            arguments={"lat": point.lat, "lon": point.lon},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="The driver gets no new offers; open ones are taken back, a route is finished first.")
    async def go_offline(self, info: Info, idempotency_key: IdempotencyKey) -> GoOfflineResult:
        """Goes offline."""
        driver = require_driver(info)

        async def run(work: Work) -> str:
            await go_offline(work, driver_id=driver.id)
            return driver.id.hex

        async def answer(work: Work, reference: str) -> WentOffline:
            return WentOffline(driver=await _driver(work, reference))

        return await mutate(
            info, operation="goOffline", arguments={}, idempotency_key=idempotency_key, run=run, answer=answer
        )

    @mutation(
        description="Where the driver was, up to 100 positions in one call, at most one call each second. Takes no"
        " idempotencyKey: a repetition does no harm."
    )
    async def report_positions(
        self,
        info: Info,
        positions: Annotated[list[PositionInput], strawberry.argument(description="1 to 100 positions.")],
    ) -> ReportPositionsResult:
        """Takes positions into the buffer of this process."""
        driver = require_driver(info)
        info.context.marketplace.positions.add(driver.driver_id, driver.home_market_id, _reported(positions))
        return PositionsTaken(count=len(positions))


def _reported(positions: Sequence[PositionInput]) -> list[ReportedPosition]:
    return [
        ReportedPosition(place=position.point.value(), occurred_at=position.occurred_at, accuracy_m=position.accuracy_m)
        for position in positions
    ]


async def _driver(work: Work, reference: str) -> Driver:
    from_reference = from_wire("driver", f"drv_{reference}")
    row = await driver_profile(work, driver_id=from_reference)
    if row is None:
        raise NotFound("there is no such driver")
    return cast("Driver", dict(row))
