"""Removes a webhook: its secrets are gone at once, its log is forgotten with its age."""

from marketplace.core.errors import NotFound
from marketplace.core.ids import ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.queries import LAY_ASIDE, lock_webhook


async def delete_webhook(work: Work, *, shipper_id: ShipperId, webhook_id: WebhookId) -> None:
    """Ends a webhook for good; to everybody it looks as if it had never been."""
    if await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id) is None:
        raise NotFound("there is no such webhook", field="webhookId")
    await work.execute(
        "UPDATE webhook SET state = 'DELETED', secret = '', previous_secret = NULL, next_at = NULL, changed_at = $2"
        " WHERE id = $1",
        webhook_id,
        work.now,
    )
    await work.execute(LAY_ASIDE, webhook_id, work.machine_now)
