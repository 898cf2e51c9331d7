"""What time brings by itself: rows that say what becomes due when. The sandbox works them off in their order."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.records import PLATFORM


def put_due(call: Call, kind: str, key: str, moment: int) -> None:
    """Has something done to an object at a moment; again for the same object means at the new moment instead."""
    call.draft.add("due", {"id": f"{kind}:{key}", "_account": PLATFORM, "kind": kind, "key": key, "at": moment})


def drop_due(call: Call, kind: str, key: str) -> None:
    """Takes it back."""
    call.draft.remove("due", f"{kind}:{key}")
