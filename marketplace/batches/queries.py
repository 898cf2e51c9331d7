"""Every read of batches and deliveries: one statement each, limited to the shipper or market that asks.

The statements return JSON in the shape of the API, with ids in their wire form, so that nothing is rebuilt on the way.
Only the edge can tell a tracking link again, and fills it in.
"""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.work import Work
from marketplace.substitutions.queries import SUBSTITUTIONS

DELIVERIES_AT_MOST = 1_000

DELIVERY = f"""
json_build_object(
    'id', 'dlv_' || replace(d.id::text, '-', ''), 'external_id', d.external_id, 'state', d.state,
    'sequence', d.sequence, 'service_level', d.service_level, 'tier', d.tier,
    'batch_id', 'bat_' || replace(d.batch_id::text, '-', ''),
    'hub_id', 'hub_' || replace(d.hub_id::text, '-', ''),
    'return_of', 'dlv_' || replace(d.return_of::text, '-', ''),
    'pickup', json_build_object('lat', d.pickup_lat, 'lon', d.pickup_lon, 'address', d.pickup_address,
        'name', d.pickup_name, 'phone', d.pickup_phone),
    'dropoff', json_build_object('lat', d.dropoff_lat, 'lon', d.dropoff_lon, 'address', d.dropoff_address,
        'name', d.recipient_name, 'phone', d.recipient_phone),
    'pickup_window', json_build_object('opens_at', d.pickup_opens_at, 'closes_at', d.pickup_closes_at),
    'dropoff_window', json_build_object('opens_at', d.dropoff_opens_at, 'closes_at', d.dropoff_closes_at),
    'promised_window', json_build_object('opens_at', d.dropoff_opens_at, 'closes_at', d.dropoff_closes_at),
    'planned_window', (SELECT json_build_object('opens_at', a.shown_opens_at, 'closes_at', a.shown_closes_at)
        FROM arrival a WHERE a.delivery_id = d.id),
    'time_zone', d.time_zone, 'instructions', d.instructions, 'requirements', d.requirements, 'sector', d.sector,
    'out_of_cold_limit_s', d.out_of_cold_limit_s, 'out_of_cold_s', CASE WHEN d.out_of_cold_limit_s IS NOT NULL THEN (
        SELECT max(c.out_of_cold_s) FROM custody c WHERE c.delivery_id = d.id) END,
    'pin', d.pin,
    'rural_zone', (SELECT json_build_object('code', z.code, 'name', z.name, 'surcharge_minor', d.zone_minor,
        'rule', 'rural_zone:' || z.code || ':' || z.version || ':surcharge')
        FROM rural_zone z WHERE z.id = d.rural_zone_id),
    'price_minor', d.price_minor, 'currency', d.currency, 'unassigned_reason', d.unassigned_reason,
    'failure_reason', d.failure_reason, 'failure_policy', d.failure_policy, 'attempts', d.attempts,
    'max_attempts', d.max_attempts, 'answer_due_at', CASE WHEN d.state = 'ATTEMPTED' THEN d.answer_due_at END,
    'chosen_window', CASE WHEN d.next_opens_at IS NOT NULL THEN
        json_build_object('opens_at', d.next_opens_at, 'closes_at', d.next_closes_at) END,
    'redelivery_minor', d.redelivery_minor, 'left_at', d.left_at, 'left_in', CASE WHEN d.left_at IS NOT NULL THEN (
        SELECT max(f.left_in) FROM task t JOIN proof f ON f.stop_id = t.stop_id WHERE t.delivery_id = d.id) END,
    'needs_review', d.needs_review, 'substitutions', {SUBSTITUTIONS}, 'pallet_places', d.pallet_places,
    'created_at', d.created_at, 'changed_at', d.changed_at,
    'tracking_url', NULL, 'tracking_link', (SELECT json_build_object('id', l.id, 'digest', encode(l.digest, 'hex'))
        FROM tracking_link l WHERE l.delivery_id = d.id AND l.revoked_at IS NULL),
    'packages', (SELECT coalesce(json_agg(json_build_object('description', p.description, 'weight_g', p.weight_g,
        'length_mm', p.length_mm, 'width_mm', p.width_mm, 'height_mm', p.height_mm) ORDER BY p.id), '[]')
        FROM package p WHERE p.delivery_id = d.id))
"""
BATCH = f"""
SELECT json_build_object(
    'id', 'bat_' || replace(b.id::text, '-', ''), 'market_id', 'mkt_' || replace(b.market_id::text, '-', ''),
    'created_at', b.created_at,
    'quote_id', 'qot_' || replace(b.quote_id::text, '-', ''),
    'delivery_count', (SELECT count(*) FROM delivery d WHERE d.batch_id = b.id AND d.return_of IS NULL),
    'price_minor', (SELECT coalesce(sum(d.price_minor), 0) FROM delivery d WHERE d.batch_id = b.id),
    'deliveries', (SELECT coalesce(json_agg(row.tree), '[]') FROM (
        SELECT {DELIVERY} AS tree FROM delivery d WHERE d.batch_id = b.id ORDER BY d.id LIMIT $3) row)
) FROM batch b WHERE b.id = $1 AND b.shipper_id = $2
"""
ONE_DELIVERY = f"SELECT {DELIVERY} FROM delivery d WHERE d.id = $1 AND d.shipper_id = $2"
DELIVERIES = f"""
SELECT d.id, {DELIVERY} AS tree FROM delivery d
WHERE d.shipper_id = $1 AND d.id < $2 AND ($3::text IS NULL OR d.state = $3)
ORDER BY d.id DESC LIMIT $4
"""
BATCHES = """
SELECT b.id, json_build_object(
    'id', 'bat_' || replace(b.id::text, '-', ''), 'market_id', 'mkt_' || replace(b.market_id::text, '-', ''),
    'created_at', b.created_at, 'quote_id', 'qot_' || replace(b.quote_id::text, '-', ''),
    'delivery_count', (SELECT count(*) FROM delivery d WHERE d.batch_id = b.id AND d.return_of IS NULL),
    'price_minor', (SELECT coalesce(sum(d.price_minor), 0) FROM delivery d WHERE d.batch_id = b.id),
    'deliveries', '[]'::json) AS tree
FROM batch b WHERE b.shipper_id = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3
"""
UNASSIGNED = f"""
SELECT {DELIVERY} AS tree FROM delivery d
WHERE d.market_id = $1 AND d.state = 'SCHEDULED' AND d.unassigned_reason IS NOT NULL
ORDER BY d.dropoff_closes_at, d.id LIMIT $2
"""
LATEST = UUID(int=2**128 - 1)


