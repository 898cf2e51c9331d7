"""Has a webhook told again what happens, from now on."""

from marketplace.core.errors import NotFound
from marketplace.core.ids import ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.queries import lock_webhook, stream_position
from marketplace.webhooks.states import WebhookState

ENABLE = """
UPDATE webhook SET state = 'ENABLED', disabled_reason = NULL, position = $2, failures = 0, failing_since = NULL,
    paused_until = NULL, is_slow = false, changed_at = $3
WHERE id = $1
"""


async def enable_webhook(work: Work, *, shipper_id: ShipperId, webhook_id: WebhookId) -> None:
    """Begins at the present end of the stream; what was given up is sent again by `replay_webhook`."""
    row = await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id)
    if row is None:
        raise NotFound("there is no such webhook", field="webhookId")
    if row["state"] != WebhookState.ENABLED.value:
        head = await stream_position(work, row["market_id"])
        await work.execute(ENABLE, webhook_id, head, work.now)
