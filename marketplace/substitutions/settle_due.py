"""Where a recipient has not answered in time nothing else is sent: the line asked for an answer."""

from marketplace.core.work import Work
from marketplace.substitutions.swap import settle

DUE = """
SELECT u.*, k.code, b.code AS by_code FROM substitution u
JOIN sku k ON k.id = u.sku_id JOIN sku b ON b.id = u.by_sku_id
WHERE u.state = 'PROPOSED' AND u.answer_due_at <= $1 ORDER BY u.answer_due_at, u.id LIMIT $2
FOR UPDATE OF u SKIP LOCKED
"""


async def settle_due(work: Work, *, limit: int = 100) -> int:
    """Leaves out what nobody has answered about; returns how many lines that were."""
    lines = await work.fetch(DUE, work.now, limit)
    for line in lines:
        await settle(work, line, line["by_sku_id"], line["by_code"], is_wanted=False)
    return len(lines)
