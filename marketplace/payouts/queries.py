"""Every statement that reads or changes pay statements and payouts.

What a driver reads comes as JSON in the shape of the API, with ids in their wire form, one statement each.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

PAGE_AT_MOST = 100
HELD_AT_MOST = 200
FLAGGED_AT_MOST = 20
LATEST = UUID(int=2**128 - 1)

# What was guaranteed was for the whole route: of one that passed on to another driver, what was driven is paid, with
# the way to where the parcels changed hands.
LOCK_ROUTE = """
SELECT id, market_id, driver_id, company_id, state, currency, policy_version, raise_minor, bonus_minor, is_flagged,
       CASE WHEN EXISTS (SELECT FROM reassignment WHERE route_id = route.id AND state = 'DONE') THEN 0
            ELSE guarantee_minor END AS guarantee_minor,
       (SELECT coalesce(sum(way_m), 0)::int FROM reassignment WHERE route_id = route.id AND state = 'DONE') AS way_m,
       (SELECT rule FROM surge_bonus WHERE route_id = route.id) AS bonus_rule,
       approach_m, accepted_at, ended_at, (SELECT time_zone FROM market WHERE id = route.market_id) AS time_zone
FROM route WHERE id = $1 FOR NO KEY UPDATE
"""
VISITED_STOPS = """
SELECT kind, leg_m, arrived_at, ended_at FROM stop
WHERE route_id = $1 AND arrived_at IS NOT NULL ORDER BY place
"""
ISSUED_BEFORE = "SELECT id FROM pay_statement WHERE route_id = $1"
LOCK_STATEMENT = """
SELECT id, market_id, route_id, driver_id, company_id, policy_version, total_minor, currency, state,
       coalesce((facts ->> 'bonus_minor')::bigint, 0) AS bonus_minor
FROM pay_statement WHERE id = $1 FOR NO KEY UPDATE
"""
STATEMENT = """
SELECT market_id, kind, delivery_id, pay_period_id, policy_version, facts, lines, total_minor, digest
FROM pay_statement WHERE id = $1
"""

# Holds for payouts under way are on the wallet until the transfer is done; then the money lies on the driver's account.
EARNINGS = """
SELECT json_build_object(
    'currency', m.currency, 'payout_minimum_minor', m.payout_minimum_minor, 'next_payout_at', m.next_payout_at,
    'available_minor', coalesce(w.credits_posted - w.debits_posted - w.debits_pending, 0),
    'on_the_way_minor', (SELECT coalesce(sum(amount_minor - reversed_minor), 0) FROM payout
        WHERE driver_id = d.id AND NOT is_given_back AND state NOT IN ('PAID', 'REVERSED')),
    'held_minor', (SELECT coalesce(sum(total_minor), 0) FROM pay_statement
                   WHERE driver_id = d.id AND company_id IS NULL AND state = 'HELD'),
    'paid_minor', (SELECT coalesce(sum(amount_minor - reversed_minor), 0) FROM payout
        WHERE driver_id = d.id AND state = 'PAID'),
    'tips_minor', (SELECT coalesce(sum(total_minor), 0) FROM pay_statement WHERE driver_id = d.id AND kind = 'TIP'),
    'true_ups_minor', (SELECT coalesce(sum(total_minor), 0) FROM pay_statement
                       WHERE driver_id = d.id AND kind IN ('TRUE_UP', 'POOL_SHARE')),
    'debt_minor', (SELECT coalesce(sum(CASE owes.id WHEN debit_id THEN amount_minor ELSE -amount_minor END), 0)
        FROM account owes JOIN posting ON owes.id IN (debit_id, credit_id)
        WHERE owes.code = m.id || ':' || m.currency || ':driver:' || d.id || ':debt'
          AND state IN ('POSTED', 'POST_PENDING')),
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
    'company_id', 'com_' || replace(s.company_id::text, '-', ''),
    'payout_id', CASE WHEN s.company_id IS NULL THEN 'pay_' || replace(s.payout_id::text, '-', '') END,
    'state', s.state, 'policy_version', s.policy_version,
    'jurisdiction', s.jurisdiction, 'period_starts_at', s.period_starts_at, 'period_ends_at', s.period_ends_at,
    'period_closed_at', (SELECT closed_at FROM pay_period WHERE id = coalesce(s.pay_period_id,
        (SELECT t.pay_period_id FROM pay_statement t WHERE t.id = s.true_up_id))),
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
        'reassignment_id', (SELECT 'ras_' || replace(a.id::text, '-', '') FROM reassignment a
                            WHERE a.way_route_id = s.route_id),
        'flagged_reports', (SELECT coalesce(json_agg(flagged.tree), '[]') FROM (
            SELECT json_build_object('verb', r.verb, 'flag', r.flag,
                'stop_id', 'stp_' || replace(r.stop_id::text, '-', ''), 'occurred_at', r.occurred_at,
                'received_at', r.received_at) AS tree
            FROM stop_report r WHERE r.route_id = s.route_id AND r.flag IS NOT NULL
            ORDER BY r.received_at, r.id LIMIT $3) flagged)) AS tree
    FROM pay_statement s WHERE s.market_id = $1 AND s.state = 'HELD' ORDER BY s.id LIMIT $2) held
