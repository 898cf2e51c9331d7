"""Claims webhooks whose queue is due for one sender, and reads what it may send now.

The lease keeps two senders from one webhook; the fence shuts out the one whose lease ran out.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.ids import to_wire
from marketplace.core.work import Work
from marketplace.webhooks.courier import Letter
from marketplace.webhooks.queries import RESCHEDULE
from marketplace.webhooks.secrets import SecretBox, UnreadableSecret, sign

LEASE_S = 20.0
"""Longer than a few messages take together, time-outs included; renewed with each of them."""
SENT_WITHIN_S = 8.0
"""A sender that was held up for longer than this after its claim does not send any more."""
SENT_TOGETHER = 4
"""Messages of different deliveries that one receiver gets at the same time."""

CLAIM = """
UPDATE webhook SET lease_until = $1, fence = fence + 1 WHERE id IN (
    SELECT id FROM webhook
    WHERE state = 'ENABLED' AND next_at <= $2 AND (lease_until IS NULL OR lease_until < $2) AND is_slow = $3
    ORDER BY next_at LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING id, market_id, shipper_id, fence
"""
HOLD = """
UPDATE webhook SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'ENABLED'
RETURNING url, secret, previous_secret, previous_until, paused_until
"""
DUE = """
SELECT id, line_id, body, attempts, attempts_before FROM webhook_message
WHERE webhook_id = $1 AND state = 'READY' AND next_at <= $2 ORDER BY next_at, position LIMIT $3
"""
RELEASE = "UPDATE webhook SET lease_until = NULL WHERE id = $1 AND fence = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedWebhook:
    """A webhook that is ours to send to until its lease ends."""

    id: UUID
    market_id: UUID
    shipper_id: UUID
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMessage:
    """A message to send now; no letter where its secret cannot be opened any more."""

    id: UUID
    line_id: UUID
    attempts: int
    tries: int
    letter: Letter | None


async def claim_webhooks(work: Work, *, limit: int, is_slow: bool) -> list[ClaimedWebhook]:
    """Takes webhooks of the quick or of the slow part that have something to send, longest due first."""
    lease_until = work.machine_now + timedelta(seconds=LEASE_S)
    rows = await work.fetch_sorted(CLAIM, lease_until, work.machine_now, is_slow, limit)
    return [ClaimedWebhook(**dict(row)) for row in rows]


async def messages_to_send(work: Work, claimed: ClaimedWebhook, *, box: SecretBox) -> list[DueMessage]:
    """What may be sent now, with the lease renewed; none, and the webhook released, when there is nothing."""
    lease_until = work.machine_now + timedelta(seconds=LEASE_S)
    webhook = await work.fetch_row(HOLD, claimed.id, claimed.fence, lease_until)
    if webhook is None:
        return []
    is_paused = webhook["paused_until"] is not None and webhook["paused_until"] > work.machine_now
    rows = [] if is_paused else await work.fetch(DUE, claimed.id, work.machine_now, SENT_TOGETHER)
    if not rows:
        await work.execute(RESCHEDULE, claimed.id)
        await work.execute(RELEASE, claimed.id, claimed.fence)
        return []
    sealed = [webhook["secret"]]
    if webhook["previous_secret"] is not None and webhook["previous_until"] > work.machine_now:
        sealed.append(webhook["previous_secret"])
    try:
        secrets = [box.open(one, claimed.id) for one in sealed]
    except UnreadableSecret:
        secrets = []
    return [
        DueMessage(
            id=row["id"],
            line_id=row["line_id"],
            attempts=row["attempts"],
            tries=row["attempts"] - row["attempts_before"],
            letter=_letter(work, webhook["url"], row["id"], row["body"], secrets) if secrets else None,
        )
        for row in rows
    ]


async def release_webhook(work: Work, claimed: ClaimedWebhook) -> None:
    """Gives a webhook back that still has something to send."""
    await work.execute(RELEASE, claimed.id, claimed.fence)


def _letter(work: Work, url: str, message_id: UUID, text: str, secrets: list[str]) -> Letter:
    body = text.encode()
    signed = sign(body, message_id=to_wire("message", message_id), sent_at=work.machine_now, with_secrets=secrets)
    return Letter(url=url, headers=signed, body=body)
