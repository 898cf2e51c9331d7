"""Queues what webhooks are to be told: each reads its market's stream from where it was, and misses nothing.

No job is made for an event: a shipper without webhooks costs nothing, and one with them is found by its own cursor,
whatever the queue of jobs has forgotten.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.work import Work
from marketplace.webhooks.kinds import body_of
from marketplace.webhooks.queries import queue_again
from marketplace.webhooks.states import MessageState

READ_AT_ONCE = 20
"""Webhooks that one Work queues for at most."""
EVENTS_AT_ONCE = 500
"""Events that one Work queues for one webhook at most."""
MOVE_EVERY = 1_000
"""A webhook that nothing concerns writes down how far it has read once in so many events."""

# Those that something concerns, or that have read far enough to write it down. Whoever holds a row queues for it.
BEHIND = """
SELECT w.id, w.market_id, w.shipper_id, w.position, w.events, h.position AS head
FROM webhook w JOIN stream_head h ON h.market_id = w.market_id AND h.position > w.position
WHERE w.state = 'ENABLED' AND (h.position - w.position >= $1 OR EXISTS (
    SELECT 1 FROM event e WHERE e.shipper_id = w.shipper_id AND e.position > w.position AND e.market_id = w.market_id
      AND e.name = ANY(w.events)))
ORDER BY w.id LIMIT $2 FOR UPDATE OF w SKIP LOCKED
"""
EVENTS = """
SELECT e.id, e.name, e.position, e.occurred_at, e.payload, e.delivery_id, d.external_id,
       coalesce(e.delivery_id, (e.payload ->> 'recurring_batch_id')::uuid) AS line_id
FROM event e LEFT JOIN delivery d ON d.id = e.delivery_id
WHERE e.shipper_id = $1 AND e.market_id = $2 AND e.position > $3 AND e.position <= $4 AND e.name = ANY($5)
ORDER BY e.position LIMIT $6
"""
COLUMNS = (
    "id", "market_id", "webhook_id", "event_id", "line_id", "position", "kind", "delivery_id", "body", "state",
    "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """How many messages were queued, and whether there may be more to queue."""

    messages: int
    is_more: bool


async def queue_messages(work: Work) -> Queued:
    """Queues for the webhooks that are behind, a bounded number of them and of events."""
    webhooks = await work.fetch(BEHIND, MOVE_EVERY, READ_AT_ONCE)
    messages, is_more = 0, len(webhooks) == READ_AT_ONCE
    for webhook in webhooks:
        events = await work.fetch(
            EVENTS,
            webhook["shipper_id"],
            webhook["market_id"],
            webhook["position"],
            webhook["head"],
            webhook["events"],
            EVENTS_AT_ONCE,
        )
        await work.insert_many("webhook_message", COLUMNS, [_message(work, webhook, event) for event in events])
        is_full = len(events) == EVENTS_AT_ONCE
        position = events[-1]["position"] if is_full else webhook["head"]
        await work.execute("UPDATE webhook SET position = $2 WHERE id = $1", webhook["id"], position)
        if events:
            await queue_again(work, webhook["id"], sorted({event["line_id"] for event in events}))
        messages, is_more = messages + len(events), is_more or is_full
    return Queued(messages=messages, is_more=is_more)


def _message(work: Work, webhook: asyncpg.Record, event: asyncpg.Record) -> tuple[Any, ...]:
    message_id: UUID = work.new_id()
    body = body_of(
        event["name"],
        event_id=event["id"],
        occurred_at=event["occurred_at"],
        payload=orjson.loads(event["payload"]),
        market_id=webhook["market_id"],
        delivery_id=event["delivery_id"],
        external_id=event["external_id"],
    )
    return (
        message_id,
        webhook["market_id"],
        webhook["id"],
        event["id"],
        event["line_id"],
        event["position"],
        event["name"],
        event["delivery_id"],
        body,
        MessageState.READY.value,
        work.machine_now,
    )
