"""How long drivers were on call: online, from what was told when they came and went, and without a route."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.markets import DatedPolicy
from marketplace.pricing import Span, clipped, joined, length, seconds

LONGEST_ONLINE = timedelta(days=2)
"""Nobody is online longer without being told to be offline: what began before that has ended before the period."""
PLANNED_BEFORE = timedelta(days=7)

COMINGS = """
SELECT driver_id, name, occurred_at FROM event
WHERE market_id = $1 AND name IN ('DriverWentOnline', 'DriverWentOffline') AND occurred_at >= $2 AND occurred_at < $3
ORDER BY occurred_at, ordinal
"""
# Ids carry the time at which a route was planned, which is never long before it was driven.
DRIVEN = """
SELECT driver_id, accepted_at, coalesce(ended_at, $5) AS ended_at FROM route
WHERE market_id = $1 AND driver_id = ANY($2) AND id >= $3 AND state IN ('ASSIGNED', 'STARTED', 'COMPLETED')
  AND coalesce(ended_at, $5) > $4 AND accepted_at < $5
"""


async def find_on_call_time(
    work: Work, *, market_id: UUID, within: Span, policies: Sequence[DatedPolicy]
) -> dict[UUID, dict[int, int]]:
    """Seconds on call of each driver within a period, under each pay policy that was in force meanwhile."""
    online = await _online(work, market_id, within)
    driven = await _driven(work, market_id, within, sorted(online))
    found: dict[UUID, dict[int, int]] = {}
    for driver_id, spans in sorted(online.items()):
        for dated in policies:
            in_force = (dated.effective_from, dated.effective_until or within[1])
            busy = clipped(driven.get(driver_id, []), in_force)
            free = length(joined([*clipped(spans, in_force), *busy])) - length(joined(busy))
            if free:
                found.setdefault(driver_id, {})[dated.policy.version] = seconds(free)
    return found


async def _online(work: Work, market_id: UUID, within: Span) -> dict[UUID, list[Span]]:
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


async def _driven(work: Work, market_id: UUID, within: Span, driver_ids: Sequence[UUID]) -> dict[UUID, list[Span]]:
    planned_after = UUID(int=int((within[0] - PLANNED_BEFORE).timestamp() * 1000) << 80)
    spans: dict[UUID, list[Span]] = {}
    for row in await work.fetch(DRIVEN, market_id, driver_ids, planned_after, *within):
        spans.setdefault(row["driver_id"], []).append((row["accepted_at"], row["ended_at"]))
    return {driver_id: clipped(found, within) for driver_id, found in spans.items()}
