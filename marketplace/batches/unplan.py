"""Deliveries leave a route before their pickup and wait to be planned again."""

from datetime import timedelta
from uuid import UUID

from marketplace.batches.events import DeliveryUnplanned
from marketplace.batches.states import DeliveryState, UnassignedReason
from marketplace.core.work import Work

UNPLAN = """
UPDATE delivery SET state = 'SCHEDULED', route_id = NULL, unassigned_reason = $2, plan_after = $3,
       sequence = sequence + 1, changed_at = $4
WHERE route_id = $1 AND state IN ('OFFERING', 'ASSIGNED', 'EN_ROUTE_TO_PICKUP', 'ARRIVED_AT_PICKUP')
RETURNING id, market_id, shipper_id, batch_id, sequence
"""


async def unplan_deliveries(work: Work, *, route_id: UUID, reason: UnassignedReason, wait: timedelta) -> int:
    """Takes all deliveries that are not picked up yet off a route; the caller holds the route's lock."""
    rows = await work.fetch_sorted(UNPLAN, route_id, reason.value, work.now + wait, work.now)
    for row in rows:
        work.emit(
            DeliveryUnplanned(
                market_id=row["market_id"],
                shipper_id=row["shipper_id"],
                delivery_id=row["id"],
                batch_id=row["batch_id"],
                sequence=row["sequence"],
                state=DeliveryState.SCHEDULED,
                reason=reason.value,
            )
        )
    return len(rows)
