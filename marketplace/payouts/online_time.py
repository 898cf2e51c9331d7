"""When drivers were online, from what was told when they came and went."""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.pricing import Span, clipped

LONGEST_ONLINE = timedelta(days=2)
"""Nobody is online longer without being told to be offline: what began before that has ended before the period."""

COMINGS = """
SELECT driver_id, name, occurred_at FROM event
WHERE market_id = $1 AND name IN ('DriverWentOnline', 'DriverWentOffline') AND occurred_at >= $2 AND occurred_at < $3
ORDER BY occurred_at, ordinal
"""


async def find_online_time(work: Work, *, market_id: UUID, within: Span) -> dict[UUID, list[Span]]:
    """The spans in which each driver of a market was online, cut to a period."""
    rows = await work.fetch(COMINGS, market_id, within[0] - LONGEST_ONLINE, within[1])
    since: dict[UUID, datetime] = {}
    spans: dict[UUID, list[Span]] = {}
    for row in rows:
        if row["name"] == "DriverWentOnline":
            since.setdefault(row["driver_id"], row["occurred_at"])
        elif (began := since.pop(row["driver_id"], None)) is not None:
            spans.setdefault(row["driver_id"], []).append((began, row["occurred_at"]))
    for driver_id, began in since.items():
        spans.setdefault(driver_id, []).append((began, within[1]))
    return {driver_id: cut for driver_id, found in spans.items() if (cut := clipped(found, within))}
