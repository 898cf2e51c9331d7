"""What people are told: a shipper's policy of it, and the log of what was said and why."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import tell_tracking_tokens
from marketplace.alerts import (
    AlertPolicy,
    Cause,
    Links,
    NotificationState,
    alert_policy_of,
    list_notifications,
    list_notifications_of,
    set_alert_policy,
)
from marketplace.core.ids import DeliveryId, MarketId, from_wire, to_wire
from marketplace.core.notifier import Channel
from marketplace.core.work import Work
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime

__all__ = ["Mutation", "Query"]

LINK = "{link}"
MOST_MUTED, MOST_TEMPLATES = 40, 60
MESSAGE = (
    "A cause and a reader, such as `DELIVERED:recipient` or `LATE:shipper`; with `:push` behind it, what a recipient's"
    " browser shows."
)

TEXT = "1 to 300 characters; {shipper} {external_id} {opens} {closes} {at} {reason} {link} {webhook} are filled in."


@strawberry.type(description="Words of a shipper's own for one message in one language.")
class AlertTemplate:
    """A template."""

    language: str = strawberry.field(description="`en` or `es`.")
    message: str = strawberry.field(description=MESSAGE)
    text: str = strawberry.field(description=TEXT)


@strawberry.input(description="Words of a shipper's own for one message in one language.")
class AlertTemplateInput:
    """A template that is to be set."""

    language: str = strawberry.field(description="`en` or `es`.")
    message: str = strawberry.field(description=MESSAGE)
    text: str = strawberry.field(description=TEXT)


@strawberry.type(name="AlertPolicy", description="How a shipper wants people told of its deliveries.")
class AlertPolicyType:
    """A policy."""

    language: str = strawberry.field(description="In which its recipients are told: `en` or `es`.")
    quiet_from_minute: int = strawberry.field(
        description="Minutes after midnight, where the parcel goes, from which only what cannot wait is told."
    )
    quiet_to_minute: int = strawberry.field(description="Until then; the same minute twice: never quiet.")
    email: str = strawberry.field(description="Where the shipper itself is told; empty: by SMS to the pickup's phone.")
    muted: list[str] = strawberry.field(description="Messages that are not sent.", metadata=usually(2))
    templates: list[AlertTemplate] = strawberry.field(description="Words of its own.", metadata=usually(3))


@strawberry.input(description="How a shipper wants people told of its deliveries; replaces what was set before.")
class AlertPolicyInput:
    """A policy that is to be set."""

    language: str = strawberry.field(description="`en` or `es`.")
    quiet_from_minute: int = strawberry.field(default=1_290, description="Minutes after local midnight, 0 to 1439.")
    quiet_to_minute: int = strawberry.field(default=480, description="0 to 1439; the same twice: never quiet.")
    email: str = strawberry.field(default="", description="Where the shipper itself is told; empty: by SMS.")
    muted: list[str] = strawberry.field(default_factory=list, description=f"{MESSAGE} At most {MOST_MUTED}.")
    templates: list[AlertTemplateInput] = strawberry.field(
        default_factory=list, description=f"Words of its own, at most {MOST_TEMPLATES}."
    )


@strawberry.type(description="A message, and why it was sent.")
class Notification:
    """A line of the log."""

    id: strawberry.ID = strawberry.field(description="ntf_….")
    delivery_id: strawberry.ID | None = strawberry.field(description="dlv_…; none where it is about pay.")
    external_id: str | None = strawberry.field(description="The shipper's own name of the delivery.")
    cause: Cause | None = strawberry.field(description="Why; none where it is about pay.")
    event_id: strawberry.ID | None = strawberry.field(description="evt_… that it followed; none for an expectation.")
    audience: str = strawberry.field(description="To whom: recipient, shipper, dispatcher or driver.")
    channel: Channel = strawberry.field(description="By which way.")
    text: str = strawberry.field(
        description="What was said; {link} stands for the tracking page, which development shows to operations."
    )
    state: NotificationState = strawberry.field(description="Whether it left.")
    created_at: DateTime = strawberry.field(description="When it was promised, market time.")
    not_before: DateTime | None = strawberry.field(description="Until when it waited for the end of quiet hours.")
    sent_at: DateTime | None = strawberry.field(description="When it left.")


SetAlertPolicyResult = Annotated[AlertPolicyType | Problem, strawberry.union("SetAlertPolicyResult")]


@strawberry.type
class Query:
    """What was said, and how people are told."""

    @query(description="How the calling shipper's people are told; what is usual where nothing was set. For shippers.")
    async def alert_policy(self, info: Info) -> AlertPolicyType:
        """Reads the policy."""
        shipper = require_shipper(info)
        assert shipper.shipper_id is not None
        async with info.context.marketplace.works.open() as work:
            return _policy(await alert_policy_of(work, shipper_id=shipper.shipper_id))

    @query(description="What was said about one of the calling shipper's deliveries, latest first. For shippers.")
    async def notifications(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        first: First = USUAL_PAGE,
        after: After = None,
    ) -> Connection[Notification]:
        """Reads a page."""
        shipper = require_shipper(info)
        assert shipper.shipper_id is not None
        delivery, limit = DeliveryId(from_wire("delivery", delivery_id, field="deliveryId")), rows_to_read(first)
        async with info.context.marketplace.works.open() as work:
            rows = await list_notifications_of(
                work,
                shipper_id=shipper.shipper_id,
                delivery_id=delivery,
                before=after_id("notification", after),
                at_most=limit,
            )
        return _page(rows, first)

    @query(description="What was said to whom in a market and why, latest first. For operations.")
    async def alert_log(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[Notification]:
        """Reads a page."""
        market, limit = MarketId(from_wire("market", market_id, field="marketId")), rows_to_read(first)
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            rows = await list_notifications(
                work, market_id=market, before=after_id("notification", after), at_most=limit
            )
            links = await _links(info, work, rows)
        return _page(rows, first, links)


@strawberry.type
class Mutation:
    """How people are told."""

    @mutation(
        description="Sets how people are told of the calling shipper's deliveries; what was promised already goes out"
        " as it was written. For shippers."
    )
    async def set_alert_policy(
        self,
        info: Info,
        policy: Annotated[AlertPolicyInput, strawberry.argument(description="All of it; nothing is kept from before.")],
        idempotency_key: IdempotencyKey,
    ) -> SetAlertPolicyResult:
        """Sets."""
        shipper = require_shipper(info)
        shipper_id = shipper.shipper_id
        assert shipper_id is not None

        async def run(work: Work) -> str:
            await set_alert_policy(
                work,
                shipper_id=shipper_id,
                language=policy.language,
                quiet_from_minute=policy.quiet_from_minute,
                quiet_to_minute=policy.quiet_to_minute,
                email=policy.email,
                muted=policy.muted,
                templates=_templates(policy.templates),
            )
            return ""

        async def answer(work: Work, _reference: str) -> AlertPolicyType:
            return _policy(await alert_policy_of(work, shipper_id=shipper_id))

        return await mutate(
            info,
            operation="setAlertPolicy",
            arguments={"policy": strawberry.asdict(policy)},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _templates(given: Sequence[AlertTemplateInput]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for one in given:
        found.setdefault(one.language, {})[one.message] = one.text
    return found


def _policy(policy: AlertPolicy) -> AlertPolicyType:
    return AlertPolicyType(
        language=policy.language,
        quiet_from_minute=policy.quiet_from_minute,
        quiet_to_minute=policy.quiet_to_minute,
        email=policy.email,
        muted=sorted(policy.muted),
        templates=[
            AlertTemplate(language=language, message=name, text=text)
            for language, own in sorted(policy.templates.items())
            for name, text in sorted(own.items())
        ],
    )


async def _links(info: Info, work: Work, rows: Sequence[Any]) -> Mapping[UUID, str]:
    """The tracking pages that texts lead to, in development only: whoever has a link may see the delivery."""
    settings = info.context.marketplace.settings
    if settings.is_production:
        return {}
    # What is erased has no address any more, and gets no link. Nothing is made anew by looking.
    told = {row["delivery_id"] for row in rows if row["delivery_id"] and row["address"] and LINK in row["text"]}
    tokens = await tell_tracking_tokens(work, delivery_ids=told, tokens=info.context.tokens)
    links = Links(tokens=info.context.tokens, public_url=settings.public_url)
    return {delivery_id: links.to(token) for delivery_id, token in tokens.items()}


def _page(rows: Sequence[Any], first: int, links: Mapping[UUID, str] | None = None) -> Connection[Notification]:
    found = [_notification(row, (links or {}).get(row["delivery_id"], LINK)) for row in rows]
    return cast("Connection[Notification]", page_of(found, first=first, key=lambda one: [str(one["id"])]))


def _notification(row: Any, link: str) -> dict[str, Any]:
    return dict(row) | {
        "text": row["text"].replace(LINK, link),
        "id": to_wire("notification", row["id"]),
        "delivery_id": row["delivery_id"] and to_wire("delivery", row["delivery_id"]),
        "event_id": row["event_id"] and to_wire("event", row["event_id"]),
        "cause": row["cause"] and Cause(row["cause"]),
        "channel": Channel(row["channel"]),
        "state": NotificationState(row["state"]),
    }
