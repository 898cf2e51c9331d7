"""Where addresses are: streets to choose from, pins that drivers correct, and what operations have to look at."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind, note_action
from marketplace.addresses import Candidate as Found
from marketplace.addresses import Geocoder, NoGeocoder, Precision, points_to_review, settle_point
from marketplace.batches import DeliveryState, PlaceAddress, addresses_to_review
from marketplace.billing import check_credit
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.routes import correct_pin
from schema.access import require_driver, require_operator, require_principal, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.errands import mutate_by_errand
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import Point, PointInput
from schema.problem import Problem
from schema.scalars import DateTime

MOST_TO_REVIEW = 200


@strawberry.type(description="A place that a text may mean.")
class AddressCandidate:
    """A place with how sure and how exact it is."""

    label: str = strawberry.field(description="The address as the geocoder writes it.")
    point: Point = strawberry.field(description="Where it is.")
    confidence_percent: int = strawberry.field(description="How sure the geocoder is, 0 to 100.")
    precision: Precision = strawberry.field(description="How exact the place is.")


@strawberry.type(description="A delivery that waits because its address was not found surely enough.")
class AddressToReview:
    """An address for a person to look at."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")
    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    external_id: str = strawberry.field(description="The shipper's reference.")
    address: str = strawberry.field(description="As it was written.")
    closes_at: DateTime = strawberry.field(description="When its window closes, market time: then it expires.")
    candidates: list[AddressCandidate] = strawberry.field(
        description="What it may mean, the surest first.", metadata=usually(3)
    )


@strawberry.type(description="An address whose doors seem to be far from its pin.")
class DropPointToReview:
    """A learned point for a person to look at."""

    id: strawberry.ID = strawberry.field(description="drp_….")
    learned: Point = strawberry.field(description="The middle of where drivers handed over, or say that the door is.")
    given: Point = strawberry.field(description="Where the shipper's pin was.")
    visits: int = strawberry.field(description="How many hand-overs that rests on; a corrected pin counts as three.")
    moved_m: int = strawberry.field(description="Metres between the two.")


@strawberry.type(description="The address of a delivery is known now.")
class AddressResolved:
    """How the delivery stands after it."""

    state: DeliveryState = strawberry.field(description="SCHEDULED: it is priced and waits to be planned.")


@strawberry.type(description="A door is where somebody says.")
class DropPointSettled:
    """A learned point after a person has looked at it."""

    id: strawberry.ID = strawberry.field(description="drp_….")


@strawberry.type(description="A driver's word about a pin was kept.")
class PinCorrected:
    """What becomes of it."""

    is_used: bool = strawberry.field(
        description="Whether the next route leads there; if not, operations see it, or other drivers have to agree."
    )


ResolveAddressResult = Annotated[AddressResolved | Problem, strawberry.union("ResolveAddressResult")]
SettleDropPointResult = Annotated[DropPointSettled | Problem, strawberry.union("SettleDropPointResult")]
CorrectPinResult = Annotated[PinCorrected | Problem, strawberry.union("CorrectPinResult")]


@strawberry.type
class Query:
    """Addresses as they are written and as they are."""

    @query(
        description="Streets and places that a text may mean, at most 5, the surest first: for typing ahead."
        " NO_GEOCODER where nothing knows any. For shippers and operations."
    )
    async def search_streets(
        self,
        info: Info,
        market_id: MarketArgument,
        text: Annotated[str, strawberry.argument(description="The beginning of an address, at most 200 characters.")],
    ) -> list[AddressCandidate]:
        """Searches."""
        market = from_wire("market", market_id, field="marketId")
        if require_principal(info).kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        else:
            require_shipper(info)
        geocoder = _geocoder(info)
        near = info.context.marketplace.city.meta.centre
        return _candidates(await geocoder.forward(text, near=near))

    @query(description="Deliveries whose address somebody has to look at, the most urgent first, at most 200.")
    async def addresses_to_review(self, info: Info, market_id: MarketArgument) -> list[AddressToReview]:
        """Lists doubted addresses."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        geocoder: Geocoder | None = info.context.marketplace.geocoder
        async with info.context.marketplace.works.open() as work:
            doubted = await addresses_to_review(
                work, market_id=market, geocoder=geocoder.name if geocoder else None, limit=MOST_TO_REVIEW
            )
        return [
            AddressToReview(
                delivery_id=strawberry.ID(to_wire("delivery", one.delivery_id)),
                shipper_id=strawberry.ID(to_wire("shipper", one.shipper_id)),
                external_id=one.external_id,
                address=one.address,
                closes_at=one.closes_at,
                candidates=_candidates(one.candidates),
            )
            for one in doubted
        ]

    @query(description="Addresses whose doors seem to be far from their pins, at most 200.")
    async def drop_points_to_review(self, info: Info, market_id: MarketArgument) -> list[DropPointToReview]:
        """Lists doubted doors."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            points = await points_to_review(work, market_id=market, limit=MOST_TO_REVIEW)
        return [
            DropPointToReview(
                id=strawberry.ID(to_wire("drop_point", one.id)),
                learned=Point(lat=one.learned.lat, lon=one.learned.lon),
                given=Point(lat=one.given.lat, lon=one.given.lon),
                visits=one.visits,
                moved_m=one.moved_m,
            )
            for one in points
        ]


