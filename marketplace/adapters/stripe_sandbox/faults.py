"""Scripted faults: what shall go wrong with which requests and which events, how often, and from when on.

Scripts are kept with the rest of the state, so a storm goes on where a kill has cut it.
"""

import random
from fnmatch import fnmatchcase

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record

REQUEST_FAULTS = {
    "timeout_before": "The request hangs and is never carried out.",
    "timeout_after": "The request is carried out and kept under its key; no answer comes.",
    "reset_before": "The connection is reset before anything is done.",
    "reset_after": "The request is carried out and kept under its key; then the connection is reset.",
    "error_unsaved": "5xx before anything is done; the key is not used up.",
    "error_saved": "5xx before anything is done; the key repeats it for ever, as Stripe's first version does.",
    "error_after": "The request is carried out, the answer is a 5xx; the key has the true answer.",
    "error_after_saved": "The request is carried out, the answer is a 5xx, and the key repeats the 5xx.",
    "conflict": "409: the key is said to be in use.",
    "rate_limit": "429 before anything is done.",
    "slow": "The answer comes after `delay_s` real seconds; meanwhile its key is in use.",
}
WEBHOOK_FAULTS = {
    "duplicate": "The event is delivered `copies` times.",
    "reorder": "The event is held back until the next one for its endpoint has left.",
    "delay": "The event leaves `delay_s` seconds later.",
    "drop": "The event never leaves.",
    "forged": "Somebody without the secret sends an altered copy first.",
    "old_timestamp": "The first try is signed an hour ago.",
    "future_timestamp": "The first try is signed a day ahead.",
    "other_version": "The event comes in another version of the interface.",
}
DEFAULTS: Record = {
    "times": 1,
    "after": 0,
    "probability": 1.0,
    "seed": 1,
    "status": 500,
    "should_retry": None,
    "delay_s": 30.0,
    "copies": 2,
    "account": None,
    "key": None,
}
"""`times` it strikes at most, not counting the first `after`; `account` and `key` (a pattern) narrow whom it meets."""


def script_fault(call: Call, target: str, script: Record) -> Record:
    """Adds a script. `target` is `requests` or `webhooks`; `match` is a pattern of operation or event type."""
    known = REQUEST_FAULTS if target == "requests" else WEBHOOK_FAULTS
    strange = script.keys() - DEFAULTS.keys() - {"fault", "match"}
    if script.get("fault") not in known or strange:
        raise StripeError(
            f"A fault needs `fault`, one of {', '.join(known)}; may have `match` and {', '.join(DEFAULTS)}."
        )
    row = DEFAULTS | {"match": "*"} | script
    return call.draft.add(
        "fault", row | {"id": call.new_id("fault"), "_account": PLATFORM, "target": target, "seen": 0, "done": 0}
    )


def take_request_fault(call: Call, operation: str) -> Record | None:
    """The fault that this request meets, if any; the oldest script goes first."""
    return _take(call, "requests", operation)


def take_webhook_fault(call: Call, kind: str) -> Record | None:
    """The fault that this event meets on its way to an endpoint, if any."""
    return _take(call, "webhooks", kind)


def _is_meant(row: Record, call: Call, name: str) -> bool:
    is_of_key = row["key"] is None or fnmatchcase(call.idempotency_key or "", row["key"])
    return is_of_key and fnmatchcase(name, row["match"]) and row["account"] in {None, call.account}


def _take(call: Call, target: str, name: str) -> Record | None:
    for row in reversed(list(call.draft.rows("fault"))):
        if row["target"] != target or row["done"] >= row["times"] or not _is_meant(row, call, name):
            continue
        script = call.draft.get("fault", row["id"])
        assert script is not None
        script["seen"] += 1
        if script["seen"] <= script["after"]:
            continue
        # The draw depends on the script and its own count alone, so a storm is the same storm again.
        if random.Random(f"{script['seed']}:{script['seen']}").random() < script["probability"]:  # noqa: S311 - no secret
            script["done"] += 1
            return script
    return None
