"""Every statement that reads or changes pay statements and payouts.

What a driver reads comes as JSON in the shape of the API, with ids in their wire form, one statement each.
"""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

STATEMENTS_OF_A_PAYOUT = 500
"""Most statements that one payout pays; older ones first, the rest waits for the next."""
PAGE_AT_MOST = 100
HELD_AT_MOST = 200
FLAGGED_AT_MOST = 20
LATEST = UUID(int=2**128 - 1)

LOCK_ROUTE = """
SELECT id, market_id, driver_id, state, currency, policy_version, guarantee_minor, raise_minor, bonus_minor, is_flagged,
       approach_m, accepted_at, ended_at, (SELECT time_zone FROM market WHERE id = route.market_id) AS time_zone
FROM route WHERE id = $1 FOR NO KEY UPDATE
"""
VISITED_STOPS = """
SELECT kind, leg_m, arrived_at, ended_at FROM stop
WHERE route_id = $1 AND arrived_at IS NOT NULL ORDER BY place
"""
ISSUED_BEFORE = "SELECT id FROM pay_statement WHERE route_id = $1"
LOCK_STATEMENT = """
SELECT id, market_id, route_id, driver_id, policy_version, total_minor, currency, state
FROM pay_statement WHERE id = $1 FOR NO KEY UPDATE
"""
STATEMENT = """
SELECT market_id, kind, delivery_id, pay_period_id, policy_version, facts, lines, total_minor, digest
FROM pay_statement WHERE id = $1
"""

UNDER_WAY = "SELECT id FROM payout WHERE driver_id = $1 AND state IN ('SCHEDULED', 'IN_TRANSIT')"
# Wallet codes are built as marketplace.ledger builds them: market, currency, name.
DRIVERS_TO_PAY = """
SELECT due.driver_id
FROM (
    SELECT market_id, driver_id, currency, sum(total_minor) AS total_minor FROM pay_statement
    WHERE market_id = $1 AND state = 'PAYABLE' AND payout_id IS NULL AND currency = $2
    GROUP BY market_id, driver_id, currency
) AS due
JOIN account AS wallet ON wallet.code = due.market_id || ':' || due.currency || ':driver:' || due.driver_id || ':wallet'
WHERE wallet.credits_posted - wallet.debits_posted - wallet.debits_pending >= greatest(due.total_minor, $3, 1)
  AND due.total_minor >= greatest($3, 1)
  AND NOT EXISTS (SELECT FROM payout WHERE driver_id = due.driver_id AND state IN ('SCHEDULED', 'IN_TRANSIT'))
ORDER BY due.driver_id LIMIT $4
"""
STATEMENTS_TO_PAY = """
SELECT id, total_minor FROM pay_statement
WHERE market_id = $1 AND driver_id = $2 AND currency = $3 AND state = 'PAYABLE' AND payout_id IS NULL
ORDER BY id LIMIT $4
"""
LINK_STATEMENTS = """
UPDATE pay_statement SET payout_id = $2 WHERE id = ANY($1) AND state = 'PAYABLE' AND payout_id IS NULL
"""
MARK_STATEMENTS_PAID = "UPDATE pay_statement SET state = 'PAID' WHERE payout_id = $1 AND state = 'PAYABLE'"
FREE_STATEMENTS = "UPDATE pay_statement SET payout_id = NULL WHERE payout_id = $1 AND state = 'PAYABLE'"

TAKE_PAYOUT = """
UPDATE payout SET state = 'IN_TRANSIT', attempts = attempts + 1, lease_until = $3
WHERE id = $1 AND (state = 'SCHEDULED' OR state = 'IN_TRANSIT' AND lease_until <= $2)
RETURNING id, market_id, driver_id, amount_minor, currency, attempts
"""
LOCK_PAYOUT = """
SELECT id, market_id, driver_id, state, amount_minor, currency, hold_id, attempts
FROM payout WHERE id = $1 FOR NO KEY UPDATE
"""
CLOSE_PAYOUT = """
UPDATE payout SET state = $2, gateway_reference = $3, error = $4, settled_at = $5, lease_until = NULL WHERE id = $1
"""
WAIT_WITH_PAYOUT = "UPDATE payout SET error = $2, lease_until = $3 WHERE id = $1"
DUE_PAYOUTS = """
SELECT id FROM payout
WHERE market_id = $1 AND (state = 'SCHEDULED' OR state = 'IN_TRANSIT' AND lease_until <= $2)
ORDER BY id LIMIT $3
"""

