"""Which places of windows are held or booked at a time."""

from uuid import UUID

from marketplace.core.window import Window
from marketplace.core.work import Work

HOLDS = """
SELECT id FROM window_hold
WHERE market_id = $1 AND state IN ('HELD', 'BOOKED') AND opens_at < $3 AND closes_at > $2
"""


async def holds_in(work: Work, *, market_id: UUID, span: Window) -> frozenset[UUID]:
    """Every place of a market that is held or booked in a span."""
    return frozenset(row["id"] for row in await work.fetch(HOLDS, market_id, span.opens_at, span.closes_at))
