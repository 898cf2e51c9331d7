"""Deliveries: one event on its way to one endpoint, as rows, so that a killed stand-in still owes what it owed.

Scripted faults act here: an event may be doubled, held back, dropped, forged, or signed at the wrong time.
"""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.faults import take_webhook_fault
from marketplace.adapters.stripe_sandbox.records import Record

RETRY_AFTER_S = (60, 300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200)
"""Waits between tries, nearly three days in all; then the event is given up."""
WAITING, DELIVERED, HELD, DROPPED, GIVEN_UP = "waiting", "delivered", "held", "dropped", "given_up"
DOUBLE_AFTER_S = 5


def queue_delivery(call: Call, endpoint: Record, event: Record) -> None:
    """Puts an event on its way to an endpoint, as the faults want it; what was held back follows after it."""
    fault = take_webhook_fault(call, event["type"])
    kind = fault["fault"] if fault else None
    first = _add(call, endpoint, event, fault=kind)
    if kind == "drop":
        first["state"] = DROPPED
    elif kind == "delay" and fault:
        first["at"] += int(fault["delay_s"])
    elif kind == "duplicate" and fault:
        for copy in range(1, int(fault["copies"])):
            _add(call, endpoint, event)["at"] += DOUBLE_AFTER_S * (copy - 1)
    elif kind == "forged":
        _add(call, endpoint, event)
    elif kind == "reorder":
        first["state"] = HELD
        call.draft.add("held", {"id": first["id"], "_account": event["_account"], "endpoint": endpoint["id"]})
        return
    release_held(call, endpoint["id"], behind=first["at"])


def release_held(call: Call, endpoint_id: str, *, behind: int) -> None:
    """Lets go what was held back, so that it arrives after what happened later."""
    for row in [row for row in call.draft.rows("held") if row["endpoint"] == endpoint_id]:
        held = call.draft.get("delivery", row["id"])
        assert held is not None
        held["state"], held["at"], held["place"] = WAITING, behind, _next_place(call)
        call.draft.remove("held", row["id"])


def record_try(call: Call, delivery_id: str, *, status: int | None) -> None:
    """Notes what an endpoint answered: done, tried again later, or given up; None stands for no answer."""
    delivery = call.draft.get("delivery", delivery_id)
    assert delivery is not None
    delivery["attempts"] += 1
    delivery["last_status"] = status
    if delivery["fault"] == "forged":
        delivery["state"] = DELIVERED if status is not None else GIVEN_UP
    elif status is not None and 200 <= status < 300:
        delivery["state"] = DELIVERED
        event = call.draft.get("event", delivery["event"])
        if event is not None:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
    elif delivery["attempts"] > len(RETRY_AFTER_S):
        delivery["state"] = GIVEN_UP
    else:
        delivery["at"] = call.now + RETRY_AFTER_S[delivery["attempts"] - 1]
        delivery["fault"] = None


def _add(call: Call, endpoint: Record, event: Record, fault: str | None = None) -> Record:
    return call.draft.add(
        "delivery",
        {
            "id": call.new_id("del"),
            "_account": event["_account"],
            "endpoint": endpoint["id"],
            "event": event["id"],
            "type": event["type"],
            "state": WAITING,
            "at": call.now,
            "place": _next_place(call),
            "attempts": 0,
            "last_status": None,
            "fault": fault,
        },
    )


def _next_place(call: Call) -> int:
    """Deliveries that are due at the same second leave in this order."""
    counter = call.draft.get("counter", "delivery") or call.draft.add("counter", {"id": "delivery", "value": 0})
    counter["value"] += 1
    return int(counter["value"])
