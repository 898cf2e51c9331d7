"""Steering a market by hand: who drives what, what a driver is told, and where nothing new begins for a while."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.core.geo import cell_outline
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.fleet import message_driver
from marketplace.markets import Pause, cells_around, cells_within, open_pauses, pause_zone, resume_zone
from marketplace.offers import AssignByHand, OfferByHand, offer_sent, unassign_route
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.errands import mutate_by_errand
from schema.fields import query
from schema.mutations import mutation
from schema.places import Point, PointInput
from schema.problem import Problem
from schema.scalars import DateTime


@strawberry.type(description="A cell of the map.")
class CellOutline:
    """A hexagon."""

    cell: str = strawberry.field(description="H3 index of resolution 8.")
    outline: list[Point] = strawberry.field(description="Its corners in order.", metadata=usually(6))


@strawberry.type(description="A part of the city in which nothing new is planned, offered or promised until a time.")
class ZonePause:
    """A pause that holds."""

    id: strawberry.ID = strawberry.field(description="pse_….")
    cells: list[str] = strawberry.field(description="H3 indexes of resolution 8.", metadata=usually(10))
    outlines: list[CellOutline] = strawberry.field(description="Those cells as areas of the map.", metadata=usually(10))
    reason: str = strawberry.field(description="Why, as the operator says.")
    operator_id: strawberry.ID = strawberry.field(description="opr_….")
    set_at: DateTime = strawberry.field(description="Market time.")
    expires_at: DateTime = strawberry.field(description="Until then, market time.")


@strawberry.type(description="A driver has the route.")
class RouteGiven:
    """An assignment by hand."""

    route_id: strawberry.ID = strawberry.field(description="rte_….")


@strawberry.type(description="A driver is asked for the delivery, which is a route of its own until the answer.")
class OfferMade:
    """An offer by hand."""

    offer_id: strawberry.ID = strawberry.field(description="off_….")
    route_id: strawberry.ID = strawberry.field(description="rte_….")
    expires_at: DateTime = strawberry.field(description="Until when the driver can say yes, market time.")


@strawberry.type(description="The deliveries of the route are planned again.")
class RouteTakenBack:
    """An unassigned route; its driver is paid what was promised."""

    route_id: strawberry.ID = strawberry.field(description="rte_….")


@strawberry.type(description="The driver is told.")
class DriverTold:
    """A message that is on its way."""

    driver_id: strawberry.ID = strawberry.field(description="drv_….")


@strawberry.type(description="The pause as it stands.")
class ZonePauseSet:
    """A pause that began or ended."""

    pause_id: strawberry.ID = strawberry.field(description="pse_….")


AssignResult = Annotated[RouteGiven | Problem, strawberry.union("AssignResult")]
OfferDeliveryResult = Annotated[OfferMade | Problem, strawberry.union("OfferDeliveryResult")]
UnassignRouteResult = Annotated[RouteTakenBack | Problem, strawberry.union("UnassignRouteResult")]
MessageDriverResult = Annotated[DriverTold | Problem, strawberry.union("MessageDriverResult")]
PauseZoneResult = Annotated[ZonePauseSet | Problem, strawberry.union("PauseZoneResult")]
DriverArgument = Annotated[strawberry.ID, strawberry.argument(description="drv_… of a dedicated driver on shift.")]
RouteArgument = Annotated[strawberry.ID, strawberry.argument(description="rte_….")]


@strawberry.type
class Query:
    """What is paused, and the cells that zones are made of."""

    @query(
        description="The cell that a place is in and the rings of cells around it, nearest first: what setSurge and"
        " pauseZone take. For operations.",
        usual_rows=7,
    )
    async def cells_around(
        self,
        info: Info,
        point: Annotated[PointInput, strawberry.argument(description="The middle.")],
        rings: Annotated[int, strawberry.argument(description="0 to 5; each is about 800 m more.")] = 0,
    ) -> list[CellOutline]:
        """Names cells."""
        require_operator(info)
        return [_outline(cell) for cell in cells_around(point.value(), rings)]

    @query(
        description="Every cell that a drawn zone touches, at most 200: what setSurge and pauseZone take. For"
        " operations.",
        usual_rows=20,
    )
    async def cells_within(
        self,
        info: Info,
        corners: Annotated[
            list[PointInput], strawberry.argument(description="3 to 100 corners in order, at most 0.5 degrees apart.")
        ],
    ) -> list[CellOutline]:
        """Names cells."""
        require_operator(info)
        return [_outline(cell) for cell in cells_within([corner.value() for corner in corners])]

    @query(description="The pauses that hold now in a market, at most 200. For operations.", usual_rows=3)
    async def zone_pauses(self, info: Info, market_id: MarketArgument) -> list[ZonePause]:
        """Reads pauses."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return [_pause(one) for one in await open_pauses(work.connection, market_id=market, at=work.now)]


