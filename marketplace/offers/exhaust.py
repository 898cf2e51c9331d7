"""A wave whose every offer has ended without a yes is exhausted, and the search goes on."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.core.work import Work
from marketplace.offers.events import WaveExhausted

LOCK = "SELECT id FROM wave WHERE id = ANY($1) ORDER BY id FOR UPDATE"
# A statement of its own after the lock: of two last answers at once, the second one sees the first.
EXHAUST = """
UPDATE wave w SET state = 'EXHAUSTED', closed_at = $2
WHERE w.id = ANY($1) AND w.state = 'OPEN'
  AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.wave_id = w.id AND o.state IN ('SENT', 'VIEWED', 'ACCEPTED'))
RETURNING w.id, w.market_id, w.route_id, w.number
"""


async def exhaust_waves(work: Work, wave_ids: Sequence[UUID]) -> int:
    """Closes those of the waves that have nobody left to answer."""
    if not wave_ids:
        return 0
    ordered = sorted(set(wave_ids))
    await work.execute(LOCK, ordered)
    rows = await work.fetch_sorted(EXHAUST, ordered, work.now)
    for row in rows:
        work.emit(
            WaveExhausted(market_id=row["market_id"], route_id=row["route_id"], wave_id=row["id"], number=row["number"])
        )
    return len(rows)
