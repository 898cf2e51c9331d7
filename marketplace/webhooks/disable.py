"""Ends the sending to a webhook, for its owner or for a receiver that has failed for too long."""

from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.ids import ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.events import WebhookDisabled
from marketplace.webhooks.queries import LAY_ASIDE, lock_webhook
from marketplace.webhooks.states import DisabledReason, WebhookState


async def disable_webhook(work: Work, *, shipper_id: ShipperId, webhook_id: WebhookId) -> None:
    """Ends the sending by the owner's wish; what waits is given up until it is replayed."""
    row = await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id)
    if row is None:
        raise NotFound("there is no such webhook", field="webhookId")
    if row["state"] == WebhookState.ENABLED.value:
        await stop_sending(
            work,
            market_id=row["market_id"],
            shipper_id=shipper_id,
            webhook_id=webhook_id,
            reason=DisabledReason.SHIPPER,
        )


async def stop_sending(
    work: Work, *, market_id: UUID, shipper_id: UUID, webhook_id: UUID, reason: DisabledReason
) -> None:
    """Disables a webhook whose lock this Work has, and says so."""
    await work.execute(
        "UPDATE webhook SET state = $2, disabled_reason = $3, next_at = NULL, changed_at = $4 WHERE id = $1",
        webhook_id,
        WebhookState.DISABLED.value,
        reason.value,
        work.now,
    )
    await work.execute(LAY_ASIDE, webhook_id, work.machine_now)
    work.emit(WebhookDisabled(market_id=market_id, shipper_id=shipper_id, webhook_id=webhook_id, reason=reason.value))