@strawberry.type
class Mutation:
    """What operators do by hand. Each is written down with the operator's name."""

    @mutation(
        description="Gives a delivery that waits to a dedicated driver on shift, as a route of its own, or with the"
        " route that it is on. For operations."
    )
    async def assign_delivery(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_… that waits or is on offer.")],
        driver_id: DriverArgument,
        idempotency_key: IdempotencyKey,
    ) -> AssignResult:
        """Assigns a delivery."""
        delivery = from_wire("delivery", delivery_id, field="deliveryId")
        return await _assign(info, "assignDelivery", market_id, driver_id, idempotency_key, delivery_id=delivery)

    @mutation(
        description="Offers a delivery that waits to one contracted or crowd driver, as a route of its own. The driver"
        " may say no, or nothing: neither counts, and others are asked then. For operations."
    )
    async def offer_delivery(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_… that waits.")],
        driver_id: Annotated[strawberry.ID, strawberry.argument(description="drv_… who is online and free.")],
        idempotency_key: IdempotencyKey,
    ) -> OfferDeliveryResult:
        """Offers."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, driver = require_operator(info, market), from_wire("driver", driver_id, field="driverId")
        delivery = from_wire("delivery", delivery_id, field="deliveryId")

        async def answer(work: Work, reference: str) -> OfferMade:
            offer_id = UUID(hex=reference)
            route_id, expires_at = await offer_sent(work, offer_id=offer_id)
            return OfferMade(
                offer_id=strawberry.ID(to_wire("offer", offer_id)),
                route_id=strawberry.ID(to_wire("route", route_id)),
                expires_at=expires_at,
            )

        return await mutate_by_errand(
            info,
            operation="offerDelivery",
            arguments={"market": market, "driver": driver, "delivery": delivery},
            idempotency_key=idempotency_key,
            errand=OfferByHand(
                router=info.context.marketplace.router,
                market_id=market,
                delivery_id=delivery,
                driver_id=driver,
                operator_id=operator.operator_id,
            ),
            reference=lambda offer_id: offer_id.hex,
            answer=answer,
        )

    @mutation(description="Gives a route that looks for its driver to a dedicated driver on shift. For operations.")
    async def assign_route(
        self,
        info: Info,
        market_id: MarketArgument,
        route_id: RouteArgument,
        driver_id: DriverArgument,
        idempotency_key: IdempotencyKey,
    ) -> AssignResult:
        """Assigns a route."""
        route = from_wire("route", route_id, field="routeId")
        return await _assign(info, "assignRoute", market_id, driver_id, idempotency_key, route_id=route)

    @mutation(
        description="Takes a route back before anything is aboard; its deliveries are planned again, and its driver is"
        " paid what was promised. For operations."
    )
    async def unassign_route(
        self, info: Info, market_id: MarketArgument, route_id: RouteArgument, idempotency_key: IdempotencyKey
    ) -> UnassignRouteResult:
        """Unassigns."""
        route = from_wire("route", route_id, field="routeId")

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            await unassign_route(work, route_id=route, market_id=market)
            return route

        async def answer(_work: Work, key: UUID) -> RouteTakenBack:
            return RouteTakenBack(route_id=strawberry.ID(to_wire("route", key)))

        return await audited(
            info,
            verb="unassignRoute",
            market_id=market_id,
            details={"route": route.hex},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Writes to a driver: a text message from operations. For operations.")
    async def message_driver(
        self,
        info: Info,
        market_id: MarketArgument,
        driver_id: Annotated[strawberry.ID, strawberry.argument(description="drv_….")],
        text: Annotated[str, strawberry.argument(description="1 to 480 characters.")],
        idempotency_key: IdempotencyKey,
    ) -> MessageDriverResult:
        """Writes."""
        driver = from_wire("driver", driver_id, field="driverId")

        async def run(work: Work, market: MarketId, operator: Principal) -> UUID:
            await message_driver(work, driver_id=driver, market_id=market, operator_id=operator.id, text=text)
            return driver

        async def answer(_work: Work, key: UUID) -> DriverTold:
            return DriverTold(driver_id=strawberry.ID(to_wire("driver", key)))

        return await audited(
            info,
            verb="messageDriver",
            market_id=market_id,
            details={"driver": driver.hex, "text": text},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Pauses a part of the city: until it expires nothing new is planned, offered or promised there, and"
        " open offers are taken back. Routes that drivers have go on. For operations."
    )
    async def pause_zone(
        self,
        info: Info,
        market_id: MarketArgument,
        cells: Annotated[list[str], strawberry.argument(description="H3 indexes of resolution 8, 1 to 200.")],
        reason: Annotated[str, strawberry.argument(description="Why, 1 to 200 characters.")],
        expires_at: Annotated[DateTime, strawberry.argument(description="Market time, within 7 days.")],
        idempotency_key: IdempotencyKey,
    ) -> PauseZoneResult:
        """Pauses."""

        async def run(work: Work, market: MarketId, operator: Principal) -> UUID:
            return await pause_zone(
                work, market_id=market, cells=cells, reason=reason, expires_at=expires_at, operator_id=operator.id
            )

        details = {"cells": cells, "reason": reason, "expires_at": expires_at.isoformat()}
        return await _about_pause(info, "pauseZone", market_id, details, idempotency_key, run)

    @mutation(description="Ends a pause before its time; what waited is planned now. For operations.")
    async def resume_zone(
        self,
        info: Info,
        market_id: MarketArgument,
        pause_id: Annotated[strawberry.ID, strawberry.argument(description="pse_….")],
        idempotency_key: IdempotencyKey,
    ) -> PauseZoneResult:
        """Resumes."""
        pause = from_wire("pause", pause_id, field="pauseId")

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            await resume_zone(work, market_id=market, pause_id=pause)
            return pause

        return await _about_pause(info, "resumeZone", market_id, {"pause": pause.hex}, idempotency_key, run)


async def _assign(
    info: Info, verb: str, market_id: str, driver_id: str, key: str, **about: UUID
) -> RouteGiven | Problem:
    market = MarketId(from_wire("market", market_id, field="marketId"))
    operator, driver = require_operator(info, market), from_wire("driver", driver_id, field="driverId")

    async def answer(_work: Work, reference: str) -> RouteGiven:
        return RouteGiven(route_id=strawberry.ID(f"rte_{reference}"))

    return await mutate_by_errand(
        info,
        operation=verb,
        arguments={"market": market, "driver": driver, **about},
        idempotency_key=key,
        errand=AssignByHand(
            router=info.context.marketplace.router,
            market_id=market,
            driver_id=driver,
            operator_id=operator.operator_id,
            **about,
        ),
        reference=lambda route_id: route_id.hex,
        answer=answer,
    )


async def _about_pause(
    info: Info, verb: str, market_id: str, details: dict[str, Any], key: str, run: Any
) -> ZonePauseSet | Problem:
    async def answer(_work: Work, pause_id: UUID) -> ZonePauseSet:
        return ZonePauseSet(pause_id=strawberry.ID(to_wire("pause", pause_id)))

    return await audited(
        info, verb=verb, market_id=market_id, details=details, idempotency_key=key, run=run, answer=answer
    )


def _pause(one: Pause) -> ZonePause:
    return ZonePause(
        id=strawberry.ID(to_wire("pause", one.id)),
        cells=list(one.cells),
        outlines=[_outline(cell) for cell in one.cells],
        reason=one.reason,
        operator_id=strawberry.ID(to_wire("operator", one.operator_id)),
        set_at=one.set_at,
        expires_at=one.expires_at,
    )


def _outline(cell: str) -> CellOutline:
    return CellOutline(cell=cell, outline=[Point(lat=corner.lat, lon=corner.lon) for corner in cell_outline(cell)])
