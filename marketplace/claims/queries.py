"""Every statement that reads or changes damage claims."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.claims.party import Party
from marketplace.core.work import Work

MOST_CLAIMS = 100
MOST_ENTRIES = 50

IN_SCOPE = """
($1::uuid IS NULL OR shipper_id = $1) AND ($2::uuid IS NULL OR delivery_id = $2)
  AND ($3::uuid IS NULL OR driver_id = $3) AND ($4::uuid IS NULL OR market_id = $4)
"""
# Two claims at once queue at the delivery; what it was declared at is of its packages together.
LOCK_DELIVERY = """
SELECT d.id, d.market_id, d.shipper_id, d.state, d.currency, d.changed_at, r.driver_id,
       m.claim_within_s, m.claim_limit_minor, m.claim_hearing_s,
       (SELECT sum(declared_minor)::bigint FROM package WHERE delivery_id = d.id) AS declared_minor,
       EXISTS (SELECT FROM claim WHERE delivery_id = d.id AND state <> 'WITHDRAWN') AS is_claimed
FROM delivery d JOIN market m ON m.id = d.market_id LEFT JOIN route r ON r.id = d.route_id
WHERE d.id = $1 AND ($2::uuid IS NULL OR d.shipper_id = $2) FOR NO KEY UPDATE OF d
"""
INSERT_CLAIM = """
INSERT INTO claim (id, market_id, shipper_id, delivery_id, driver_id, kind, state, asked_minor, limit_minor, currency,
                   opened_by_kind, opened_at, heard_by)
VALUES ($1, $2, $3, $4, $5, $6, 'OPEN', $7, $8, $9, $10, $11, $12)
"""
INSERT_ENTRY = """
INSERT INTO claim_entry (id, market_id, claim_id, number, kind, by_kind, by_id, text, proof_ids, amount_minor, made_at)
VALUES ($1, $2, $3, (SELECT count(*) + 1 FROM claim_entry WHERE claim_id = $3), $4, $5, $6, $7, $8, $9, $10)
"""
ENTRIES = "SELECT count(*) FROM claim_entry WHERE claim_id = $1"
LOCK_CLAIM = f"SELECT * FROM claim WHERE id = $5 AND {IN_SCOPE} FOR UPDATE"
MOVE_CLAIM = "UPDATE claim SET state = $2, ended_at = $3 WHERE id = $1"
HEAR_DRIVER = "UPDATE claim SET heard_at = $2 WHERE id = $1"
REJECT_CLAIM = "UPDATE claim SET state = 'REJECTED', decided_by = $2, ended_at = $3 WHERE id = $1"
ACCEPT_CLAIM = """
UPDATE claim SET state = 'ACCEPTED', accepted_minor = $2, credit_id = $3, decided_by = $4, ended_at = $5 WHERE id = $1
"""
# A picture that was given up with its recipient is in no list, whatever entry named it.
SHOW = f"""
SELECT json_build_object(
    'id', 'clm_' || replace(c.id::text, '-', ''), 'delivery_id', 'dlv_' || replace(c.delivery_id::text, '-', ''),
    'kind', c.kind, 'state', c.state, 'asked_minor', c.asked_minor, 'limit_minor', c.limit_minor,
    'accepted_minor', c.accepted_minor, 'currency', c.currency, 'opened_at', c.opened_at, 'heard_by', c.heard_by,
    'heard_at', c.heard_at, 'ended_at', c.ended_at,
    'cold_breach', (SELECT json_build_object('out_of_cold_s', b.out_of_cold_s, 'limit_s', b.limit_s,
        'occurred_at', b.occurred_at) FROM cold_breach b WHERE b.delivery_id = c.delivery_id),
    'decided_by', (SELECT name FROM operator WHERE id = c.decided_by),
    'entries', (SELECT coalesce(json_agg(json_build_object(
        'kind', e.kind, 'by', e.by_kind, 'text', e.text, 'amount_minor', e.amount_minor, 'made_at', e.made_at,
        'proof_ids', (SELECT coalesce(json_agg(f.id ORDER BY f.id), '[]') FROM proof f
            WHERE f.id = ANY(e.proof_ids) AND f.named_at IS NOT NULL)) ORDER BY e.number), '[]')
        FROM (SELECT * FROM claim_entry WHERE claim_id = c.id ORDER BY number LIMIT {MOST_ENTRIES}) AS e)) AS claim
FROM claim c
"""
LIST = f"""
{SHOW} WHERE {IN_SCOPE} AND (NOT $5 OR state IN ('OPEN', 'NEEDS_EVIDENCE')) ORDER BY c.id DESC LIMIT {MOST_CLAIMS}
"""
FIND = f"{SHOW} WHERE {IN_SCOPE} AND c.id = $5"


async def list_claims(connection: asyncpg.Connection, *, party: Party, only_open: bool) -> list[dict[str, Any]]:
    """The claims that a side takes part in, latest first, each with its whole file."""
    rows = await connection.fetch(LIST, *party.scope, only_open)
    return [orjson.loads(row["claim"]) for row in rows]


async def find_claim(work: Work, *, party: Party, claim_id: UUID) -> dict[str, Any]:
    """One claim as a side sees it, right after it has changed."""
    row = await work.fetch_row(FIND, *party.scope, claim_id)
    assert row is not None, "who has changed a claim may read it"
    found: dict[str, Any] = orjson.loads(row["claim"])
    return found


async def lock_claim(work: Work, *, party: Party, claim_id: UUID) -> asyncpg.Record | None:
    """A claim of that side, locked, so that of two steps at once the second sees the first."""
    return await work.fetch_row(LOCK_CLAIM, *party.scope, claim_id)
