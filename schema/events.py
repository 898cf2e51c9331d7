"""Streams: what happens, told once to each subscriber, resumed from a cursor."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from marketplace.accounts import Principal, PrincipalKind
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.tracking import StreamedEvent, StreamFilter, head_cursor
from schema.access import require_driver, require_one_of, require_operator, require_principal
from schema.arguments import MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query, subscription
from schema.places import Window
from schema.scalars import Cursor, DateTime, MoneyMinor
from schema.sharing import Shared

OFFER_EVENTS = frozenset({"OfferSent", "OfferAccepted", "OfferDeclined", "OfferExpired", "OfferWithdrawn"})
ROUTE_EVENTS = frozenset(
    {
        "RouteAssigned",
        "RouteStarted",
        "RouteExtended",
        "ReassignmentOffered",
        "ReassignmentAgreed",
        "ParcelsGiven",
        "RouteReassigned",
        "ReassignmentEnded",
        "StopChanged",
        "InstructionsLeft",
        "SafePlaceChosen",
        "RouteCompleted",
        "PayStatementIssued",
        "PayTruedUp",
        "DriverTipped",
        "TipGiven",
    }
)
DELIVERY_EVENTS = frozenset(
    {
        "DeliveryPosted",
        "DeliveryOffered",
        "DeliveryUnplanned",
        "WindowChanged",
        "WindowBooked",
        "WindowRevoked",
        "DeliveryAssigned",
        "DeliveryMoved",
        "DeliveryReassigned",
        "DeliveryDelivered",
        "DeliveryAttempted",
        "DeliveryBroughtBack",
        "DeliveryRescheduled",
        "DeliveryRequeued",
        "DeliveryPlaced",
        "AddressDoubted",
        "DeliveryReturning",
        "DeliveryReturned",
        "DeliveryCancelled",
        "DeliveryExpired",
        "DeliveryFailed",
        "ArrivalChanged",
        "LateRiskRaised",
        "InstructionsLeft",
        "SafePlaceChosen",
        "RecipientErased",
        "ClaimChanged",
        "HandOverPointChosen",
        "ParcelWaits",
        "ParcelCollected",
        "ParcelUncollected",
        "ParcelSentBack",
    }
)
SHIPPER_EVENTS = DELIVERY_EVENTS | {
    "RecurringBatchChanged",
    "OccurrencePosted",
    "OccurrenceSkipped",
    "OccurrenceRefused",
}
"""A shipper hears, besides, what becomes of the days of its recurring batches."""
RECIPIENT_EVENTS = (DELIVERY_EVENTS - {"LateRiskRaised"}) | {"TipChanged", "TipGiven"}
"""A recipient hears when the window moves; that one is in danger is for those who can still do something about it."""

LONGEST_BACKLOG = 200


class BadBacklog(Invalid):
    """More events from before than a subscription starts with."""

    code = "BAD_BACKLOG"


AfterCursor = Annotated[
    Cursor | None,
    strawberry.argument(
        description="The cursor of the last event you have: what came since is told first. Good for 24 hours."
    ),
]


@strawberry.type(description="A cell of the map that is paid and priced otherwise than before.")
class SurgeChange:
    """What holds in a cell from now on."""

    cell: str = strawberry.field(description="H3 index of resolution 8.")
    driver_bonus_minor: MoneyMinor = strawberry.field(description="More for each drop-off, minor units; 0: none.")
    surcharge_basis_points: int = strawberry.field(description="Hundredths of a percent of the plain price; 0: none.")


@strawberry.type(description="Something that happened. Fields that do not belong to it are null.")
class Event:
    """An event; it carries ids and values, never names, phones or addresses."""

    name: str = strawberry.field(description="In the past tense, such as OfferSent.")
    cursor: Cursor = strawberry.field(description="Send it as `after` to go on from here.")
    occurred_at: DateTime = strawberry.field(description="Market time.")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    batch_id: strawberry.ID | None = strawberry.field(default=None, description="bat_….")
    recurring_batch_id: strawberry.ID | None = strawberry.field(default=None, description="rcb_….")
    day: date | None = strawberry.field(
        default=None, description="Which day of a recurring batch, local to its market."
    )
    delivery_id: strawberry.ID | None = strawberry.field(default=None, description="dlv_….")
    route_id: strawberry.ID | None = strawberry.field(default=None, description="rte_….")
    stop_id: strawberry.ID | None = strawberry.field(default=None, description="stp_….")
    offer_id: strawberry.ID | None = strawberry.field(default=None, description="off_….")
    driver_id: strawberry.ID | None = strawberry.field(default=None, description="drv_….")
    payout_id: strawberry.ID | None = strawberry.field(default=None, description="pay_….")
    sequence: int | None = strawberry.field(default=None, description="Orders the events of one delivery.")
    state: str | None = strawberry.field(default=None, description="The state that was reached.")
    kind: str | None = strawberry.field(default=None, description="The kind of stop.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    amount_minor: MoneyMinor | None = strawberry.field(default=None, description="Pay or price, minor units.")
    currency: str | None = strawberry.field(default=None, description="ISO 4217.")
    expires_at: DateTime | None = strawberry.field(default=None, description="Deadline of an offer, market time.")
    is_on_time: bool | None = strawberry.field(default=None, description="Whether a hand-over was within its window.")
    delivery_count: int | None = strawberry.field(default=None, description="Deliveries of a batch or a route.")
    window: Window | None = strawberry.field(default=None, description="The window that is shown from now on.")
    late_percent: int | None = strawberry.field(
        default=None, description="How probable it is that the promised window is missed, 1 to 100."
    )
    surges: list[SurgeChange] | None = strawberry.field(
        default=None, description="Cells whose surge is another now, at most 2,000.", metadata=usually(3)
    )


@strawberry.type
class Query:
    """Where streams stand."""

    @query(
        description="Where the events of a market stand now. Ask for it first, in a request of its own, then read the"
        " state that you show, then subscribe with it as `after`: you miss nothing and hear nothing twice. What"
        " happened in between you may have read already."
    )
    async def event_cursor(
        self,
        info: Info,
        market_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="mkt_…; drivers and recipients may leave it out.")
        ] = None,
    ) -> Cursor:
        """Reads the end of a stream."""
        market = _market_of(info, require_principal(info), market_id)
        async with info.context.marketplace.works.read() as connection:
            return Cursor(await head_cursor(connection, market_id=market))


@strawberry.type
class Subscription:
    """Over graphql-transport-ws; each stream starts now, or after a cursor."""

    @subscription(description="What happens to your offers. For drivers.")
    async def offer_events(self, info: Info, after: AfterCursor = None) -> AsyncIterator[Event]:
        """Streams a driver's offers."""
        driver = require_driver(info)
        wanted = StreamFilter(driver_id=driver.id, names=OFFER_EVENTS)
        async for event in _stream(info, driver.home_market_id, after, wanted):
            yield event

    @subscription(description="What happens on your route. For drivers.")
    async def route_events(self, info: Info, after: AfterCursor = None) -> AsyncIterator[Event]:
        """Streams a driver's route."""
        driver = require_driver(info)
        wanted = StreamFilter(driver_id=driver.id, names=ROUTE_EVENTS)
        async for event in _stream(info, driver.home_market_id, after, wanted):
            yield event

    @subscription(
        description="What happens to your deliveries in a market, all of them or one, and where you name none to your"
        " recurring batches. For shippers; and for recipients, who leave out market and delivery, what happens to the"
        " one of the link."
    )
    async def delivery_events(
        self,
        info: Info,
        market_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="mkt_…; recipients may leave it out.")
        ] = None,
        after: AfterCursor = None,
        delivery_id: Annotated[strawberry.ID | None, strawberry.argument(description="dlv_…: only this one.")] = None,
    ) -> AsyncIterator[Event]:
        """Streams a shipper's deliveries, or a recipient's one."""
        caller = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT)
        if caller.kind is PrincipalKind.RECIPIENT:
            wanted = StreamFilter(delivery_id=caller.delivery_id, names=RECIPIENT_EVENTS)
            async for event in _stream(info, caller.home_market_id, after, wanted, record=recipient_event_of):
                yield event
            return
        wanted = StreamFilter(
            shipper_id=caller.id,
            delivery_id=from_wire("delivery", delivery_id, field="deliveryId") if delivery_id else None,
            names=SHIPPER_EVENTS,
        )
        async for event in _stream(info, _market_of(info, caller, market_id), after, wanted):
            yield event

    @subscription(description="Everything that happens in a market. For operations.")
    async def market_events(
        self,
        info: Info,
        market_id: MarketArgument,
        after: AfterCursor = None,
        last: Annotated[
            int,
            strawberry.argument(
                description=f"Latest events of the market to be told first, 0 to {LONGEST_BACKLOG}. With `after` it"
                " counts for nothing."
            ),
        ] = 0,
    ) -> AsyncIterator[Event]:
        """Streams a market."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        if not 0 <= last <= LONGEST_BACKLOG:
            raise BadBacklog(f"last is 0 to {LONGEST_BACKLOG}", field="last")
        async for event in _stream(info, market, after, StreamFilter(), last=last):
            yield event


def _market_of(info: Info, caller: Principal, wanted: strawberry.ID | None) -> MarketId:
    """The market that a caller asks about: a driver's or recipient's own, an operator's, any for a shipper."""
    if wanted is None:
        if caller.kind in {PrincipalKind.DRIVER, PrincipalKind.RECIPIENT, PrincipalKind.KEEPER}:
            return caller.home_market_id
        raise Invalid("say which market", field="marketId")
    market = MarketId(from_wire("market", wanted, field="marketId"))
    if caller.kind is PrincipalKind.OPERATOR:
        require_operator(info, market)
    elif not caller.may_see_market(market):
        raise NotFound("there is no such market", field="marketId")
    return market


