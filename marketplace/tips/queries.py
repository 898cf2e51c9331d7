"""Every statement that reads or changes recipients' tips."""

from typing import Any
from uuid import UUID

import asyncpg

from marketplace.core.work import Work

SWEPT_AT_ONCE = 100

# Two tips at once queue at the delivery, so that together they stay within the limit.
LOCK_DELIVERY = """
SELECT d.id, d.market_id, d.shipper_id, d.state, d.currency, d.changed_at, r.driver_id,
       m.currency AS market_currency, m.tip_limit_minor, m.tip_within_s
FROM delivery d JOIN market m ON m.id = d.market_id LEFT JOIN route r ON r.id = d.route_id
WHERE d.id = $1 FOR NO KEY UPDATE OF d
"""
TIPS_OF = """
SELECT id, market_id, state, amount_minor, session_id FROM tip
WHERE delivery_id = $1 AND state IN ('WANTED', 'WAITING', 'PAID')
  AND (state = 'PAID' OR NOT EXISTS (SELECT FROM stripe_operation AS operation
      WHERE operation.subject_id = tip.id AND operation.kind = 'EXPIRE_CHECKOUT'))
ORDER BY id
"""
INSERT_TIP = """
INSERT INTO tip (id, market_id, delivery_id, shipper_id, driver_id, amount_minor, currency, state, look_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'WANTED', $8, $9)
"""
FIND_TIP = "SELECT * FROM tip WHERE id = $1"
LOCK_TIP = "SELECT * FROM tip WHERE id = $1 FOR NO KEY UPDATE"
SHOW_PAGE = "UPDATE tip SET state = 'WAITING', session_id = $2, url = $3 WHERE id = $1"
END_TIP = """
UPDATE tip SET state = $2, error_code = $3, url = NULL, look_at = NULL, ended_at = $4 WHERE id = $1
"""
PAY_TIP = """
UPDATE tip SET state = 'PAID', intent_id = $2, statement_id = $3, url = NULL, error_code = NULL, ended_at = $4
WHERE id = $1
"""
NOTE_MONEY = """
UPDATE tip SET refunded_minor = $2, disputed_minor = $3, available_on = $4, settled_at = coalesce(settled_at, $5),
       look_at = CASE WHEN $4::timestamptz IS NULL THEN look_at END
WHERE id = $1
"""
TO_LOOK_UP = """
SELECT tip.id, coalesce(tip.session_id, session.id) AS session_id, coalesce(tip.intent_id, payment.id) AS intent_id,
       tip.market_id, tip.looks
FROM tip
LEFT JOIN stripe_object AS session ON session.subject_id = tip.id AND session.kind = 'checkout.session'
LEFT JOIN stripe_object AS payment ON payment.subject_id = tip.id AND payment.kind = 'payment_intent'
WHERE tip.id = $1 AND tip.look_at <= $2 ORDER BY payment.rank DESC NULLS LAST LIMIT 1
"""
LOOK_LATER = "UPDATE tip SET look_at = $2, looks = least(looks + 1, 1000) WHERE id = $1 AND look_at IS NOT NULL"
READINGS = "SELECT reading, subject_id FROM stripe_object WHERE id = $1"
DUE = """
SELECT 'look_up_tip' AS kind, id FROM tip WHERE market_id = $1 AND look_at <= $2
UNION ALL SELECT 'settle_tip', id FROM tip WHERE market_id = $1 AND state = 'PAID' AND settled_at IS NULL
    AND available_on <= $3
UNION ALL SELECT DISTINCT 'settle_tip', tip.id FROM tip JOIN stripe_operation AS operation
    ON operation.subject_id = tip.id AND operation.kind = 'CREATE_CHECKOUT'
    WHERE tip.market_id = $1 AND tip.state = 'WANTED' AND operation.state IN ('DONE', 'REJECTED')
LIMIT $4
"""

TIPPED = """
SELECT count(*) AS tips, coalesce(sum(amount_minor), 0)::bigint AS minor FROM tip
WHERE market_id = $1 AND state = 'PAID'
"""


async def find_tip(work: Work, *, tip_id: UUID, delivery_id: UUID) -> asyncpg.Record | None:
    """A tip of one delivery; None where it is of another one, or there is none."""
    return await work.fetch_row("SELECT * FROM tip WHERE id = $1 AND delivery_id = $2", tip_id, delivery_id)


async def tipped_so_far(work: Work, *, market_id: UUID) -> tuple[int, int]:
    """How many tips of a market's recipients were paid, and what they come to, in minor units."""
    row = await work.fetch_row(TIPPED, market_id)
    assert row is not None, "an aggregate always answers"
    return row["tips"], row["minor"]


async def sweep_tips(work: Work, *, market_id: UUID) -> list[tuple[str, UUID]]:
    """The jobs that tips of a market need now, a bounded number: rows are the truth, so no lost job loses money."""
    rows: list[Any] = await work.fetch(DUE, market_id, work.machine_now, work.now, SWEPT_AT_ONCE)
    return [(row["kind"], row["id"]) for row in rows]
