"""A slow, obvious count of everything a market has done, from the records themselves and not from the event log."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.work import Work

RECOUNT = """
WITH own AS (SELECT state FROM delivery WHERE market_id = $1 AND return_of IS NULL),
     asked AS (SELECT state FROM offer WHERE market_id = $1),
     driven AS (SELECT state FROM route WHERE market_id = $1),
     sent AS (SELECT state, driver_id, amount_minor FROM payout WHERE market_id = $1),
     owed AS (SELECT state, kind FROM pay_statement WHERE market_id = $1)
SELECT (SELECT count(*) FROM own) AS posted,
       (SELECT count(*) FROM own WHERE state = 'DELIVERED') AS delivered,
       (SELECT count(*) FROM own WHERE state IN ('FAILED', 'EXPIRED')) AS failed,
       (SELECT count(*) FROM own WHERE state = 'RETURNED') AS returned,
       (SELECT count(*) FROM own WHERE state = 'CANCELLED') AS cancelled,
       (SELECT count(*) FROM asked) AS offers_sent,
       (SELECT count(*) FROM asked WHERE state = 'ACCEPTED') AS offers_accepted,
       (SELECT count(*) FROM asked WHERE state = 'DECLINED') AS offers_declined,
       (SELECT count(*) FROM asked WHERE state = 'EXPIRED') AS offers_expired,
       (SELECT count(*) FROM driven WHERE state = 'COMPLETED') AS routes_completed,
       (SELECT count(*) FROM owed WHERE state = 'HELD') AS statements_held,
       (SELECT count(DISTINCT driver_id) FROM sent WHERE state = 'PAID') AS drivers_paid,
       (SELECT coalesce(sum(amount_minor), 0)::bigint FROM sent WHERE state = 'PAID') AS paid_minor,
       NOT EXISTS (SELECT FROM driven WHERE state IN ('ASSIGNED', 'STARTED'))
         AND (SELECT count(*) FROM driven WHERE state = 'COMPLETED') = (SELECT count(*) FROM owed WHERE kind = 'ROUTE')
         AND NOT EXISTS (SELECT FROM owed WHERE state = 'PAYABLE')
         AND NOT EXISTS (SELECT FROM sign_up
                         WHERE market_id = $1 AND state = 'SIGNED' AND checked_in_at IS NOT NULL)
         AND NOT EXISTS (SELECT FROM sent WHERE state IN ('SCHEDULED', 'IN_TRANSIT')) AS is_settled
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """What became of everything; `is_settled` when nobody is under way and everybody is paid."""

    posted: int
    delivered: int
    failed: int
    returned: int
    cancelled: int
    offers_sent: int
    offers_accepted: int
    offers_declined: int
    offers_expired: int
    routes_completed: int
    statements_held: int
    drivers_paid: int
    paid_minor: int
    is_settled: bool


async def recount_market(work: Work, *, market_id: UUID) -> Recount:
    """Counts a market anew; for demos, tests and audits, never for a page that is asked often."""
    row = await work.fetch_row(RECOUNT, market_id)
    assert row is not None
    return Recount(**dict(row))