async def find_batch(connection: asyncpg.Connection, *, batch_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """A shipper's batch with its deliveries and their packages, in one statement."""
    text = await connection.fetchval(BATCH, batch_id, shipper_id, DELIVERIES_AT_MOST)
    return orjson.loads(text) if text else None


async def find_delivery(
    connection: asyncpg.Connection, *, delivery_id: UUID, shipper_id: UUID
) -> dict[str, Any] | None:
    """A shipper's delivery."""
    text = await connection.fetchval(ONE_DELIVERY, delivery_id, shipper_id)
    return orjson.loads(text) if text else None


async def page_deliveries(
    connection: asyncpg.Connection, *, shipper_id: UUID, before: UUID | None, state: str | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A shipper's deliveries, newest first, older than `before`."""
    rows = await connection.fetch(DELIVERIES, shipper_id, before or LATEST, state, limit)
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]


async def page_batches(
    connection: asyncpg.Connection, *, shipper_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A shipper's batches without their deliveries, newest first, older than `before`."""
    rows = await connection.fetch(BATCHES, shipper_id, before or LATEST, limit)
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]


async def unassigned_deliveries(work: Work, *, market_id: UUID, limit: int) -> list[dict[str, Any]]:
    """Deliveries of a market that wait for a driver, most urgent first, each with its reason: for operations."""
    rows = await work.fetch(UNASSIGNED, market_id, limit)
    return [orjson.loads(row["tree"]) for row in rows]
