"""A shipper hears that a webhook gets nothing any more, once; operations do where it left no way to be told."""

from uuid import UUID

import pytest

from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import NotToldYet, set_alert_policy
from marketplace.batches.models import Delivery
from marketplace.core.errors import Unavailable
from marketplace.core.ids import ShipperId
from marketplace.core.notifier import Channel
from marketplace.core.work import Works
from marketplace.webhooks.events import WebhookDisabled
from tests.marketplace.alerts.test_notify import ShutNotifier, a_delivery, notify, states

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
