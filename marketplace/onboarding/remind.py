"""Reminds drivers of papers that end soon, once for each paper, while there is time to hand in the next one."""

from datetime import timedelta

from marketplace.core.work import Work
from marketplace.fleet.events import DocumentExpiring

AHEAD = timedelta(days=14)
AT_ONCE = 200

# One who has handed in a later paper of the kind is not reminded of the earlier.
CLAIM = """
WITH ending AS (
    SELECT id FROM driver_document
    WHERE state = 'ACCEPTED' AND told_at IS NULL AND expires_at <= $2 AND expires_at > $1
    ORDER BY expires_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE driver_document d SET told_at = $1 FROM ending WHERE d.id = ending.id
RETURNING d.id, d.market_id, d.driver_id, d.kind, d.expires_at,
          EXISTS (SELECT 1 FROM driver_document n WHERE n.driver_id = d.driver_id AND n.kind = d.kind
                  AND n.state IN ('UPLOADED', 'ACCEPTED') AND n.expires_at > d.expires_at) AS has_next
"""


async def remind_of_documents(work: Work, *, limit: int = AT_ONCE) -> int:
    """Tells of papers that end within two weeks and returns how many were looked at."""
    rows = await work.fetch(CLAIM, work.now, work.now + AHEAD, limit)
    for row in sorted(rows, key=lambda row: (row["expires_at"], row["id"])):
        if not row["has_next"]:
            work.emit(
                DocumentExpiring(
                    market_id=row["market_id"],
                    driver_id=row["driver_id"],
                    document_id=row["id"],
                    kind=row["kind"],
                    expires_at=row["expires_at"],
                )
            )
    return len(rows)
