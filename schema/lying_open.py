"""What lies open at the payment provider, for operations: what waits or was refused there, and news of nobody's."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.payments import (
    Endpoint,
    OperationKind,
    OperationState,
    Reception,
    page_foreign_events,
    page_open_operations,
)
from marketplace.payments import (
    ForeignEvent as EventRecord,
)
from marketplace.payments import (
    OpenOperation as OperationRecord,
)
from schema.access import require_operator
from schema.arguments import MarketArgument
from schema.context import Info
from schema.fields import query
from schema.paging import (
    USUAL_PAGE,
    After,
    BadPage,
    Connection,
    First,
    after_id,
    after_key,
    page_of,
    rows_to_read,
)
from schema.scalars import DateTime, MoneyMinor

SUBJECTS: Mapping[OperationKind, str] = {
    OperationKind.CREATE_CUSTOMER: "billing",
    OperationKind.CREATE_ACCOUNT: "driver",
    OperationKind.CHARGE: "charge",
    OperationKind.CAPTURE: "charge",
    OperationKind.CANCEL_CHARGE: "charge",
    OperationKind.REFUND: "refund",
    OperationKind.TRANSFER: "payout",
    OperationKind.REVERSE_TRANSFER: "payout",
    OperationKind.PAYOUT: "payout",
    OperationKind.CREATE_INVOICE: "invoice",
    OperationKind.FINALIZE_INVOICE: "invoice",
    OperationKind.VOID_INVOICE: "invoice",
    OperationKind.CREATE_CHECKOUT: "tip",
    OperationKind.EXPIRE_CHECKOUT: "tip",
}
"""The noun that an operation is about; a line of an invoice has no id on the wire."""


@strawberry.type(description="Something that the payment provider shall do for a market and has not done.")
class OpenOperation:
    """An operation that waits, is under way, has no known outcome, or was refused for good."""

    id: strawberry.ID = strawberry.field(description="opn_….")
    kind: OperationKind = strawberry.field(description="What it shall do.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="What it is for: bil_…, drv_…, chg_…, rfd_…, pay_… or inv_…; null for a line of an invoice."
    )
    state: OperationState = strawberry.field(
        description="READY waits to be sent, SENT is under way, UNKNOWN is looked up before anything is sent again,"
        " REJECTED was refused and not asked for anew."
    )
    amount_minor: MoneyMinor | None = strawberry.field(description="Money that it shall move, minor units.")
    currency: str | None = strawberry.field(description="ISO 4217.")
    attempts: int = strawberry.field(description="How often it was taken up.")
    error_code: str | None = strawberry.field(description="Why it stands still, in a word of the provider or of ours.")
    error: str | None = strawberry.field(description="The same in words, at most 200 characters.")
    first_sent_at: DateTime | None = strawberry.field(description="When it was first sent, machine time.")
    next_try_at: DateTime | None = strawberry.field(description="When it is tried again at the earliest, machine time.")
    created_at: DateTime = strawberry.field(description="When it was wanted, market time.")
    age_s: int = strawberry.field(description="How long ago that was, seconds of market time.")


@strawberry.type(description="News of the payment provider that has changed nothing here.")
class ForeignEvent:
    """An event that waits to be looked into, or that is about nothing of ours."""

    id: str = strawberry.field(description="The provider's id of the event.")
    endpoint: Endpoint = strawberry.field(description="Whether it is about our own account or a connected one.")
    type: str = strawberry.field(description="The provider's word for what has happened.")
    object_kind: str = strawberry.field(description="What kind of object it is about, in the provider's word.")
    object_id: str = strawberry.field(description="The provider's id of that object.")
    reception: Reception = strawberry.field(description="Whether it waits or was found to be nobody's.")
    attempts: int = strawberry.field(description="How often it was looked into.")
    error: str | None = strawberry.field(description="Why it was not taken in, at most 200 characters.")
    received_at: DateTime = strawberry.field(description="When it came in, machine time.")
    age_s: int = strawberry.field(description="How long ago that was, seconds.")


@strawberry.type
class Query:
    """What lies open."""

    @query(
        description="What the payment provider shall do for a market and has not done, and why, oldest first."
        " For operations."
    )
    async def open_operations(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[OpenOperation]:
        """Reads a page of operations."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        place, limit = after_id("operation", after), rows_to_read(first)
        async with info.context.marketplace.works.open() as work:
            found = await page_open_operations(work, market_id=market, after=place, limit=limit)
        operations = [_operation(one) for one in found]
        return cast("Connection[OpenOperation]", page_of(operations, first=first, key=lambda row: [row.id]))

    @query(
        description="Events of the payment provider that were not taken in, latest first: those that wait to be looked"
        " into, and those about what no market of ours has made, of which every market is told. For operations."
    )
    async def foreign_events(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[ForeignEvent]:
        """Reads a page of events."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        key, limit = after_key(after, parts=2), rows_to_read(first)
        before = (_moment(key[0]), key[1]) if key else None
        async with info.context.marketplace.works.open() as work:
            found = await page_foreign_events(work, market_id=market, before=before, limit=limit)
        events = [_event(one) for one in found]
        page = page_of(events, first=first, key=lambda row: [row.received_at.isoformat(), row.id])
        return cast("Connection[ForeignEvent]", page)


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment
    raise BadPage("this cursor did not come from this list", field="after")


def _operation(one: OperationRecord) -> OpenOperation:
    noun = SUBJECTS.get(one.kind)
    return OpenOperation(
        id=strawberry.ID(to_wire("operation", one.id)),
        kind=one.kind,
        subject_id=strawberry.ID(to_wire(noun, one.subject_id)) if noun else None,
        state=one.state,
        amount_minor=MoneyMinor(one.amount.minor) if one.amount else None,
        currency=one.amount.currency if one.amount else None,
        attempts=one.attempts,
        error_code=one.error_code,
        error=one.error,
        first_sent_at=one.first_sent_at,
        next_try_at=one.not_before,
        created_at=one.created_at,
        age_s=int(one.age.total_seconds()),
    )


def _event(one: EventRecord) -> ForeignEvent:
    return ForeignEvent(
        id=one.id,
        endpoint=one.endpoint,
        type=one.type,
        object_kind=one.object_kind,
        object_id=one.object_id,
        reception=one.reception,
        attempts=one.attempts,
        error=one.error,
        received_at=one.received_at,
        age_s=int(one.age.total_seconds()),
    )
