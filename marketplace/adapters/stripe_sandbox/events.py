"""Events: what happened to which object, kept for `GET /v1/events` and handed to every endpoint that asked for it."""

from typing import Any

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.deliveries import queue_delivery
from marketplace.adapters.stripe_sandbox.records import API_VERSION, PLATFORM, Record, plain
from marketplace.adapters.stripe_sandbox.views import view


def emit(call: Call, kind: str, record: Record, **previous: Any) -> Record:
    """Tells what happened on the call's account, with the object as it is now."""
    content: Record = {"object": view(call, record)}
    if previous:
        content["previous_attributes"] = previous
    event: Record = {
        "id": call.new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": call.now,
        "data": content,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": kind,
    }
    if call.account != PLATFORM:
        event["account"] = call.account
    event = call.add("event", event)
    endpoints = [endpoint for endpoint in call.draft.rows("webhook_endpoint") if wants(endpoint, call.account, kind)]
    event["pending_webhooks"] = len(endpoints)
    for endpoint in reversed(endpoints):
        queue_delivery(call, endpoint, event)
    return event


def wants(endpoint: Record, account: str, kind: str) -> bool:
    """Whether an endpoint is to hear of it: its own kinds, of connected accounts or of the platform, never of both."""
    is_of_connected = account != PLATFORM
    kinds = endpoint["enabled_events"]
    return (
        endpoint["status"] == "enabled" and endpoint["_connect"] == is_of_connected and ("*" in kinds or kind in kinds)
    )


def plain_event(event: Record) -> Record:
    """The event as it goes over the wire."""
    return plain(event)