"""
PAY_PERIODS = """
SELECT json_build_object(
    'id', 'ppd_' || replace(p.id::text, '-', ''), 'jurisdiction', p.jurisdiction, 'starts_at', p.starts_at,
    'ends_at', p.ends_at, 'number', p.number, 'driver_count', coalesce((p.facts ->> 'drivers')::int, 0),
    'share_count', jsonb_array_length(p.shares), 'total_minor', p.total_minor, 'currency', p.currency,
    'lines', p.lines, 'closed_at', p.closed_at, 'shared_at', p.shared_at) AS tree
FROM pay_period p WHERE p.market_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3
"""
PAYOUT = """
json_build_object(
    'id', 'pay_' || replace(p.id::text, '-', ''), 'state', p.state, 'method', p.method,
    'amount_minor', p.amount_minor, 'fee_minor', p.fee_minor, 'debt_repaid_minor', p.debt_minor,
    'carried_minor', p.carried_minor, 'currency', p.currency,
    'error', CASE WHEN p.state = 'FAILED' THEN p.reason END,
    'waits_for', CASE WHEN p.state = 'ON_HOLD' THEN p.reason WHEN p.state = 'SCHEDULED' AND EXISTS (
        SELECT FROM stripe_operation o WHERE o.subject_id = p.id AND o.kind IN ('TRANSFER', 'PAYOUT')
          AND o.state = 'READY' AND o.error_code = 'balance_insufficient') THEN 'BALANCE' END,
    'retry_at', p.retry_at, 'arrives_at', p.arrives_at, 'created_at', p.created_at,
    'settled_at', CASE WHEN p.state IN ('PAID', 'FAILED', 'REVERSED') THEN p.settled_at END)
"""
# What has happened to it so far, in order, from the ledger itself.
STEP_WORDS = {
    "PAYOUT_HOLD": "RESERVED",
    "PAYOUT_TRANSFERRED": "TRANSFERRED",
    "PAYOUT_SENT": "SENT_TO_BANK",
    "PAYOUT_ARRIVED": "PAID",
    "PAYOUT_RETURNED": "SENT_BACK",
    "PAYOUT_GIVEN_BACK": "GIVEN_BACK",
    "PAYOUT_REVERSED": "TAKEN_BACK",
    "PAYOUT_FEE_WAIVED": "FEE_WAIVED",
    "PAYOUT_FEE_BACK": "FEE_WAIVED",
}
STEPS = """
SELECT kind, created_at FROM journal
WHERE subject_id = $1 AND market_id = $2 AND kind IN ('PAYOUT_HOLD', 'PAYOUT_TRANSFERRED', 'PAYOUT_SENT',
      'PAYOUT_RETURNED', 'PAYOUT_GIVEN_BACK', 'PAYOUT_REVERSED', 'PAYOUT_FEE_WAIVED', 'PAYOUT_FEE_BACK')
UNION ALL
SELECT 'PAYOUT_ARRIVED', settled_at FROM payout WHERE id = $1 AND state = 'PAID'
ORDER BY created_at, kind LIMIT 100
"""
ENTRIES_OF = """
SELECT kind, amount_minor FROM payout_entry WHERE payout_id = $1 ORDER BY posting_id LIMIT 500
"""
PAYOUTS = f"""
SELECT p.id, {PAYOUT} AS tree
FROM payout p WHERE p.driver_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3
"""
ONE_PAYOUT = f"""
SELECT {PAYOUT} AS tree, p.market_id FROM payout p
WHERE p.id = $1 AND ($2::uuid IS NULL OR p.driver_id = $2) AND ($3::uuid[] IS NULL OR p.market_id = ANY($3))
"""


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


async def page_pay_periods(
    connection: asyncpg.Connection, *, market_id: UUID, before: UUID, limit: int
) -> list[dict[str, Any]]:
    """The closed pay periods of a market, latest closing first, older than `before`."""
    rows = await connection.fetch(PAY_PERIODS, market_id, before, min(limit, PAGE_AT_MOST + 1))
    return [orjson.loads(row["tree"]) for row in rows]


async def page_payouts(
    connection: asyncpg.Connection, *, driver_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any]]]:
    """A driver's payouts, newest first, older than `before`."""
    rows = await connection.fetch(PAYOUTS, driver_id, before or LATEST, min(limit, PAGE_AT_MOST))
    return [(row["id"], orjson.loads(row["tree"])) for row in rows]


async def find_payout(
    connection: asyncpg.Connection,
    *,
    payout_id: UUID,
    driver_id: UUID | None = None,
    market_ids: Sequence[UUID] | None = None,
) -> dict[str, Any] | None:
    """One payout with the steps that it has taken and what it pays: of a driver, or of these markets, or any."""
    row = await connection.fetchrow(ONE_PAYOUT, payout_id, driver_id, market_ids)
    if row is None:
        return None
    steps = await connection.fetch(STEPS, payout_id, row["market_id"])
    entries = await connection.fetch(ENTRIES_OF, payout_id)
    tree: dict[str, Any] = orjson.loads(row["tree"])
    return tree | {
        "steps": [{"kind": STEP_WORDS[step["kind"]], "happened_at": step["created_at"].isoformat()} for step in steps],
        "entries": [dict(entry) for entry in entries],
    }
