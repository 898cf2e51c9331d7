"""What webhooks can be told, and in which words: facts about the shipper's own deliveries, never about people.

A field of an event is told only if it stands here. What is not here, such as the route that other shippers' parcels are
on too, stays inside.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.ids import to_wire
from marketplace.webhooks.courier import LARGEST_BODY

TEST_EVENT = "TestEvent"

WEBHOOK_EVENTS = frozenset(
    {
        "DeliveryPosted",
        "DeliveryPlaced",
        "AddressDoubted",
        "WindowChanged",
        "ArrivalChanged",
        "LateRiskRaised",
        "DeliveryOffered",
        "DeliveryUnplanned",
        "DeliveryAssigned",
        "DeliveryMoved",
        "DeliveryDelivered",
        "DeliveryAttempted",
        "DeliveryRescheduled",
        "DeliveryRequeued",
        "DeliveryReturning",
        "DeliveryReturned",
        "DeliveryCancelled",
        "DeliveryExpired",
        "DeliveryFailed",
        "RecurringBatchChanged",
        "OccurrencePosted",
        "OccurrenceSkipped",
        "OccurrenceRefused",
        "HandOverPointChosen",
        "ParcelWaits",
        "ParcelCollected",
        "ParcelUncollected",
        "ParcelSentBack",
    }
)
"""Events of a delivery, or of a recurring batch, that a webhook may be told of."""

PLAIN_FIELDS = {
    "occurred_at": "occurredAt",
    "reason": "reason",
    "is_on_time": "isOnTime",
    "opens_at": "opensAt",
    "closes_at": "closesAt",
    "expected_at": "expectedAt",
    "late_percent": "latePercent",
    "state": "state",
    "day": "day",
    "version": "version",
    "posted_count": "postedCount",
    "refused_count": "refusedCount",
}
ID_FIELDS = {
    "batch_id": ("batchId", "batch"),
    "driver_id": ("driverId", "driver"),
    "return_id": ("returnId", "delivery"),
    "recurring_batch_id": ("recurringBatchId", "recurring_batch"),
    "point_id": ("pointId", "hand_over_point"),
}


def body_of(
    name: str,
    *,
    event_id: UUID,
    occurred_at: datetime,
    payload: Mapping[str, Any],
    market_id: UUID,
    delivery_id: UUID | None = None,
    external_id: str | None = None,
) -> str:
    """The JSON text of a message: type, time, the delivery with its place in its own order, and what is told of it."""
    told: dict[str, Any] = {"eventId": to_wire("event", event_id), "marketId": to_wire("market", market_id)}
    if delivery_id is not None:
        told |= {
            "deliveryId": to_wire("delivery", delivery_id),
            "externalId": external_id,
            "sequence": payload.get("sequence"),
            "state": payload.get("state"),
        }
    told |= {shown: payload[name] for name, shown in PLAIN_FIELDS.items() if payload.get(name) is not None}
    told |= {
        shown: to_wire(noun, UUID(payload[name]))
        for name, (shown, noun) in ID_FIELDS.items()
        if payload.get(name) is not None
    }
    body = orjson.dumps({"type": name, "timestamp": occurred_at, "data": told}, option=orjson.OPT_UTC_Z)
    assert len(body) <= LARGEST_BODY, "a message is short: ids and a few values"
    return body.decode()