async def _stream(
    info: Info,
    market_id: MarketId,
    after: Cursor | None,
    wanted: StreamFilter,
    *,
    last: int = 0,
    record: Callable[[StreamedEvent], "Event"] | None = None,
) -> AsyncIterator[Event]:
    tell = record or event_of
    events = info.context.marketplace.streams.subscribe(market_id, after, wanted, last=last)
    async with aclosing(events):
        async for event in events:
            # Whoever is told less of an event must never get the text that others share.
            yield cast("Event", Shared((tell.__name__, event.cursor), partial(tell, event)))


def event_of(event: StreamedEvent) -> Event:
    """An event as the API tells it."""
    payload = event.payload
    return Event(
        name=event.name,
        cursor=Cursor(event.cursor),
        occurred_at=event.occurred_at,
        market_id=strawberry.ID(to_wire("market", event.market_id)),
        batch_id=_wire("batch", payload),
        recurring_batch_id=_wire("recurring_batch", payload),
        day=date.fromisoformat(payload["day"]) if "recurring_batch_id" in payload and "day" in payload else None,
        delivery_id=_wire("delivery", payload),
        route_id=_wire("route", payload),
        stop_id=_wire("stop", payload),
        offer_id=_wire("offer", payload),
        driver_id=_wire("driver", payload),
        payout_id=_wire("payout", payload),
        sequence=payload.get("sequence"),
        state=payload.get("state"),
        kind=payload.get("kind"),
        reason=payload.get("reason"),
        amount_minor=_amount(payload),
        currency=payload.get("currency"),
        expires_at=payload.get("expires_at"),
        is_on_time=payload.get("is_on_time"),
        delivery_count=payload.get("delivery_count"),
        window=_window(payload),
        late_percent=payload.get("late_percent"),
        surges=_surges(payload),
    )


