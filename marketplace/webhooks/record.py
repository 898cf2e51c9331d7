"""Writes down how attempts went, and decides what follows: done, again later, given up, or the webhook disabled."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from marketplace.core.work import Work
from marketplace.webhooks.claim import ClaimedWebhook, DueMessage
from marketplace.webhooks.courier import KEPT_OF_ANSWER, Answer
from marketplace.webhooks.disable import stop_sending
from marketplace.webhooks.queries import queue_again
from marketplace.webhooks.retries import GONE, break_s, is_given_up, is_slow, pause_before_try_s
from marketplace.webhooks.states import DisabledReason, MessageState

ATTEMPT_COLUMNS = (
    "id", "market_id", "webhook_id", "message_id", "number", "status", "failure", "latency_ms", "answer", "happened_at",
)  # fmt: skip
LOCK = "SELECT failures, failing_since FROM webhook WHERE id = $1 AND fence = $2 AND state = 'ENABLED' FOR UPDATE"
END = """
UPDATE webhook_message SET state = $2, attempts = attempts + 1, next_at = $3, ended_at = $4
WHERE id = $1 AND state = 'READY'
"""
NOTE_HEALTH = """
UPDATE webhook SET failures = $2, failing_since = $3, paused_until = $4, is_slow = $5 WHERE id = $1
"""

Attempt = tuple[DueMessage, Answer]


async def record_attempts(work: Work, claimed: ClaimedWebhook, attempts: Sequence[Attempt]) -> bool:
    """Keeps the log and the state of messages and webhook; False where the webhook is no longer ours or is disabled.

    Nothing is written for a webhook that another sender has taken over: the receiver may then get a message twice,
    with the same id.
    """
    webhook = await work.fetch_row(LOCK, claimed.id, claimed.fence)
    if webhook is None:
        return False
    await work.insert_many("webhook_attempt", ATTEMPT_COLUMNS, [_row(work, claimed, *each) for each in attempts])
    for message, answer in attempts:
        await _settle(work, message, answer)
    goes_on = await _note_health(work, claimed, webhook, [answer for _, answer in attempts])
    if goes_on:
        await queue_again(work, claimed.id, [message.line_id for message, _ in attempts])
    return goes_on


async def _settle(work: Work, message: DueMessage, answer: Answer) -> None:
    pause_s = None if answer.failure is None else pause_before_try_s(message.tries + 1, answer, work.random)
    if answer.failure is None:
        state = MessageState.DELIVERED
    else:
        state = MessageState.FAILED if pause_s is None else MessageState.READY
    next_at = None if pause_s is None else work.machine_now + timedelta(seconds=pause_s)
    ended_at = work.machine_now if next_at is None else None
    await work.execute(END, message.id, state.value, next_at, ended_at)


async def _note_health(work: Work, claimed: ClaimedWebhook, webhook: asyncpg.Record, answers: Sequence[Answer]) -> bool:
    """Counts failures in a row; one message that is taken ends the row. False when the webhook was disabled."""
    has_taken = any(answer.failure is None for answer in answers)
    failures = 0 if has_taken else webhook["failures"] + len(answers)
    failing_since = None if has_taken else webhook["failing_since"] or work.machine_now
    reason = None
    if any(answer.status == GONE for answer in answers):
        reason = DisabledReason.GONE
    elif failing_since is not None and is_given_up(failures, work.machine_now - failing_since):
        reason = DisabledReason.FAILING
    pause_s = break_s(failures, answers)
    paused_until = work.machine_now + timedelta(seconds=pause_s) if pause_s else None
    await work.execute(NOTE_HEALTH, claimed.id, failures, failing_since, paused_until, is_slow(failures, answers))
    if reason is not None:
        await stop_sending(
            work,
            market_id=claimed.market_id,
            shipper_id=claimed.shipper_id,
            webhook_id=claimed.id,
            reason=reason,
        )
    return reason is None


def _row(work: Work, claimed: ClaimedWebhook, message: DueMessage, answer: Answer) -> tuple[Any, ...]:
    return (
        work.new_id(),
        claimed.market_id,
        claimed.id,
        message.id,
        message.attempts + 1,
        answer.status,
        answer.failure.value if answer.failure else None,
        answer.latency_ms,
        answer.text[:KEPT_OF_ANSWER],
        work.machine_now,
    )
