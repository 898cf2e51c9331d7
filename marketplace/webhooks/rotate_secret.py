"""Gives a webhook a new secret; for a while messages are signed with the old one too, so that none is refused."""

from datetime import timedelta

from marketplace.core.errors import NotFound
from marketplace.core.ids import ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.queries import lock_webhook
from marketplace.webhooks.refusals import BadWebhook
from marketplace.webhooks.register import NewSecret
from marketplace.webhooks.secrets import SecretBox, new_secret

USUAL_OVERLAP_S = 86_400
LONGEST_OVERLAP_S = 7 * 86_400


async def rotate_webhook_secret(
    work: Work, *, box: SecretBox, shipper_id: ShipperId, webhook_id: WebhookId, overlap_s: int = USUAL_OVERLAP_S
) -> NewSecret:
    """Makes a new secret; the one before it stays good for the overlap, any earlier one ends now."""
    if not 0 <= overlap_s <= LONGEST_OVERLAP_S:
        raise BadWebhook(f"the overlap is 0 to {LONGEST_OVERLAP_S} seconds", field="overlapS")
    row = await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id)
    if row is None:
        raise NotFound("there is no such webhook", field="webhookId")

    made = NewSecret(webhook_id=webhook_id, version=row["secret_version"] + 1, secret=new_secret())
    await work.execute(
        "UPDATE webhook SET previous_secret = CASE WHEN $3 > 0 THEN secret END, previous_until = $4, secret = $2,"
        " secret_version = $5, changed_at = $6 WHERE id = $1",
        webhook_id,
        box.seal(made.secret, webhook_id),
        overlap_s,
        work.machine_now + timedelta(seconds=overlap_s),
        made.version,
        work.now,
    )
    return made


async def shown_secret(
    work: Work, *, box: SecretBox, shipper_id: ShipperId, webhook_id: WebhookId, version: int
) -> str | None:
    """The secret that a call made, for the repetition of that very call; None once it is not the latest any more."""
    row = await lock_webhook(work, webhook_id=webhook_id, shipper_id=shipper_id)
    if row is None or row["secret_version"] != version:
        return None
    return box.open(row["secret"], webhook_id)
