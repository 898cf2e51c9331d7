"""What a contracted company's drivers were paid, for the company's own dispatchers: totals, and nobody's parcels."""

from typing import Any
from uuid import UUID

from marketplace.core.work import Work

STATEMENTS_AT_MOST = 200
# Whose drivers they are is in the condition, never in an argument.
STATEMENTS = """
SELECT 'stm_' || replace(s.id::text, '-', '') AS id, 'drv_' || replace(s.driver_id::text, '-', '') AS driver_id,
       'rte_' || replace(s.route_id::text, '-', '') AS route_id, s.kind, s.state,
       s.total_minor, s.currency, s.created_at
FROM pay_statement s JOIN driver d ON d.id = s.driver_id
WHERE d.company_id = (SELECT company_id FROM dispatcher WHERE id = $1)
ORDER BY s.id DESC LIMIT $2
"""


async def company_pay(work: Work, *, dispatcher_id: UUID) -> list[dict[str, Any]]:
    """The latest pay statements of the drivers of the company of the dispatcher who asks, at most 200."""
    return [dict(row) for row in await work.fetch(STATEMENTS, dispatcher_id, STATEMENTS_AT_MOST)]