@strawberry.type
class Mutation:
    """Words of people who know where a door is."""

    @mutation(
        description="Says where a delivery goes whose address was not found; it is priced and planned then. For"
        " operations."
    )
    async def resolve_address(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        point: Annotated[PointInput, strawberry.argument(description="The door.")],
        idempotency_key: IdempotencyKey,
    ) -> ResolveAddressResult:
        """Places a delivery by hand."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, delivery = require_operator(info, market), from_wire("delivery", delivery_id, field="deliveryId")
        place = point.value()

        async def answer(_work: Work, reference: str) -> AddressResolved:
            return AddressResolved(state=DeliveryState(reference))

        return await mutate_by_errand(
            info,
            operation="resolveAddress",
            arguments={"market": market, "delivery": delivery, "lat": place.lat, "lon": place.lon},
            idempotency_key=idempotency_key,
            errand=PlaceAddress(
                router=info.context.marketplace.router,
                gate=check_credit,
                delivery_id=delivery,
                said=place,
                operator_id=operator.operator_id,
                market_id=market,
            ),
            reference=lambda state: state.value,
            answer=answer,
        )

    @mutation(description="Says where the door of an address is that drivers and pin disagree about. For operations.")
    async def settle_drop_point(
        self,
        info: Info,
        market_id: MarketArgument,
        drop_point_id: Annotated[strawberry.ID, strawberry.argument(description="drp_….")],
        point: Annotated[PointInput, strawberry.argument(description="The door.")],
        idempotency_key: IdempotencyKey,
    ) -> SettleDropPointResult:
        """Settles a learned point."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, place = require_operator(info, market), point.value()
        key = from_wire("drop_point", drop_point_id, field="dropPointId")

        async def run(work: Work) -> str:
            await settle_point(work, market_id=market, drop_point_id=key, place=place)
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="settleDropPoint",
                subject_id=key,
                details={},
            )
            return key.hex

        async def answer(_work: Work, reference: str) -> DropPointSettled:
            return DropPointSettled(id=strawberry.ID(to_wire("drop_point", UUID(reference))))

        return await mutate(
            info,
            operation="settleDropPoint",
            arguments={"market": market, "drop_point": key, "lat": place.lat, "lon": place.lon},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Says where the door of a drop-off really is, after arriving there. For its driver.")
    async def correct_pin(
        self,
        info: Info,
        stop_id: Annotated[strawberry.ID, strawberry.argument(description="stp_….")],
        point: Annotated[PointInput, strawberry.argument(description="The door, at most 1 km from the pin.")],
        idempotency_key: IdempotencyKey,
    ) -> CorrectPinResult:
        """Corrects a pin."""
        driver, stop, place = require_driver(info), from_wire("stop", stop_id, field="stopId"), point.value()

        async def run(work: Work) -> str:
            return str(await correct_pin(work, driver_id=driver.id, stop_id=stop, place=place))

        async def answer(_work: Work, reference: str) -> PinCorrected:
            return PinCorrected(is_used=reference == "True")

        return await mutate(
            info,
            operation="correctPin",
            arguments={"stop": stop, "lat": place.lat, "lon": place.lon},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _geocoder(info: Info) -> Geocoder:
    geocoder: Geocoder | None = info.context.marketplace.geocoder
    if geocoder is None:
        raise NoGeocoder("nothing here knows any streets; send lat and lon with your addresses")
    return geocoder


def _candidates(found: Sequence[Found]) -> list[AddressCandidate]:
    return [
        AddressCandidate(
            label=one.label,
            point=Point(lat=one.point.lat, lon=one.point.lon),
            confidence_percent=one.confidence_percent,
            precision=one.precision,
        )
        for one in found
    ]
