"""Has a webhook told something that did not happen, so that its owner sees whether the receiver works."""

from marketplace.core.errors import NotFound
from marketplace.core.ids import MessageId, ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.kinds import TEST_EVENT, body_of
from marketplace.webhooks.models import WebhookMessage
from marketplace.webhooks.queries import lock_webhook, queue_again
from marketplace.webhooks.refusals import WebhookIsDisabled
from marketplace.webhooks.states import MessageState, WebhookState


async def send_test_event(work: Work, *, shipper_id: ShipperId, webhook_id: WebhookId) -> MessageId:
    """Queues a message that is about no delivery."""
    row = await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id)
    if row is None:
        raise NotFound("there is no such webhook", field="webhookId")
    if row["state"] != WebhookState.ENABLED.value:
        raise WebhookIsDisabled("enable the webhook first")

    message_id = MessageId(work.new_id())
    await WebhookMessage.create(
        using_db=work.db,
        id=message_id,
        market_id=row["market_id"],
        webhook_id=webhook_id,
        line_id=message_id,
        position=0,
        kind=TEST_EVENT,
        body=body_of(TEST_EVENT, event_id=message_id, occurred_at=work.now, payload={}, market_id=row["market_id"]),
        state=MessageState.READY.value,
        created_at=work.machine_now,
    )
    await queue_again(work, webhook_id, [message_id])
    return message_id