EARNINGS = """
SELECT json_build_object(
    'currency', m.currency, 'payout_minimum_minor', m.payout_minimum_minor, 'next_payout_at', m.next_payout_at,
    'available_minor', coalesce(w.credits_posted - w.debits_posted - w.debits_pending, 0),
    'on_the_way_minor', coalesce(w.debits_pending, 0),
    'held_minor', (SELECT coalesce(sum(total_minor), 0) FROM pay_statement WHERE driver_id = d.id AND state = 'HELD'),
    'paid_minor', (SELECT coalesce(sum(amount_minor), 0) FROM payout WHERE driver_id = d.id AND state = 'PAID'),
    'tips_minor', (SELECT coalesce(sum(total_minor), 0) FROM pay_statement WHERE driver_id = d.id AND kind = 'TIP'),
    'true_ups_minor', (SELECT coalesce(sum(total_minor), 0) FROM pay_statement
                       WHERE driver_id = d.id AND kind IN ('TRUE_UP', 'POOL_SHARE')),
    'route_count', (SELECT count(*) FROM pay_statement WHERE driver_id = d.id AND kind = 'ROUTE'))
FROM driver d
JOIN market m ON m.id = d.market_id
LEFT JOIN account w ON w.code = m.id || ':' || m.currency || ':driver:' || d.id || ':wallet'
WHERE d.id = $1
"""
STATEMENT_TREE = """
json_build_object(
    'id', 'stm_' || replace(s.id::text, '-', ''), 'kind', s.kind,
    'route_id', 'rte_' || replace(s.route_id::text, '-', ''),
    'delivery_id', 'dlv_' || replace(s.delivery_id::text, '-', ''),
    'payout_id', 'pay_' || replace(s.payout_id::text, '-', ''), 'state', s.state, 'policy_version', s.policy_version,
    'jurisdiction', s.jurisdiction, 'period_starts_at', s.period_starts_at, 'period_ends_at', s.period_ends_at,
    'total_minor', s.total_minor, 'currency', s.currency, 'facts', s.facts, 'lines', s.lines,
    'created_at', s.created_at)
"""
STATEMENTS = f"""
SELECT s.id, {STATEMENT_TREE} AS tree
FROM pay_statement s WHERE s.driver_id = $1 AND s.id < $2 ORDER BY s.id DESC LIMIT $3
"""
# A driver reads own statements, an operator those of one market or, without one, of all.
ONE_STATEMENT = f"""
SELECT s.market_id, s.pay_period_id, encode(s.digest, 'hex') AS digest, {STATEMENT_TREE} AS tree FROM pay_statement s
WHERE s.id = $1 AND ($2::uuid IS NULL OR s.driver_id = $2) AND ($3::uuid IS NULL OR s.market_id = $3)
"""
# The flagged reports are why a person must look; there are few of them, and old ones come first.
HELD_STATEMENTS = """
SELECT coalesce(json_agg(held.tree), '[]') FROM (
    SELECT json_build_object(
        'id', 'stm_' || replace(s.id::text, '-', ''), 'route_id', 'rte_' || replace(s.route_id::text, '-', ''),
        'driver_id', 'drv_' || replace(s.driver_id::text, '-', ''), 'total_minor', s.total_minor,
        'currency', s.currency, 'created_at', s.created_at, 'lines', s.lines,
        'flagged_reports', (SELECT coalesce(json_agg(flagged.tree), '[]') FROM (
            SELECT json_build_object('verb', r.verb, 'flag', r.flag,
                'stop_id', 'stp_' || replace(r.stop_id::text, '-', ''), 'occurred_at', r.occurred_at,
                'received_at', r.received_at) AS tree
            FROM stop_report r WHERE r.route_id = s.route_id AND r.flag IS NOT NULL
            ORDER BY r.received_at, r.id LIMIT $3) flagged)) AS tree
    FROM pay_statement s WHERE s.market_id = $1 AND s.state = 'HELD' ORDER BY s.id LIMIT $2) held
"""
PAYOUT = """
json_build_object(
    'id', 'pay_' || replace(p.id::text, '-', ''), 'state', p.state, 'amount_minor', p.amount_minor,
    'currency', p.currency, 'error', CASE WHEN p.state = 'FAILED' THEN p.error END,
    'created_at', p.created_at, 'settled_at', p.settled_at)
"""
PAYOUTS = f"""
SELECT p.id, {PAYOUT} AS tree
FROM payout p WHERE p.driver_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3
"""
ONE_PAYOUT = f"SELECT {PAYOUT} FROM payout p WHERE p.id = $1 AND p.driver_id = $2"


async def find_earnings(connection: asyncpg.Connection, *, driver_id: UUID) -> dict[str, Any] | None:
    """What a driver has earned: to be had now, on its way, held for a person, and paid so far."""
    text = await connection.fetchval(EARNINGS, driver_id)
    return orjson.loads(text) if text else None


async def page_statements(
    connection: asyncpg.Connection, *, driver_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A driver's pay statements with their lines, newest first, older than `before`."""
    rows = await connection.fetch(STATEMENTS, driver_id, before or LATEST, min(limit, PAGE_AT_MOST))
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]


async def held_statements(connection: asyncpg.Connection, *, market_id: UUID) -> list[dict[str, Any]]:
    """Statements of a market that wait for a person, oldest first, each with the reports that were flagged."""
    text = await connection.fetchval(HELD_STATEMENTS, market_id, HELD_AT_MOST, FLAGGED_AT_MOST)
    statements: list[dict[str, Any]] = orjson.loads(text)
    return statements


async def page_payouts(
    connection: asyncpg.Connection, *, driver_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A driver's payouts, newest first, older than `before`."""
    rows = await connection.fetch(PAYOUTS, driver_id, before or LATEST, min(limit, PAGE_AT_MOST))
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]


async def find_payout(connection: asyncpg.Connection, *, payout_id: UUID, driver_id: UUID) -> dict[str, Any] | None:
    """One payout of a driver."""
    text = await connection.fetchval(ONE_PAYOUT, payout_id, driver_id)
    return orjson.loads(text) if text else None
