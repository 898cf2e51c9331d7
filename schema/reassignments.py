"""Routes that pass from one driver to another: operations ask, the second driver answers, parcels change hands."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.core.errors import Refusal
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.reassignments import (
    ReassignmentState,
    ReassignRoute,
    accept_reassignment,
    cancel_reassignment,
    decline_reassignment,
    give_parcels,
    how_far,
    reassignments_of_driver,
    reassignments_of_market,
    take_parcels,
)
from schema.access import require_driver, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.errands import mutate_by_errand
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import Point, PointInput
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="A parcel that changes hands.")
class HandedParcel:
    """What is scanned."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")
    external_id: str = strawberry.field(description="The shipper's reference, as on the parcel.")


@strawberry.type(description="A route under way that passes from one driver to another.")
class Reassignment:
    """An open reassignment."""

    id: strawberry.ID = strawberry.field(description="ras_….")
    route_id: strawberry.ID = strawberry.field(description="rte_… of the first driver.")
    next_route_id: strawberry.ID | None = strawberry.field(description="rte_… of the second driver, once it is DONE.")
    from_driver_id: strawberry.ID = strawberry.field(description="drv_… who has the route.")
    to_driver_id: strawberry.ID = strawberry.field(description="drv_… who is asked to take it over.")
    state: ReassignmentState = strawberry.field(description="Where in its life it is.")
    reason: str = strawberry.field(description="Why, as operations say.")
    meeting_point: Point | None = strawberry.field(description="Where the parcels change hands; null with none aboard.")
    pay_minor: MoneyMinor = strawberry.field(
        description="What the second driver is promised for the rest; the pay may only be more."
    )
    currency: str = strawberry.field(description="ISO 4217.")
    approach_m: int = strawberry.field(description="Road metres of the second driver to the meeting point.")
    approach_s: int = strawberry.field(description="Driving seconds of that way.")
    stop_count: int = strawberry.field(description="Stops that are left.")
    parcels: list[HandedParcel] = strawberry.field(
        description="What is aboard: for the second driver from the yes on.", metadata=usually(10)
    )
    code: str | None = strawberry.field(description="For the first driver alone: what the second one has to say.")
    is_giver: bool | None = strawberry.field(description="Whether you are the first driver; null for operations.")
    created_at: DateTime = strawberry.field(description="Market time.")
    expires_at: DateTime = strawberry.field(description="Until when the second driver can say yes, market time.")


@strawberry.type(description="A reassignment has come a step on.")
class ReassignmentStep:
    """What has come of it."""

    reassignment_id: strawberry.ID = strawberry.field(description="ras_….")
    state: ReassignmentState = strawberry.field(description="Its state now.")
    next_route_id: strawberry.ID | None = strawberry.field(description="rte_… of the second driver, once it is DONE.")


ReassignmentResult = Annotated[ReassignmentStep | Problem, strawberry.union("ReassignmentResult")]
ReassignmentArgument = Annotated[strawberry.ID, strawberry.argument(description="ras_….")]
Parcels = Annotated[
    list[strawberry.ID],
    strawberry.argument(description="dlv_… of every parcel that was scanned, at most 500: all that are aboard."),
]


@strawberry.type
class Query:
    """Routes that change hands now."""

    @query(description="What you are asked to take over, or are to hand over.", usual_rows=2)
    async def my_reassignments(self, info: Info) -> list[Reassignment]:
        """Reads the driver's part."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            found = await reassignments_of_driver(work.connection, driver_id=driver.id, now=work.now)
        return cast("list[Reassignment]", found)

    @query(description="Reassignments of a market that are open, at most 200. For operations.", usual_rows=5)
    async def reassignments(self, info: Info, market_id: MarketArgument) -> list[Reassignment]:
        """Reads those of a market."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            found = await reassignments_of_market(work.connection, market_id=market, now=work.now)
        return [cast("Reassignment", one | {"is_giver": None}) for one in found]


