"""A shipper hears what happened to its webhook or recurring batch, once; operations do where it left no way."""

from dataclasses import fields
from typing import Any
from uuid import UUID

import pytest

from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import NotToldYet, set_alert_policy
from marketplace.batches.models import Delivery
from marketplace.core.errors import Unavailable
from marketplace.core.events import Event
from marketplace.core.ids import ShipperId
from marketplace.core.notifier import Channel
from marketplace.core.work import Works
from marketplace.recurring_batches.events import OccurrencePosted, OccurrenceRefused, RecurringBatchChanged
from marketplace.webhooks.events import WebhookDisabled
from tests.marketplace.alerts.test_notify import ShutNotifier, a_delivery, notify, states
from tests.marketplace.recurring_batches.world import make_dairy

WEBHOOK = UUID(int=5)
NAME = f"whk_{WEBHOOK.hex}"


async def ended(works: Works, delivery: Delivery, reason: str) -> UUID:
    """A webhook of the delivery's shipper ends."""
    async with works.open() as work:
        work.emit(
            WebhookDisabled(
                market_id=delivery.market_id, shipper_id=delivery.shipper_id, webhook_id=WEBHOOK, reason=reason
            )
        )
    async with works.open() as work:
        event_id: UUID = await work.fetch_value("SELECT id FROM event ORDER BY ordinal DESC LIMIT 1")
    return event_id


async def leave_email(works: Works, delivery: Delivery, language: str = "en", *muted: str) -> None:
    async with works.open() as work:
        await set_alert_policy(
            work,
            shipper_id=ShipperId(delivery.shipper_id),
            language=language,
            quiet_from_minute=0,
            quiet_to_minute=1_439,
            email="turno@example.com",
            muted=muted,
        )


@pytest.mark.parametrize(
    ("language", "reason", "text"),
    [
        (
            "en",
            "FAILING",
            (
                f"Webhook {NAME} gets nothing any more (nothing came through for days). Mend its receiver, then"
                " enable it and replay what it missed."
            ),
        ),
        (
            "es",
            "GONE",
            (
                f"El webhook {NAME} ya no recibe nada (su receptor dice que ya no existe). Arregle su receptor,"
                " actívelo y repita lo que perdió."
            ),
        ),
    ],
)
async def test_the_shipper_is_told_by_email_at_once_and_once(
    works: Works, language: str, reason: str, text: str
) -> None:
    delivery = await a_delivery(works)
    await leave_email(works, delivery, language)
    event_id = await ended(works, delivery, reason)
    inbox = InboxNotifier()

    told = [await notify(works, notifier=inbox, event_id=event_id) for _ in range(2)]

    assert told == [1, 0]
    assert [(m.audience, m.channel, m.address, m.text) for m in inbox.messages] == [
        ("shipper", Channel.EMAIL, "turno@example.com", text)
    ]
    assert await states(works) == [("shipper", "SENT")]


async def test_operations_are_told_where_the_shipper_left_no_email(works: Works) -> None:
    delivery = await a_delivery(works)
    inbox = InboxNotifier()

    await notify(works, notifier=inbox, event_id=await ended(works, delivery, "FAILING"))

    assert [(m.channel, m.text) for m in inbox.messages] == [
        (
            Channel.OPERATORS,
            (
                f"Webhook {NAME} of Farmacia Norte gets nothing any more (nothing came through for days), and the"
                " shipper left no e-mail to be told."
            ),
        )
    ]


async def test_who_disabled_it_or_muted_this_is_not_told(works: Works) -> None:
    delivery = await a_delivery(works)
    inbox = InboxNotifier()

    assert await notify(works, notifier=inbox, event_id=await ended(works, delivery, "SHIPPER")) == 0
    await leave_email(works, delivery, "en", "WEBHOOK_DISABLED:shipper")
    assert await notify(works, notifier=inbox, event_id=await ended(works, delivery, "GONE")) == 0

    assert await states(works) == []


async def test_a_notice_that_did_not_leave_is_sent_later(works: Works) -> None:
    delivery = await a_delivery(works)
    await leave_email(works, delivery)
    event_id = await ended(works, delivery, "GONE")

    with pytest.raises(NotToldYet):
        await notify(works, notifier=ShutNotifier(Unavailable("shut")), event_id=event_id)
    assert await notify(works, notifier=InboxNotifier(), event_id=event_id) == 1


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            OccurrenceRefused,
            (
                "Milk: not everything was posted for 2026-03-03 (credit exhausted). The next day is tried all the same;"
                " see recurringBatch."
            ),
        ),
        (
            OccurrencePosted,
            (
                "Milk: not everything was posted for 2026-03-03 (some of its rows were not taken). The next day is"
                " tried all the same; see recurringBatch."
            ),
        ),
        (
            RecurringBatchChanged,
            "Milk is paused: three days in a row nothing could be posted. Mend it, then resume it.",
        ),
    ],
)
async def test_the_shipper_is_told_of_a_day_that_was_not_posted_as_it_thinks(
    works: Works, event: type[Event], text: str
) -> None:
    dairy = await make_dairy(works)
    milk = await dairy.keep()
    values: dict[str, Any] = {
        "day": "2026-03-03", "batch_id": WEBHOOK, "posted_count": 1, "refused_count": 1, "state": "PAUSED",
        "version": 1, "reason": "REFUSALS" if event is RecurringBatchChanged else "CREDIT_EXHAUSTED",
        "market_id": dairy.market.id, "shipper_id": dairy.shipper.id, "recurring_batch_id": milk,
    }  # fmt: skip
    async with works.open() as work:
        await set_alert_policy(
            work, shipper_id=ShipperId(dairy.shipper.id), language="en", quiet_from_minute=0, quiet_to_minute=1_439,
            email="turno@example.com",
        )  # fmt: skip
        work.emit(event(**{one.name: values[one.name] for one in fields(event)}))
    async with works.open() as work:
        event_id: UUID = await work.fetch_value("SELECT id FROM event ORDER BY ordinal DESC LIMIT 1")
    inbox = InboxNotifier()

    told = [await notify(works, notifier=inbox, event_id=event_id) for _ in range(2)]

    assert told == [1, 0]
    assert [(m.address, m.text) for m in inbox.messages] == [("turno@example.com", text)]
