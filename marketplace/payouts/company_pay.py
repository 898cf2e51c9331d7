"""What a contracted company is paid for what its people drove, for the company's own dispatchers: nobody's parcels."""

from typing import Any
from uuid import UUID

from marketplace.core.work import Work

STATEMENTS_AT_MOST = 200
PAYOUTS_AT_MOST = 100
# Whose pay it is was written down with the work: a driver who has left since leaves the pay behind, and one who has
# come brings none along. Tips are the drivers' own. Which company asks is in the condition, never in an argument.
STATEMENTS = """
SELECT 'stm_' || replace(s.id::text, '-', '') AS id, 'drv_' || replace(s.driver_id::text, '-', '') AS driver_id,
       'rte_' || replace(s.route_id::text, '-', '') AS route_id,
       'pay_' || replace(s.payout_id::text, '-', '') AS payout_id,
       s.kind, s.state, s.total_minor, s.currency, s.created_at
FROM pay_statement s WHERE s.company_id = (SELECT company_id FROM dispatcher WHERE id = $1)
ORDER BY s.id DESC LIMIT $2
"""
PAYOUTS = """
SELECT 'pay_' || replace(p.id::text, '-', '') AS id, p.state, p.method, p.amount_minor, p.fee_minor, p.currency,
       p.created_at,
       CASE WHEN p.state IN ('PAID', 'FAILED', 'REVERSED') THEN p.settled_at END AS settled_at,
       CASE WHEN p.state IN ('FAILED', 'ON_HOLD') THEN p.reason END AS reason
FROM payout p WHERE p.company_id = (SELECT company_id FROM dispatcher WHERE id = $1)
  AND ($3::uuid IS NULL OR p.id = $3)
ORDER BY p.id DESC LIMIT $2
"""


async def company_pay(work: Work, *, dispatcher_id: UUID) -> list[dict[str, Any]]:
    """The latest pay statements of the company of the dispatcher who asks, at most 200."""
    return [dict(row) for row in await work.fetch(STATEMENTS, dispatcher_id, STATEMENTS_AT_MOST)]


async def company_payouts(work: Work, *, dispatcher_id: UUID, payout_id: UUID | None = None) -> list[dict[str, Any]]:
    """The latest payouts to the company of the dispatcher who asks, at most 100, or the one that is named."""
    return [dict(row) for row in await work.fetch(PAYOUTS, dispatcher_id, PAYOUTS_AT_MOST, payout_id)]
