"""Offers: what a driver is asked, and the answer."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import Requirement
from marketplace.core.ids import from_wire
from marketplace.core.work import Work
from marketplace.offers import (
    DeclineReason,
    OfferState,
    accept_offer,
    decline_offer,
    my_offers,
    offer_of_driver,
    view_offer,
)
from marketplace.routes import StopKind, my_route
from schema.access import require_driver
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import Point
from schema.problem import Problem
from schema.routes import Route
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="One line of pay.")
class PayLine:
    """What is paid for what, by which rule of the market's pay policy."""

    code: str = strawberry.field(
        description="base, distance, time, stop, wait, minimum, legal_floor, raise, bonus, guarantee, return_distance,"
        " return_stop; tip; of pay periods floor_time, floor_distance, earned, paid_before, above_floor and the like."
    )
    quantity: int = strawberry.field(description="How much, in `unit`.")
    unit: str = strawberry.field(description="What the quantity counts.")
    rate_minor: MoneyMinor = strawberry.field(description="Minor units for each `per` of the quantity.")
    per: int = strawberry.field(description="How many units one rate is for.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units.")
    rule: str = strawberry.field(description="Policy version and rate that made this line.")


@strawberry.type(description="A stop before acceptance: an area of about a kilometre, no street, no name.")
class OfferedStop:
    """A coarse stop."""

    place: int = strawberry.field(description="Position on the route, from 0.")
    kind: StopKind = strawberry.field(description="What is done there.")
    area: Point = strawberry.field(description="The middle of the area, never the address.")
    planned_arrival: DateTime = strawberry.field(description="As planned, market time.")


@strawberry.type(description="A route before acceptance.")
class OfferedRoute:
    """What a driver knows of a route on offer."""

    id: strawberry.ID = strawberry.field(description="rte_….")
    version: int = strawberry.field(description="Rises when the stops change.")
    distance_m: int = strawberry.field(description="Road metres from where the driver is to the last stop.")
    duration_s: int = strawberry.field(description="Seconds from setting off to leaving the last stop.")
    starts_at: DateTime = strawberry.field(description="When to set off at the latest, market time.")
    stop_count: int = strawberry.field(description="Stops.")
    delivery_count: int = strawberry.field(description="Deliveries.")
    requirements: list[Requirement] = strawberry.field(description="What its deliveries ask for.")
    is_degraded: bool = strawberry.field(description="Whether times are estimates without streets.")
    stops: list[OfferedStop] = strawberry.field(description="Areas in driving order.", metadata=usually(10))


@strawberry.type(description="A timed proposal of a route. What it pays is a guarantee: it may only become more.")
class Offer:
    """An open offer of the calling driver."""

    id: strawberry.ID = strawberry.field(description="off_….")
    state: OfferState = strawberry.field(description="SENT or VIEWED while it is open.")
    pay_minor: MoneyMinor = strawberry.field(description="All lines together, minor units.")
    raise_minor: MoneyMinor = strawberry.field(description="What it pays on top because it was not taken before.")
    currency: str = strawberry.field(description="ISO 4217.")
    lines: list[PayLine] = strawberry.field(description="What the pay is made of.", metadata=usually(5))
    approach_m: int = strawberry.field(description="Road metres to the first stop.")
    approach_s: int = strawberry.field(description="Driving seconds to the first stop.")
    sent_at: DateTime = strawberry.field(description="Market time.")
    expires_at: DateTime = strawberry.field(description="Market time at which it ends by itself, at no disadvantage.")
    route: OfferedRoute = strawberry.field(description="The route, with coarse areas only.")


@strawberry.type(description="The driver has the route.")
class OfferAccepted:
    """A won offer."""

    offer_id: strawberry.ID = strawberry.field(description="off_….")
    route: Route | None = strawberry.field(description="The route with exact places; null once it is over.")


@strawberry.type(description="The offer has ended by the driver's no. It never counts against the driver.")
class OfferDeclined:
    """A declined offer."""

    offer_id: strawberry.ID = strawberry.field(description="off_….")


@strawberry.type(description="The offer has been looked at.")
class OfferViewed:
    """A viewed offer."""

    offer_id: strawberry.ID = strawberry.field(description="off_….")
    state: OfferState = strawberry.field(description="Its state now.")


AcceptOfferResult = Annotated[OfferAccepted | Problem, strawberry.union("AcceptOfferResult")]
DeclineOfferResult = Annotated[OfferDeclined | Problem, strawberry.union("DeclineOfferResult")]
ViewOfferResult = Annotated[OfferViewed | Problem, strawberry.union("ViewOfferResult")]
OfferId = Annotated[strawberry.ID, strawberry.argument(description="off_….")]


@strawberry.type
class Query:
    """What the calling driver is asked."""

    @query(description="Your open offers, soonest deadline first, in one read.", usual_rows=3)
    async def my_offers(self, info: Info) -> list[Offer]:
        """Reads open offers."""
        driver = require_driver(info)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[Offer]", await my_offers(connection, driver_id=driver.id))


@strawberry.type
class Mutation:
    """The driver's answer."""

    @mutation(
        description="Takes the route. Exactly one driver gets it; the others hear OFFER_TAKEN, OFFER_EXPIRED,"
        " OFFER_WITHDRAWN or ROUTE_CHANGED, and one who has a route already DRIVER_ENGAGED."
    )
    async def accept_offer(self, info: Info, offer_id: OfferId, idempotency_key: IdempotencyKey) -> AcceptOfferResult:
        """Accepts."""
        driver, offer = require_driver(info), from_wire("offer", offer_id, field="offerId")

        async def run(work: Work) -> str:
            return (await accept_offer(work, offer_id=offer, driver_id=driver.id)).hex

        async def answer(work: Work, reference: str) -> OfferAccepted:
            route = await my_route(work.connection, driver_id=driver.id, now=work.now)
            is_same = route is not None and route["id"] == f"rte_{reference}"
            return OfferAccepted(offer_id=offer_id, route=cast("Route", route) if is_same else None)

        return await mutate(
            info,
            operation="acceptOffer",
            arguments={"offer": offer},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
            failpoint="after_accept_before_reply",
        )

    @mutation(description="Says no. It never counts against the driver.")
    async def decline_offer(
        self,
        info: Info,
        offer_id: OfferId,
        idempotency_key: IdempotencyKey,
        reason: Annotated[DeclineReason | None, strawberry.argument(description="Why, if you like.")] = None,
    ) -> DeclineOfferResult:
        """Declines."""
        driver, offer = require_driver(info), from_wire("offer", offer_id, field="offerId")

        async def run(work: Work) -> str:
            await decline_offer(work, offer_id=offer, driver_id=driver.id, reason=reason)
            return offer.hex

        async def answer(_work: Work, _reference: str) -> OfferDeclined:
            return OfferDeclined(offer_id=offer_id)

        return await mutate(
            info,
            operation="declineOffer",
            arguments={"offer": offer, "reason": reason},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Notes that the driver has looked at an offer.")
    async def view_offer(self, info: Info, offer_id: OfferId, idempotency_key: IdempotencyKey) -> ViewOfferResult:
        """Views."""
        driver, offer = require_driver(info), from_wire("offer", offer_id, field="offerId")

        async def run(work: Work) -> str:
            await view_offer(work, offer_id=offer, driver_id=driver.id)
            return offer.hex

        async def answer(work: Work, reference: str) -> OfferViewed:
            state = await offer_of_driver(work, offer_id=UUID(hex=reference), driver_id=driver.id)
            return OfferViewed(offer_id=offer_id, state=state)

        return await mutate(
            info,
            operation="viewOffer",
            arguments={"offer": offer},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
