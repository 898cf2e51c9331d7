"""How parcels fare at the doors: first-attempt success, reasons, and what attempts and returns cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import Invalid

MOST_DAYS = 92
MOST_ROWS = 1_000

# Counted from the events that a roll-up takes, in the commit that moves its head. A delivery's own row tells whether
# it is a return, and whether it was attempted before.
COUNT_SHIPPER_DAYS = """
WITH counted AS (
    SELECT (e.occurred_at AT TIME ZONE $4)::date AS day, e.name, e.payload, d.shipper_id, d.attempts,
           d.return_of IS NOT NULL AS is_return, d.price_minor, d.redelivery_minor
    FROM event e JOIN delivery d ON d.id = e.delivery_id
    WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3
      AND e.name IN ('DeliveryDelivered', 'DeliveryAttempted', 'DeliveryReturned', 'DeliveryFailed')
)
INSERT INTO shipper_day (id, market_id, shipper_id, day, delivered_first, attempted_first, attempts, redelivered,
    left_safe, returned, discarded, return_minor, redelivery_minor)
SELECT md5($1::text || shipper_id::text || day::text)::uuid, $1, shipper_id, day,
    count(*) FILTER (WHERE name = 'DeliveryDelivered' AND NOT is_return AND attempts = 0),
    count(*) FILTER (WHERE name = 'DeliveryAttempted' AND (payload->>'number')::int = 1),
    count(*) FILTER (WHERE name = 'DeliveryAttempted'),
    count(*) FILTER (WHERE name = 'DeliveryDelivered' AND NOT is_return AND attempts > 0),
    count(*) FILTER (WHERE name = 'DeliveryDelivered' AND payload->>'left_at' <> 'RECIPIENT'),
    count(*) FILTER (WHERE name = 'DeliveryReturned'),
    count(*) FILTER (WHERE name = 'DeliveryFailed' AND payload->>'reason' = 'DISCARDED'),
    coalesce(sum(price_minor) FILTER (WHERE name = 'DeliveryDelivered' AND is_return), 0),
    coalesce(sum(redelivery_minor) FILTER (
        WHERE name = 'DeliveryDelivered' AND NOT is_return OR name = 'DeliveryReturned'), 0)
FROM counted GROUP BY shipper_id, day
ON CONFLICT (market_id, shipper_id, day) DO UPDATE SET
    delivered_first = shipper_day.delivered_first + excluded.delivered_first,
    attempted_first = shipper_day.attempted_first + excluded.attempted_first,
    attempts = shipper_day.attempts + excluded.attempts,
    redelivered = shipper_day.redelivered + excluded.redelivered,
    left_safe = shipper_day.left_safe + excluded.left_safe,
    returned = shipper_day.returned + excluded.returned,
    discarded = shipper_day.discarded + excluded.discarded,
    return_minor = shipper_day.return_minor + excluded.return_minor,
    redelivery_minor = shipper_day.redelivery_minor + excluded.redelivery_minor
"""
COUNT_REASONS = """
INSERT INTO attempt_day (id, market_id, shipper_id, day, reason, attempts, waited_s)
SELECT md5($1::text || shipper_id::text || day::text || reason)::uuid, $1, shipper_id, day, reason, count(*),
       coalesce(sum(waited_s), 0)
FROM (SELECT e.shipper_id, (e.occurred_at AT TIME ZONE $4)::date AS day, e.payload->>'reason' AS reason,
             (e.payload->>'waited_s')::bigint AS waited_s
      FROM event e WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3 AND e.name = 'DeliveryAttempted')
     AS told
GROUP BY shipper_id, day, reason
ON CONFLICT (market_id, shipper_id, day, reason) DO UPDATE SET
    attempts = attempt_day.attempts + excluded.attempts, waited_s = attempt_day.waited_s + excluded.waited_s
"""
FIGURES = """
SELECT coalesce(json_agg(each.tree), '[]') FROM (
    SELECT json_build_object(
        'day', d.day, 'shipper_id', 'shp_' || replace(d.shipper_id::text, '-', ''),
        'delivered_first', d.delivered_first, 'attempted_first', d.attempted_first, 'attempts', d.attempts,
        'first_attempt_percent', round(100.0 * d.delivered_first / nullif(d.delivered_first + d.attempted_first, 0), 1),
        'redelivered', d.redelivered, 'left_safe', d.left_safe, 'returned', d.returned, 'discarded', d.discarded,
        'return_minor', d.return_minor, 'redelivery_minor', d.redelivery_minor, 'currency', m.currency,
        'reasons', (SELECT coalesce(json_agg(json_build_object(
            'reason', a.reason, 'attempts', a.attempts, 'waited_s', a.waited_s) ORDER BY a.attempts DESC, a.reason),
            '[]')
            FROM attempt_day a
            WHERE a.market_id = d.market_id AND a.shipper_id = d.shipper_id AND a.day = d.day)) AS tree
    FROM shipper_day d JOIN market m ON m.id = d.market_id
    WHERE d.market_id = $1 AND ($2::uuid IS NULL OR d.shipper_id = $2) AND d.day BETWEEN $3 AND $4
    ORDER BY d.day DESC, d.shipper_id LIMIT $5) each
"""


class BadDays(Invalid):
    """Days that are in the wrong order, or too many."""

    code = "BAD_DAYS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """From one local day to another, both counted."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < MOST_DAYS:
            raise BadDays(f"days are in order and at most {MOST_DAYS}", field="firstDay")


async def attempt_figures(
    connection: asyncpg.Connection, *, market_id: UUID, days: Days, shipper_id: UUID | None = None
) -> Sequence[dict[str, Any]]:
    """The figures of each shipper and day, latest day first: of one shipper, or of all for operations."""
    text = await connection.fetchval(FIGURES, market_id, shipper_id, days.first, days.last, MOST_ROWS)
    return [row | {"day": date.fromisoformat(row["day"])} for row in orjson.loads(text)]
