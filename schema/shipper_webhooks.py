"""Webhooks: where a shipper's own systems hear of its deliveries, how that goes, and hearing again what was missed."""

from typing import Annotated, Protocol, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, MessageId, ShipperId, WebhookId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.webhooks import (
    LONGEST_OVERLAP_S,
    REPLAYED_AT_ONCE,
    USUAL_OVERLAP_S,
    WEBHOOK_EVENTS,
    WEBHOOKS_EACH,
    DisabledReason,
    Failure,
    MessageState,
    NewSecret,
    SecretBox,
    WebhookState,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    find_webhook,
    list_webhooks,
    page_attempts,
    register_webhook,
    replay_webhook,
    rotate_webhook_secret,
    send_test_event,
    shown_secret,
    webhooks_in_trouble,
)
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, BadPage, Connection, First, after_key, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime

WebhookArgument = Annotated[strawberry.ID, strawberry.argument(description="whk_….")]
KINDS = ", ".join(sorted(WEBHOOK_EVENTS))


@strawberry.type(description="An address that is told what happens to a shipper's deliveries in a market.")
class Webhook:
    """A webhook."""

    id: strawberry.ID = strawberry.field(description="whk_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    url: str = strawberry.field(description="Where messages are posted.")
    description: str = strawberry.field(description="The owner's own words, at most 200 characters.")
    events: list[str] = strawberry.field(description="What it hears of.")
    state: WebhookState = strawberry.field(description="Only an ENABLED one hears anything.")
    disabled_reason: DisabledReason | None = strawberry.field(description="Why it is disabled.")
    failing_since: DateTime | None = strawberry.field(
        description="Nothing was taken since then, machine time; after five days of that it is disabled."
    )
    failures: int = strawberry.field(description="Attempts since then.")
    previous_secret_until: DateTime | None = strawberry.field(
        description="Until when messages are signed with the secret before this one too, machine time."
    )
    waiting_count: int = strawberry.field(description="Messages that wait, 1001 for more than a thousand.")
    failed_count: int = strawberry.field(
        description="Messages that were given up and can be replayed for 30 days, 1001 for more than a thousand."
    )
    created_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="One try to hand a message over. Kept for 30 days after the message ended.")
class WebhookAttempt:
    """A line of the log."""

    message_id: strawberry.ID = strawberry.field(description="msg_…, the webhook-id that the receiver was sent.")
    message_state: MessageState = strawberry.field(description="What has become of the message.")
    event: str = strawberry.field(description="What the message tells, or TestEvent.")
    delivery_id: strawberry.ID | None = strawberry.field(description="dlv_….")
    number: int = strawberry.field(description="Counts the attempts of the message from 1.")
    happened_at: DateTime = strawberry.field(description="Machine time.")
    status: int | None = strawberry.field(description="Of the answer, where there was one.")
    failure: Failure | None = strawberry.field(description="Why it does not count as taken.")
    latency_ms: int = strawberry.field(description="Until the answer was read or given up, milliseconds.")
    answer: str = strawberry.field(description="The first 500 characters that came back.")
    next_try_at: DateTime | None = strawberry.field(description="When the message is tried again, machine time.")


@strawberry.type(description="A webhook and the secret that was just made for it.")
class WebhookSecret:
    """A secret."""

    webhook: Webhook = strawberry.field(description="The webhook.")
    secret: str | None = strawberry.field(
        description="whsec_…, to check signatures with (Standard Webhooks). Shown by the call that makes it, and by its"
        " repetition with the same idempotency key while no other has been made; never again."
    )


@strawberry.type(description="A webhook was changed.")
class WebhookChanged:
    """A change."""

    webhook: Webhook = strawberry.field(description="The webhook as it is now.")


@strawberry.type(description="A webhook is gone.")
class WebhookDeleted:
    """The end of a webhook."""

    webhook_id: strawberry.ID = strawberry.field(description="whk_….")


@strawberry.type(description="Messages wait to be sent again.")
class WebhookReplayed:
    """A replay."""

    message_count: int = strawberry.field(
        description=f"How many; of those that were given up at most {REPLAYED_AT_ONCE} at a time."
    )


@strawberry.type(description="A test message waits to be sent.")
class TestEventSent:
    """A test."""

    message_id: strawberry.ID = strawberry.field(description="msg_…; webhookAttempts tells how it went.")


WebhookSecretResult = Annotated[WebhookSecret | Problem, strawberry.union("WebhookSecretResult")]
WebhookChangedResult = Annotated[WebhookChanged | Problem, strawberry.union("WebhookChangedResult")]
WebhookDeletedResult = Annotated[WebhookDeleted | Problem, strawberry.union("WebhookDeletedResult")]
WebhookReplayedResult = Annotated[WebhookReplayed | Problem, strawberry.union("WebhookReplayedResult")]
TestEventSentResult = Annotated[TestEventSent | Problem, strawberry.union("TestEventSentResult")]