@strawberry.type
class Mutation:
    """The steps of a reassignment."""

    @mutation(
        description="Asks a driver to take over what is left of a route; a dedicated one on shift is given it. With"
        " parcels aboard the drivers meet at `meetingPoint`. The first driver is paid for what was driven. For"
        " operations."
    )
    async def reassign_route(
        self,
        info: Info,
        market_id: MarketArgument,
        route_id: Annotated[strawberry.ID, strawberry.argument(description="rte_… that a driver has.")],
        to_driver_id: Annotated[strawberry.ID, strawberry.argument(description="drv_… who is free.")],
        reason: Annotated[
            str, strawberry.argument(description="Why, 1 to 300 characters; the second driver reads it.")
        ],
        idempotency_key: IdempotencyKey,
        meeting_point: Annotated[
            PointInput | None,
            strawberry.argument(description="Where the parcels change hands; needed with any aboard."),
        ] = None,
    ) -> ReassignmentResult:
        """Asks."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, route = require_operator(info, market), from_wire("route", route_id, field="routeId")
        second = from_wire("driver", to_driver_id, field="toDriverId")
        place = meeting_point.value() if meeting_point else None
        arguments: dict[str, object] = {"market": market, "route": route, "to_driver": second, "reason": reason}
        arguments["meeting_point"] = [place.lat, place.lon] if place else None
        return await mutate_by_errand(
            info,
            operation="reassignRoute",
            arguments=arguments,
            idempotency_key=idempotency_key,
            errand=ReassignRoute(
                router=info.context.marketplace.router,
                market_id=market,
                route_id=route,
                to_driver_id=second,
                meeting_point=place,
                reason=reason,
                operator_id=operator.operator_id,
            ),
            reference=lambda reassignment_id: reassignment_id.hex,
            answer=_step,
        )

    @mutation(
        description="Takes a reassignment back before the parcels have changed hands: the first driver goes on, and a"
        " second one who had said yes is paid for the way until now. For operations."
    )
    async def cancel_reassignment(
        self,
        info: Info,
        market_id: MarketArgument,
        reassignment_id: ReassignmentArgument,
        idempotency_key: IdempotencyKey,
    ) -> ReassignmentResult:
        """Cancels."""
        reassignment = from_wire("reassignment", reassignment_id, field="reassignmentId")

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            await cancel_reassignment(work, reassignment_id=reassignment, market_id=market)
            return reassignment

        return await audited(
            info,
            verb="cancelReassignment",
            market_id=market_id,
            details={"reassignment": reassignment.hex},
            idempotency_key=idempotency_key,
            run=run,
            answer=lambda work, key: _step(work, key.hex),
        )

    @mutation(description="You take the route over. With parcels aboard you meet the other driver first.")
    async def accept_reassignment(
        self, info: Info, reassignment_id: ReassignmentArgument, idempotency_key: IdempotencyKey
    ) -> ReassignmentResult:
        """Says yes."""
        driver, key = require_driver(info), from_wire("reassignment", reassignment_id, field="reassignmentId")

        async def run(work: Work) -> str:
            await accept_reassignment(work, reassignment_id=key, driver_id=driver.id)
            return key.hex

        return await _report(info, "acceptReassignment", {"reassignment": key}, idempotency_key, run)

    @mutation(description="You do not take the route over. It never counts against you.")
    async def decline_reassignment(
        self, info: Info, reassignment_id: ReassignmentArgument, idempotency_key: IdempotencyKey
    ) -> ReassignmentResult:
        """Says no."""
        driver, key = require_driver(info), from_wire("reassignment", reassignment_id, field="reassignmentId")

        async def run(work: Work) -> str:
            await decline_reassignment(work, reassignment_id=key, driver_id=driver.id)
            return key.hex

        return await _report(info, "declineReassignment", {"reassignment": key}, idempotency_key, run)

    @mutation(description="The first driver has scanned every parcel aboard, to hand all of them over.")
    async def give_parcels(
        self, info: Info, reassignment_id: ReassignmentArgument, parcels: Parcels, idempotency_key: IdempotencyKey
    ) -> ReassignmentResult:
        """Gives."""
        driver, key = require_driver(info), from_wire("reassignment", reassignment_id, field="reassignmentId")
        scanned = [from_wire("delivery", one, field="parcels") for one in parcels]

        async def run(work: Work) -> str:
            await give_parcels(work, reassignment_id=key, driver_id=driver.id, parcels=scanned)
            return key.hex

        return await _report(info, "giveParcels", {"reassignment": key, "parcels": scanned}, idempotency_key, run)

    @mutation(
        description="The second driver has scanned the same parcels and says the first one's code: from now on the"
        " route is theirs. Five wrong codes end it."
    )
    async def take_parcels(
        self,
        info: Info,
        reassignment_id: ReassignmentArgument,
        parcels: Parcels,
        code: Annotated[str, strawberry.argument(description="Six digits that the first driver shows.")],
        idempotency_key: IdempotencyKey,
    ) -> ReassignmentResult:
        """Takes."""
        driver, key = require_driver(info), from_wire("reassignment", reassignment_id, field="reassignmentId")
        scanned = [from_wire("delivery", one, field="parcels") for one in parcels]

        async def run(work: Work) -> str | Refusal:
            taken = await take_parcels(work, reassignment_id=key, driver_id=driver.id, code=code, parcels=scanned)
            return taken.refusal or key.hex

        arguments = {"reassignment": key, "parcels": scanned, "code": code}
        return await _report(info, "takeParcels", arguments, idempotency_key, run)


async def _report(info: Info, verb: str, arguments: dict[str, Any], key: str, run: Any) -> ReassignmentStep | Problem:
    return await mutate(info, operation=verb, arguments=arguments, idempotency_key=key, run=run, answer=_step)


async def _step(work: Work, reference: str) -> ReassignmentStep:
    key = UUID(hex=reference)
    state, following = await how_far(work, reassignment_id=key)
    return ReassignmentStep(
        reassignment_id=strawberry.ID(to_wire("reassignment", key)),
        state=state,
        next_route_id=strawberry.ID(to_wire("route", following)) if following else None,
    )
