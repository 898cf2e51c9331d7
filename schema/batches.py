"""Batches and deliveries: posted, looked at, called off."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

import orjson
import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import (
    CancelReason,
    DeliveryState,
    FailurePolicy,
    LeftAt,
    PostBatch,
    PostResult,
    Requirement,
    RowProblem,
    Sector,
    UnassignedReason,
    cancel_delivery,
    find_batch,
    find_delivery,
    page_batches,
    page_deliveries,
    quote_cancellation,
)
from marketplace.billing import check_credit
from marketplace.core.errors import Invalid
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.points import CollectionState
from marketplace.shippers import Tier
from schema.access import require_shipper
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.delivery_input import DeliveryInput, MaySplit, RowProblemType, delivery_requests, row_problem
from schema.errands import mutate_by_errand
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.places import Address, Package, Window
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor
from schema.substitutions import ItemSubstitution
from schema.tracking_urls import tracking_url, with_tracking_urls


@strawberry.type(description="The rural zone in which a delivery ends, and what it adds to its price.")
class DeliveryZone:
    """A zone as one delivery has it."""

    code: str = strawberry.field(description="Its code, as ruralZones lists it.")
    name: str = strawberry.field(description="Its name.")
    surcharge_minor: MoneyMinor = strawberry.field(description="What of the price it added, minor units.")
    rule: str = strawberry.field(description="The version of its terms, as the line of the price cites it.")


@strawberry.type(description="A parcel at a hand-over point: DELIVERED there, it waits for its recipient.")
class DeliveryCollection:
    """What its shipper knows of it."""

    point_id: strawberry.ID = strawberry.field(description="hop_….")
    state: CollectionState = strawberry.field(description="Whether it is there.")
    arrived_at: DateTime | None = strawberry.field(description="When it was dropped there, market time.")
    due_at: DateTime | None = strawberry.field(description="Until when it is kept, market time.")
    ended_at: DateTime | None = strawberry.field(description="When it was collected or not any more, market time.")
    return_id: strawberry.ID | None = strawberry.field(description="dlv_… of its return, if nobody collected it.")


@strawberry.type(description="One parcel's move from a pickup to a drop-off.")
class Delivery:
    """A delivery as its shipper sees it."""

    id: strawberry.ID = strawberry.field(description="dlv_….")
    external_id: str = strawberry.field(description="The shipper's own reference, unique for the shipper.")
    batch_id: strawberry.ID = strawberry.field(description="bat_….")
    state: DeliveryState = strawberry.field(description="Where in its life it is.")
    sequence: int = strawberry.field(description="Counts its changes from 1; its events carry the same number.")
    service_level: str = strawberry.field(description="STANDARD, EXPRESS, SAME_DAY or NEXT_DAY.")
    tier: Tier | None = strawberry.field(description="The tier whose terms promised its window; none if you named it.")
    hub_id: strawberry.ID | None = strawberry.field(description="hub_…, where it is picked up at a hub.")
    return_of: strawberry.ID | None = strawberry.field(description="dlv_… of the delivery whose parcel this returns.")
    pickup: Address = strawberry.field(description="Where it is picked up.")
    dropoff: Address = strawberry.field(description="Where it goes.")
    pickup_window: Window = strawberry.field(description="When it can be picked up.")
    dropoff_window: Window = strawberry.field(description="When it is to be handed over.")
    promised_window: Window = strawberry.field(description="What was promised: the same as dropoffWindow.")
    planned_window: Window | None = strawberry.field(
        description="When the driver will probably be at the drop-off, in whole 5 minutes: of ten arrivals eight or"
        " more are within. Null while it is not known, and when the delivery has ended."
    )
    time_zone: str = strawberry.field(description="IANA zone in which its windows were given.")
    packages: list[Package] = strawberry.field(description="1 to 20 items.", metadata=usually(2))
    pallet_places: int = strawberry.field(description="Pallet places that it takes on a vehicle's floor.")
    substitutions: list[ItemSubstitution] = strawberry.field(
        description="What was short when it was picked, and what goes instead; mostly none.", metadata=usually(1)
    )
    sector: Sector | None = strawberry.field(description="The trade that it is for, if its shipper named one.")
    requirements: list[Requirement] = strawberry.field(description="What it asks of driver and hand-over.")
    out_of_cold_limit_s: int | None = strawberry.field(
        description="How long it may be out of the cold in all, seconds; null where nobody counts."
    )
    out_of_cold_s: int | None = strawberry.field(
        description="How long it was out of the cold when it last changed hands, seconds; null before its pickup."
    )
    instructions: str = strawberry.field(description="For the driver, at most 500 characters.")
    pin: str | None = strawberry.field(description="What the recipient tells the driver, if a PIN was asked for.")
    tracking_url: str | None = strawberry.field(
        description="The recipient's page, for whoever holds the address: pass it to the recipient alone. For shippers."
    )
    rural_zone: DeliveryZone | None = strawberry.field(description="The rural zone in which it ends, if it does.")
    collection: DeliveryCollection | None = strawberry.field(
        description="How far it is at its hand-over point; null where it goes to a door."
    )
    price_minor: MoneyMinor = strawberry.field(description="What the shipper pays, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    unassigned_reason: UnassignedReason | None = strawberry.field(description="Why it waits, while it waits.")
    failure_reason: str | None = strawberry.field(description="Why it was attempted, failed or cancelled.")
    failure_policy: FailurePolicy = strawberry.field(description="What is done where nobody takes it.")
    attempts: int = strawberry.field(description="Hand-overs that did not happen.")
    max_attempts: int = strawberry.field(description="Hand-overs that are attempted where the policy tries again.")
    answer_due_at: DateTime | None = strawberry.field(
        description="Until when another window can be chosen, market time; null where none can."
    )
    chosen_window: Window | None = strawberry.field(description="The window that was chosen for another try.")
    redelivery_minor: MoneyMinor = strawberry.field(description="What further tries cost so far, minor units.")
    left_at: LeftAt | None = strawberry.field(description="Where it was left, if not with its recipient.")
    left_in: str | None = strawberry.field(
        description="The place in the photo that proves it: as the recipient chose it, such as PORCH, or as in leftAt."
    )
    needs_review: bool = strawberry.field(
        description="Whether its address was not found surely enough; it is planned once operations have looked at it."
    )
    created_at: DateTime = strawberry.field(description="When it was posted.")
    changed_at: DateTime = strawberry.field(description="When it last changed.")


@strawberry.type(description="A posting of up to 1,000 deliveries.")
class Batch:
    """A batch as its shipper sees it."""

    id: strawberry.ID = strawberry.field(description="bat_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    quote_id: strawberry.ID | None = strawberry.field(description="qot_…, where it was posted from a quote.")
    created_at: DateTime = strawberry.field(description="When it was posted.")
    delivery_count: int = strawberry.field(description="Deliveries without their returns.")
    price_minor: MoneyMinor = strawberry.field(description="Price of all deliveries and returns, minor units.")
    deliveries: list[Delivery] = strawberry.field(
        description="All deliveries, at most 1,000; empty in lists of batches, ask for one batch instead.",
        metadata=usually(50),
    )


@strawberry.type(description="The answer to one row of a posting.")
class PostedDelivery:
    """A delivery, new or posted before, or a problem."""

    external_id: str = strawberry.field(description="The row's own reference.")
    delivery_id: strawberry.ID | None = strawberry.field(description="dlv_…; null where there is a problem.")
    is_new: bool = strawberry.field(description="False for a row that was posted before with the same content.")
    tracking_url: str | None = strawberry.field(
        description="The recipient's page, for whoever holds the address: pass it to the recipient alone."
    )
    part_ids: list[strawberry.ID] = strawberry.field(
        description="dlv_… of the parts that come from further hubs; mostly none.", metadata=usually(1)
    )
    problem: RowProblemType | None = strawberry.field(description="Why the row was not taken.")


@strawberry.type(description="The answer to a posting, row by row in the order of the request.")
class BatchPosted:
    """A posted batch."""

    batch_id: strawberry.ID | None = strawberry.field(description="bat_…; null where no row was taken.")
    rows: list[PostedDelivery] = strawberry.field(description="One answer for each row.", metadata=usually(50))


@strawberry.type(description="A delivery was called off.")
class DeliveryCancelled:
    """A cancelled delivery."""

    delivery: Delivery = strawberry.field(description="The delivery, cancelled.")


@strawberry.type(description="What the rate card of a delivery says of calling it off; percent of its price.")
class CancellationRule:
    """The rule behind a fee."""

    free_s: int = strawberry.field(description="Free until so many seconds before the pickup window opens.")
    late_percent: int = strawberry.field(description="After that, while no driver has it.")
    taken_percent: int = strawberry.field(description="Once a driver has it.")
    at_pickup_percent: int = strawberry.field(description="Once the driver stands at the pickup.")


@strawberry.type(description="What calling a delivery off costs at this moment.")
class CancellationFee:
    """A fee as it is now."""

    fee_minor: MoneyMinor = strawberry.field(description="Minor units; send it as feeAtMostMinor to agree to it.")
    currency: str = strawberry.field(description="ISO 4217.")
    free_until: DateTime | None = strawberry.field(
        description="Until when it stays free while no driver takes it, market time; null where it is not free now."
    )
    rule: CancellationRule = strawberry.field(description="The rule, by the card under which it was posted.")


PostBatchResult = Annotated[BatchPosted | Problem, strawberry.union("PostBatchResult")]
CancelDeliveryResult = Annotated[DeliveryCancelled | Problem, strawberry.union("CancelDeliveryResult")]


@strawberry.type
class Query:
    """What a shipper has posted; a thing of another shipper looks like none."""

    @query(description="One of your batches with all its deliveries, in one read.")
    async def batch(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="bat_….")],  # noqa: A002 - its name in the API
    ) -> Batch | None:
        """Reads a batch."""
        shipper, batch_id = require_shipper(info), from_wire("batch", id, field="id")
        async with info.context.marketplace.works.read() as connection:
            found = await find_batch(connection, batch_id=batch_id, shipper_id=shipper.id)
        with_tracking_urls(info, found["deliveries"] if found else ())
        return cast("Batch | None", found)

    @query(description="Your batches, newest first.")
    async def batches(self, info: Info, first: First = USUAL_PAGE, after: After = None) -> Connection[Batch]:
        """Reads a page of batches."""
        shipper, before = require_shipper(info), after_id("batch", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_batches(connection, shipper_id=shipper.id, before=before, limit=rows_to_read(first))
        return cast("Connection[Batch]", _page(rows, first))

    @query(description="One of your deliveries.")
    async def delivery(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],  # noqa: A002 - its name in the API
    ) -> Delivery | None:
        """Reads a delivery."""
        shipper, delivery_id = require_shipper(info), from_wire("delivery", id, field="id")
        async with info.context.marketplace.works.read() as connection:
            found = await find_delivery(connection, delivery_id=delivery_id, shipper_id=shipper.id)
        with_tracking_urls(info, [found] if found else ())
        return cast("Delivery | None", found)

    @query(description="Your deliveries, newest first.")
    async def deliveries(
        self,
        info: Info,
        first: First = USUAL_PAGE,
        after: After = None,
        state: Annotated[
            DeliveryState | None, strawberry.argument(description="Only deliveries in this state.")
        ] = None,
    ) -> Connection[Delivery]:
        """Reads a page of deliveries."""
        shipper, before = require_shipper(info), after_id("delivery", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_deliveries(
                connection,
                shipper_id=shipper.id,
                before=before,
                state=state.value if state else None,
                limit=rows_to_read(first),
            )
        with_tracking_urls(info, [tree for _, tree in rows])
        return cast("Connection[Delivery]", _page(rows, first))

    @query(description="What calling a delivery off would cost now, and until when it is free.")
    async def cancellation_fee(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
    ) -> CancellationFee:
        """Reckons the fee."""
        shipper, delivery = require_shipper(info), from_wire("delivery", delivery_id, field="deliveryId")
        async with info.context.marketplace.works.open() as work:
            quoted = await quote_cancellation(work, shipper_id=shipper.id, delivery_id=delivery)
        return CancellationFee(
            fee_minor=MoneyMinor(quoted.fee.minor),
            currency=quoted.fee.currency,
            free_until=quoted.free_until,
            rule=CancellationRule(**quoted.rule),
        )


@strawberry.type
class Mutation:
    """Posting and calling off."""

    @mutation(
        description="Posts deliveries: either `quoteId`, or `marketId` with `deliveries`. Every row is answered; a bad"
        " row stops no other. The same externalId with the same content answers with the first delivery."
    )
    async def post_batch(
        self,
        info: Info,
        idempotency_key: IdempotencyKey,
        quote_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="qot_…: posts what was quoted, at its price.")
        ] = None,
        market_id: Annotated[strawberry.ID | None, strawberry.argument(description="mkt_….")] = None,
        deliveries: Annotated[
            list[DeliveryInput] | None, strawberry.argument(description="1 to 1,000 deliveries.")
        ] = None,
        may_split: MaySplit = False,
    ) -> PostBatchResult:
        """Posts."""
        shipper = require_shipper(info)
        if (quote_id is None) == (deliveries is None) or (deliveries is not None and market_id is None):
            raise Invalid("send either quoteId, or marketId with deliveries", field="quoteId")
        quote = from_wire("quote", quote_id, field="quoteId") if quote_id else None
        market = from_wire("market", market_id, field="marketId") if market_id else None
        requests = delivery_requests(deliveries or [])
        return await mutate_by_errand(
            info,
            operation="postBatch",
            arguments={
                "quote": quote,
                "market": market,
                "digests": [request.external_id + request.digest.hex() for request in requests],
                "may_split": may_split,
            },
            idempotency_key=idempotency_key,
            errand=PostBatch(
                router=info.context.marketplace.router,
                gate=check_credit,
                tokens=info.context.tokens,
                shipper_id=shipper.id,
                market_id=market,
                requests=requests,
                quote_id=quote,
                has_geocoder=info.context.marketplace.geocoder is not None,
                may_split=may_split,
            ),
            reference=_keep_posted,
            answer=partial(_posted, info),
        )

    @mutation(description="Calls a delivery off, which is possible until a driver has picked it up.")
    async def cancel_delivery(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        reason: Annotated[CancelReason, strawberry.argument(description="Why.")],
        idempotency_key: IdempotencyKey,
        fee_at_most_minor: Annotated[
            MoneyMinor | None,
            strawberry.argument(
                description="The fee that cancellationFee showed: a higher one is refused as CANCELLATION_FEE_CHANGED."
            ),
        ] = None,
    ) -> CancelDeliveryResult:
        """Cancels."""
        shipper, delivery = require_shipper(info), from_wire("delivery", delivery_id, field="deliveryId")

        async def run(work: Work) -> str:
            await cancel_delivery(
                work,
                shipper_id=shipper.id,
                delivery_id=delivery,
                reason=reason,
                fee_at_most_minor=None if fee_at_most_minor is None else int(fee_at_most_minor),
            )
            return str(delivery)

        async def answer(work: Work, reference: str) -> DeliveryCancelled:
            found = await find_delivery(work.connection, delivery_id=UUID(reference), shipper_id=shipper.id)
            with_tracking_urls(info, [found] if found else ())
            return DeliveryCancelled(delivery=cast("Delivery", found))

        return await mutate(
            info,
            operation="cancelDelivery",
            arguments={"delivery": delivery, "reason": reason, "fee_at_most": fee_at_most_minor},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _page(rows: Sequence[tuple[UUID, dict[str, Any]]], first: int) -> Any:
    return page_of([tree for _, tree in rows], first=first, key=lambda tree: [tree["id"]])


def _keep_posted(result: PostResult) -> str:
    """The answer of a posting as it is kept beside its key, so that a repeat gets it word for word."""
    return orjson.dumps(result, default=str).decode()  # ids that come from the database are of its own type


async def _posted(info: Info, _work: Work, kept: str) -> BatchPosted:
    result = orjson.loads(kept)
    return BatchPosted(
        batch_id=_wire("batch", result["batch_id"]),
        rows=[
            PostedDelivery(
                external_id=row["external_id"],
                delivery_id=_wire("delivery", row["delivery_id"]),
                is_new=row["is_new"],
                tracking_url=tracking_url(info, UUID(row["link_id"])) if row.get("link_id") else None,
                part_ids=[strawberry.ID(to_wire("delivery", UUID(part))) for part in row.get("part_ids", ())],
                problem=row_problem(RowProblem(**row["problem"])) if row["problem"] else None,
            )
            for row in result["rows"]
        ],
    )


def _wire(noun: str, value: str | None) -> strawberry.ID | None:
    return strawberry.ID(to_wire(noun, UUID(value))) if value else None
