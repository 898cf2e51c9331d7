"""The SQL of queues, and every read of webhooks: trees in the shape of the API, limited to the shipper that asks.

All rows of one queue change under the lock of their webhook, so a message that is queued while another ends is neither
forgotten nor sent before its turn.
"""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.work import Work

WEBHOOKS_AT_MOST = 200

# The first of each line that has none before it may be sent.
PROMOTE = """
UPDATE webhook_message SET next_at = $3 WHERE id IN (
    SELECT DISTINCT ON (line_id) id FROM webhook_message AS waits
    WHERE webhook_id = $1 AND state = 'READY' AND line_id = ANY($2) AND NOT EXISTS (
        SELECT 1 FROM webhook_message AS first
        WHERE first.webhook_id = $1 AND first.line_id = waits.line_id
          AND first.state = 'READY' AND first.next_at IS NOT NULL)
    ORDER BY line_id, position, id)
"""
RESCHEDULE = """
UPDATE webhook SET next_at = (
    SELECT greatest(next_at, coalesce(webhook.paused_until, next_at)) FROM webhook_message
    WHERE webhook_id = $1 AND state = 'READY' AND next_at IS NOT NULL ORDER BY webhook_message.next_at LIMIT 1)
WHERE id = $1 AND state = 'ENABLED'
"""
LAY_ASIDE = """
UPDATE webhook_message SET state = 'FAILED', ended_at = $2, next_at = NULL WHERE webhook_id = $1 AND state = 'READY'
"""

WIRE = "replace({}::text, '-', '')"
WEBHOOK = f"""
json_build_object(
    'id', 'whk_' || {WIRE.format("w.id")}, 'market_id', 'mkt_' || {WIRE.format("w.market_id")},
    'shipper_id', 'shp_' || {WIRE.format("w.shipper_id")},
    'url', w.url, 'description', w.description, 'events', w.events, 'state', w.state,
    'disabled_reason', w.disabled_reason, 'failing_since', w.failing_since, 'failures', w.failures,
    'previous_secret_until', CASE WHEN w.previous_secret IS NOT NULL THEN w.previous_until END,
    'waiting_count', (SELECT count(*) FROM (SELECT FROM webhook_message m
        WHERE m.webhook_id = w.id AND m.state = 'READY' LIMIT 1001) AS waiting),
    'failed_count', (SELECT count(*) FROM (SELECT FROM webhook_message m
        WHERE m.webhook_id = w.id AND m.state = 'FAILED' LIMIT 1001) AS failed),
    'created_at', w.created_at)
"""
OF_SHIPPER = f"""
SELECT coalesce(json_agg(row.tree), '[]') FROM (
    SELECT {WEBHOOK} AS tree FROM webhook w WHERE w.shipper_id = $1 AND w.state <> 'DELETED' ORDER BY w.id LIMIT $2) row
"""
ONE = f"SELECT {WEBHOOK} FROM webhook w WHERE w.id = $1 AND w.shipper_id = $2 AND w.state <> 'DELETED'"
ATTENTION = f"""
SELECT coalesce(json_agg(row.tree), '[]') FROM (
    SELECT {WEBHOOK} AS tree FROM webhook w
    WHERE w.market_id = $1 AND (w.state = 'DISABLED' AND w.disabled_reason <> 'SHIPPER'
        OR w.state = 'ENABLED' AND w.failing_since IS NOT NULL)
    ORDER BY w.failing_since, w.id LIMIT $2) row
"""
ATTEMPTS = f"""
SELECT json_build_object(
    'place', a.id, 'message_id', 'msg_' || {WIRE.format("a.message_id")}, 'event', m.kind, 'message_state', m.state,
    'delivery_id', 'dlv_' || {WIRE.format("m.delivery_id")}, 'number', a.number, 'happened_at', a.happened_at,
    'status', a.status, 'failure', a.failure, 'latency_ms', a.latency_ms, 'answer', a.answer,
    'next_try_at', m.next_at) AS tree
FROM webhook_attempt a
JOIN webhook w ON w.id = a.webhook_id AND w.shipper_id = $1 AND w.state <> 'DELETED'
JOIN webhook_message m ON m.id = a.message_id
WHERE a.webhook_id = $2 AND a.id < $3 ORDER BY a.id DESC LIMIT $4
"""
LAST_ID = UUID(int=2**128 - 1)


async def queue_again(work: Work, webhook_id: UUID, lines: list[UUID]) -> None:
    """Has the first message of each line sent if none of it is under way, and looks anew when the queue is due."""
    await work.execute(PROMOTE, webhook_id, lines, work.machine_now)
    await work.execute(RESCHEDULE, webhook_id)


async def stream_position(work: Work, market_id: UUID) -> int:
    """Where the stream of a market ends now."""
    position: int | None = await work.fetch_value("SELECT position FROM stream_head WHERE market_id = $1", market_id)
    return position or 0


async def lock_webhook(work: Work, *, webhook_id: UUID, shipper_id: UUID) -> asyncpg.Record | None:
    """A shipper's webhook, locked; None for one that is deleted or somebody else's."""
    return await work.fetch_row(
        "SELECT id, market_id, state, secret, secret_version FROM webhook"
        " WHERE id = $1 AND shipper_id = $2 AND state <> 'DELETED' FOR UPDATE",
        webhook_id,
        shipper_id,
    )


async def list_webhooks(connection: asyncpg.Connection, *, shipper_id: UUID) -> list[dict[str, Any]]:
    """A shipper's webhooks, oldest first."""
    found: list[dict[str, Any]] = orjson.loads(await connection.fetchval(OF_SHIPPER, shipper_id, WEBHOOKS_AT_MOST))
    return found


async def find_webhook(connection: asyncpg.Connection, *, webhook_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """One of a shipper's webhooks."""
    found = await connection.fetchval(ONE, webhook_id, shipper_id)
    return orjson.loads(found) if found is not None else None


async def webhooks_in_trouble(connection: asyncpg.Connection, *, market_id: UUID) -> list[dict[str, Any]]:
    """Webhooks of a market that fail or were disabled for it, those first that have failed longest."""
    found: list[dict[str, Any]] = orjson.loads(await connection.fetchval(ATTENTION, market_id, WEBHOOKS_AT_MOST))
    return found


async def page_attempts(
    connection: asyncpg.Connection, *, shipper_id: UUID, webhook_id: UUID, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of the log of a webhook, latest first; `place` tells where in the log an attempt stands."""
    rows = await connection.fetch(ATTEMPTS, shipper_id, webhook_id, before or LAST_ID, limit)
    return [orjson.loads(row["tree"]) for row in rows]
