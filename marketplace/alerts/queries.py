"""SQL of what people are told, and the log of it."""

from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.work import Work

ABOUT = """
d.state, d.return_of, d.recipient_phone, d.pickup_phone, d.time_zone, d.external_id, d.sequence,
d.dropoff_opens_at, d.dropoff_closes_at, s.name AS shipper_name,
p.language, p.quiet_from_minute, p.quiet_to_minute, p.email, p.muted, p.templates::text AS templates,
(SELECT o.name || ', ' || o.address FROM hand_over_point o WHERE o.id = d.point_id) AS point,
(SELECT c.due_at FROM collection c WHERE c.delivery_id = d.id AND c.state <> 'RELEASED') AS kept_until,
EXISTS (SELECT FROM browser b JOIN tracking_link l ON l.id = b.link_id AND l.revoked_at IS NULL
        WHERE b.delivery_id = d.id) AS has_browsers
"""
FIND_EVENT = f"""
SELECT e.name, e.payload::text AS payload, e.market_id, e.delivery_id, {ABOUT}
FROM event e JOIN delivery d ON d.id = e.delivery_id JOIN shipper s ON s.id = d.shipper_id
LEFT JOIN alert_policy p ON p.shipper_id = d.shipper_id
WHERE e.id = $1
"""
# What happened to a shipper itself, and to none of its deliveries.
FIND_SHIPPER_EVENT = """
SELECT e.name, e.payload::text AS payload, e.market_id, e.delivery_id, s.name AS shipper_name, r.name AS recurring_name,
       p.language, p.quiet_from_minute, p.quiet_to_minute, p.email, p.muted, p.templates::text AS templates
FROM event e JOIN shipper s ON s.id = e.shipper_id LEFT JOIN alert_policy p ON p.shipper_id = e.shipper_id
LEFT JOIN recurring_batch r ON r.id = (e.payload ->> 'recurring_batch_id')::uuid
WHERE e.id = $1 AND e.delivery_id IS NULL
"""
FIND_NEAR = f"""
SELECT a.market_id, a.delivery_id, a.p50 AS at, {ABOUT}
FROM arrival a JOIN delivery d ON d.id = a.delivery_id JOIN shipper s ON s.id = d.shipper_id
LEFT JOIN alert_policy p ON p.shipper_id = d.shipper_id
WHERE a.market_id = $1 AND a.p50 <= $2 AND d.state IN ('PICKED_UP', 'EN_ROUTE_TO_DROPOFF')
  AND NOT EXISTS (SELECT FROM notification n WHERE n.delivery_id = a.delivery_id AND n.cause = 'ARRIVING_SOON'
                  AND n.occasion = extract(epoch FROM d.dropoff_closes_at)::bigint::text)
ORDER BY a.p50 LIMIT $3
"""
WAITS = "SELECT id FROM collection WHERE delivery_id = $1 AND state = 'WAITING'"
AGAIN = """
UPDATE notification SET state = 'READY'
WHERE event_id = $1 AND audience = $2 AND channel = $3 AND state = 'FAILED' RETURNING id
"""
PROMISE = """
INSERT INTO notification (id, market_id, event_id, delivery_id, cause, occasion, audience, channel, address, text,
                          state, created_at, not_before)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING RETURNING id
"""
# The oldest first; two processes take different ones. What is erased meanwhile has no address any more.
CLAIM_DUE = """
UPDATE notification n
SET state = CASE WHEN d.state = ANY($4::text[]) AND n.address <> '' THEN 'READY' ELSE 'DROPPED' END
FROM delivery d
WHERE d.id = n.delivery_id AND n.id IN (
    SELECT id FROM notification
    WHERE market_id = $1 AND state = 'WAITING' AND not_before <= $2 AND cause = $5
    ORDER BY not_before LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING n.id, n.state, n.delivery_id, n.audience, n.channel, n.address, n.text, n.tries
"""
DUE_CAUSES = """
SELECT DISTINCT cause FROM notification WHERE market_id = $1 AND state = 'WAITING' AND not_before <= $2
"""
MARK = """
UPDATE notification
SET state = outcome, tries = tries + 1, sent_at = CASE WHEN outcome = 'SENT' THEN $3::timestamptz END,
    not_before = CASE WHEN outcome = 'WAITING' AND channel = 'PUSH' THEN $4::timestamptz ELSE not_before END
FROM unnest($1::uuid[], $2::text[]) AS t(message_id, outcome) WHERE id = message_id
"""

BEFORE = "(${0}::uuid IS NULL OR n.ordinal < (SELECT ordinal FROM notification WHERE id = ${0}))"
LOG = f"""
SELECT n.id, n.delivery_id, n.cause, n.audience, n.channel, n.address, n.text, n.state, n.created_at, n.not_before,
       n.sent_at, n.event_id, d.external_id
FROM notification n LEFT JOIN delivery d ON d.id = n.delivery_id
WHERE n.market_id = $1 AND {BEFORE.format(2)} ORDER BY n.ordinal DESC LIMIT $3
"""
LOG_OF_SHIPPER = f"""
SELECT n.id, n.delivery_id, n.cause, n.audience, n.channel, n.address, n.text, n.state, n.created_at, n.not_before,
       n.sent_at, n.event_id, d.external_id
FROM notification n JOIN delivery d ON d.id = n.delivery_id
WHERE n.delivery_id = $1 AND d.shipper_id = $2 AND n.audience <> 'dispatcher' AND {BEFORE.format(3)}
ORDER BY n.ordinal DESC LIMIT $4
"""
IS_THEIRS = "SELECT EXISTS (SELECT FROM delivery WHERE id = $1 AND shipper_id = $2)"


async def list_notifications(
    work: Work, *, market_id: UUID, before: UUID | None = None, at_most: int
) -> list[asyncpg.Record]:
    """What was said in a market and why, the latest first."""
    return await work.fetch(LOG, market_id, before, at_most)


async def list_notifications_of(
    work: Work, *, shipper_id: UUID, delivery_id: UUID, before: UUID | None = None, at_most: int
) -> list[asyncpg.Record]:
    """What was said about one delivery of a shipper, the latest first; raises NotFound for somebody else's."""
    if not await work.fetch_value(IS_THEIRS, delivery_id, shipper_id):
        raise NotFound("there is no such delivery", field="deliveryId")
    return await work.fetch(LOG_OF_SHIPPER, delivery_id, shipper_id, before, at_most)