@strawberry.type
class Query:
    """Webhooks and their logs."""

    @query(description="Your webhooks in all markets, oldest first; at most 200.", usual_rows=4)
    async def webhooks(self, info: Info) -> list[Webhook]:
        """Reads webhooks."""
        shipper = require_shipper(info)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[Webhook]", await list_webhooks(connection, shipper_id=shipper.id))

    @query(description="How sending to one of your webhooks went, latest attempt first.")
    async def webhook_attempts(
        self, info: Info, webhook_id: WebhookArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[WebhookAttempt]:
        """Reads a page of the log."""
        shipper, webhook = require_shipper(info), from_wire("webhook", webhook_id, field="webhookId")
        key = after_key(after)
        try:
            before = UUID(key[0]) if key else None
        except ValueError:
            raise BadPage("this cursor did not come from this list", field="after") from None
        async with info.context.marketplace.works.read() as connection:
            rows = await page_attempts(
                connection, shipper_id=shipper.id, webhook_id=webhook, before=before, limit=rows_to_read(first)
            )
        page = page_of(rows, first=first, key=lambda row: [row["place"]])
        return cast("Connection[WebhookAttempt]", page)

    @query(
        description="Webhooks of a market that take nothing now, or were disabled for it; at most 200, those first that"
        " have failed longest. For operations.",
        usual_rows=4,
    )
    async def webhook_attention(self, info: Info, market_id: MarketArgument) -> list[Webhook]:
        """Reads what is stuck."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[Webhook]", await webhooks_in_trouble(connection, market_id=market))


@strawberry.type
class Mutation:
    """Setting webhooks up, testing them, and having them told again."""

    @mutation(
        description=f"Has an address told what happens to your deliveries in a market from now on; at most"
        f" {WEBHOOKS_EACH} of them. Messages come by POST at least once, signed as Standard Webhooks says, those of one"
        " delivery in the order of their `sequence`. Answer with 2xx within 5 seconds and 64 KiB; anything else, a"
        " redirect too, is tried again for more than a day. 410 ends the webhook."
    )
    async def register_webhook(
        self,
        info: Info,
        market_id: MarketArgument,
        url: Annotated[
            str,
            strawberry.argument(
                description="https:// and a host of the open network; at most 500 characters, no password, no fragment."
            ),
        ],
        events: Annotated[list[str], strawberry.argument(description=f"What it is to hear of: {KINDS}.")],
        idempotency_key: IdempotencyKey,
        description: Annotated[str, strawberry.argument(description="Your own words, at most 200 characters.")] = "",
    ) -> WebhookSecretResult:
        """Registers a webhook; where it goes is looked at before anything is opened."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        shipper, sender = require_shipper(info), info.context.marketplace.webhooks
        await sender.courier.check(url)

        async def run(work: Work) -> str:
            made = await register_webhook(
                work,
                box=sender.box,
                shipper_id=shipper.shipper_id,
                market_id=market,
                url=url,
                events=events,
                description=description,
            )
            return _reference(made)

        return await mutate(
            info,
            operation="registerWebhook",
            arguments={"market": market, "url": url, "events": sorted(set(events)), "description": description},
            idempotency_key=idempotency_key,
            run=run,
            answer=lambda work, reference: _with_secret(work, sender.box, shipper.shipper_id, reference),
        )

    @mutation(description="Makes a new secret; for a while messages carry signatures by the old one too.")
    async def rotate_webhook_secret(
        self,
        info: Info,
        webhook_id: WebhookArgument,
        idempotency_key: IdempotencyKey,
        overlap_s: Annotated[
            int,
            strawberry.argument(description=f"How long the old secret stays good, 0 to {LONGEST_OVERLAP_S} seconds."),
        ] = USUAL_OVERLAP_S,
    ) -> WebhookSecretResult:
        """Rotates a secret."""
        webhook = WebhookId(from_wire("webhook", webhook_id, field="webhookId"))
        shipper, box = require_shipper(info), info.context.marketplace.webhooks.box

        async def run(work: Work) -> str:
            made = await rotate_webhook_secret(
                work, box=box, shipper_id=shipper.shipper_id, webhook_id=webhook, overlap_s=overlap_s
            )
            return _reference(made)

        return await mutate(
            info,
            operation="rotateWebhookSecret",
            arguments={"webhook": webhook, "overlap": overlap_s},
            idempotency_key=idempotency_key,
            run=run,
            answer=lambda work, reference: _with_secret(work, box, shipper.shipper_id, reference),
        )

    @mutation(description="Has a webhook hear again, from now on; replayWebhook sends what was given up meanwhile.")
    async def enable_webhook(
        self, info: Info, webhook_id: WebhookArgument, idempotency_key: IdempotencyKey
    ) -> WebhookChangedResult:
        """Enables a webhook."""
        return await _change(info, "enableWebhook", webhook_id, idempotency_key, enable_webhook)

    @mutation(description="Ends the sending to a webhook; what waits is given up and can be replayed later.")
    async def disable_webhook(
        self, info: Info, webhook_id: WebhookArgument, idempotency_key: IdempotencyKey
    ) -> WebhookChangedResult:
        """Disables a webhook."""
        return await _change(info, "disableWebhook", webhook_id, idempotency_key, disable_webhook)

    @mutation(description="Removes a webhook, with its secrets, for good.")
    async def delete_webhook(
        self, info: Info, webhook_id: WebhookArgument, idempotency_key: IdempotencyKey
    ) -> WebhookDeletedResult:
        """Deletes a webhook."""
        shipper, webhook = require_shipper(info), WebhookId(from_wire("webhook", webhook_id, field="webhookId"))

        async def run(work: Work) -> str:
            await delete_webhook(work, shipper_id=shipper.shipper_id, webhook_id=webhook)
            return webhook.hex

        async def answer(_work: Work, reference: str) -> WebhookDeleted:
            return WebhookDeleted(webhook_id=strawberry.ID(to_wire("webhook", UUID(reference))))

        return await mutate(
            info,
            operation="deleteWebhook",
            arguments={"webhook": webhook},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Sends messages again, with the same webhook-id as before: one, or all that were given up since a"
        " time. They may come after later ones of their delivery."
    )
    async def replay_webhook(
        self,
        info: Info,
        webhook_id: WebhookArgument,
        idempotency_key: IdempotencyKey,
        message_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="msg_…: this one, whatever became of it.")
        ] = None,
        failed_since: Annotated[
            DateTime | None, strawberry.argument(description="All that were given up since then, machine time.")
        ] = None,
    ) -> WebhookReplayedResult:
        """Replays messages."""
        shipper, webhook = require_shipper(info), WebhookId(from_wire("webhook", webhook_id, field="webhookId"))
        message = MessageId(from_wire("message", message_id, field="messageId")) if message_id else None

        async def run(work: Work) -> str:
            count = await replay_webhook(
                work,
                shipper_id=shipper.shipper_id,
                webhook_id=webhook,
                message_id=message,
                failed_since=failed_since,
            )
            return str(count)

        async def answer(_work: Work, reference: str) -> WebhookReplayed:
            return WebhookReplayed(message_count=int(reference))

        return await mutate(
            info,
            operation="replayWebhook",
            arguments={"webhook": webhook, "message": message, "since": str(failed_since)},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Has a webhook told a TestEvent that is about no delivery.")
    async def send_test_event(
        self, info: Info, webhook_id: WebhookArgument, idempotency_key: IdempotencyKey
    ) -> TestEventSentResult:
        """Sends a test."""
        shipper, webhook = require_shipper(info), WebhookId(from_wire("webhook", webhook_id, field="webhookId"))

        async def run(work: Work) -> str:
            return (await send_test_event(work, shipper_id=shipper.shipper_id, webhook_id=webhook)).hex

        async def answer(_work: Work, reference: str) -> TestEventSent:
            return TestEventSent(message_id=strawberry.ID(to_wire("message", UUID(reference))))

        return await mutate(
            info,
            operation="sendTestEvent",
            arguments={"webhook": webhook},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


class _Verb(Protocol):
    async def __call__(self, work: Work, *, shipper_id: ShipperId, webhook_id: WebhookId) -> None: ...


async def _change(
    info: Info, operation: str, webhook_id: strawberry.ID, idempotency_key: str, verb: _Verb
) -> WebhookChanged | Problem:
    """Runs a verb that needs to know no more than whose and which webhook."""
    shipper, webhook = require_shipper(info), WebhookId(from_wire("webhook", webhook_id, field="webhookId"))

    async def run(work: Work) -> str:
        await verb(work, shipper_id=shipper.shipper_id, webhook_id=webhook)
        return webhook.hex

    async def answer(work: Work, reference: str) -> WebhookChanged:
        return WebhookChanged(webhook=await _found(work, shipper.id, UUID(reference)))

    return await mutate(
        info,
        operation=operation,
        arguments={"webhook": webhook},
        idempotency_key=idempotency_key,
        run=run,
        answer=answer,
    )


def _reference(made: NewSecret) -> str:
    """What is kept of an answer with a secret: which webhook and which of its secrets, never the secret."""
    return f"{made.webhook_id.hex}:{made.version}"


async def _with_secret(work: Work, box: SecretBox, shipper_id: ShipperId, reference: str) -> WebhookSecret:
    webhook, _, version = reference.partition(":")
    webhook_id = WebhookId(UUID(webhook))
    secret = await shown_secret(work, box=box, shipper_id=shipper_id, webhook_id=webhook_id, version=int(version))
    return WebhookSecret(webhook=await _found(work, shipper_id, webhook_id), secret=secret)


async def _found(work: Work, shipper_id: UUID, webhook_id: UUID) -> Webhook:
    found = await find_webhook(work.connection, webhook_id=webhook_id, shipper_id=shipper_id)
    if found is None:
        raise NotFound("there is no such webhook", field="webhookId")
    return cast("Webhook", found)