def recipient_event_of(event: StreamedEvent) -> Event:
    """The event without what leads to others: a recipient follows one parcel and not its driver's day."""
    return replace(event_of(event), batch_id=None, route_id=None, driver_id=None, stop_id=None)


def _wire(noun: str, payload: dict[str, Any]) -> strawberry.ID | None:
    value = payload.get(f"{noun}_id")
    return strawberry.ID(to_wire(noun, UUID(value))) if value else None


def _window(payload: dict[str, Any]) -> Window | None:
    if "opens_at" not in payload:
        return None
    return Window(
        opens_at=datetime.fromisoformat(payload["opens_at"]), closes_at=datetime.fromisoformat(payload["closes_at"])
    )


def _surges(payload: dict[str, Any]) -> list[SurgeChange] | None:
    if "surcharge_basis_points" not in payload:
        return None
    told = zip(payload["cells"], payload["driver_bonus_minor"], payload["surcharge_basis_points"], strict=True)
    return [
        SurgeChange(cell=cell, driver_bonus_minor=MoneyMinor(bonus), surcharge_basis_points=surcharge)
        for cell, bonus, surcharge in told
    ]


def _amount(payload: dict[str, Any]) -> MoneyMinor | None:
    for name in ("pay_minor", "amount_minor", "total_minor", "price_minor"):
        if name in payload:
            return MoneyMinor(payload[name])
    return None
