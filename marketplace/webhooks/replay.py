"""Sends again what a webhook was or should have been told: one message, or all that were given up since a time.

A message keeps its id and its body, so that a receiver which has it already can tell. It may come after later ones of
its delivery; its `sequence` says where it belongs.
"""

from datetime import datetime

from marketplace.core.errors import NotFound
from marketplace.core.ids import MessageId, ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.queries import lock_webhook, queue_again
from marketplace.webhooks.refusals import BadWebhook, WebhookIsDisabled
from marketplace.webhooks.states import WebhookState

REPLAYED_AT_ONCE = 1_000

# An event that the receiver has already been given again waits once only.
AGAIN = """
UPDATE webhook_message SET state = 'READY', ended_at = NULL, next_at = NULL, attempts_before = attempts
WHERE webhook_id = $1 AND id IN (
    SELECT id FROM webhook_message WHERE webhook_id = $1 AND state <> 'READY'
      AND ($2::uuid IS NULL OR id = $2) AND ($3::timestamptz IS NULL OR state = 'FAILED' AND ended_at >= $3)
    ORDER BY position, id LIMIT $4)
RETURNING id, line_id
"""


async def replay_webhook(
    work: Work,
    *,
    shipper_id: ShipperId,
    webhook_id: WebhookId,
    message_id: MessageId | None = None,
    failed_since: datetime | None = None,
) -> int:
    """Puts messages back into the queue with all their tries, the earliest first; returns how many.

    Of those that were given up at most `REPLAYED_AT_ONCE` go at a time: ask again until there are none.
    """
    if (message_id is None) == (failed_since is None):
        raise BadWebhook("say which message, or since when", field="messageId")
    row = await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id)
    if row is None:
        raise NotFound("there is no such webhook", field="webhookId")
    if row["state"] != WebhookState.ENABLED.value:
        raise WebhookIsDisabled("enable the webhook first")
    if message_id is not None and not await _is_of(work, webhook_id, message_id):
        raise NotFound("there is no such message", field="messageId")

    replayed = await work.fetch(AGAIN, webhook_id, message_id, failed_since, REPLAYED_AT_ONCE)
    await queue_again(work, webhook_id, sorted({row["line_id"] for row in replayed}))
    return len(replayed)


async def _is_of(work: Work, webhook_id: WebhookId, message_id: MessageId) -> bool:
    found: bool = await work.fetch_value(
        "SELECT EXISTS (SELECT 1 FROM webhook_message WHERE id = $1 AND webhook_id = $2)", message_id, webhook_id
    )
    return found
