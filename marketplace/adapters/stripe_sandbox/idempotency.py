"""Idempotency keys as Stripe's first version keeps them: the first answer repeats, for a day."""

from dataclasses import dataclass
from hashlib import sha256

import orjson

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import Record

KEPT_S = 86_400
LONGEST_KEY = 255
MISMATCH = "idempotency_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The first answer under a key."""

    status: int
    body: str
    request_id: str


def check_key(key: str) -> None:
    """Refuses a key that Stripe would not take."""
    if len(key) > LONGEST_KEY:
        raise StripeError(f"Idempotency keys may be up to {LONGEST_KEY} characters long.", kind=MISMATCH)


def recall(call: Call, key: str, path: str) -> Saved | None:
    """The answer that a key has; a StripeError where the key stood for something else."""
    record = call.draft.get("saved", _row_id(call.account, key))
    if record is None or record["at"] + KEPT_S <= call.now:
        return None
    if record["path"] != path:
        raise StripeError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for"
            f" ('{path}' vs '{record['path']}'). Try using a key other than '{key}'.",
            kind=MISMATCH,
        )
    if record["digest"] != digest(call.params):
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try"
            f" using a key other than '{key}' if you meant to execute a different request.",
            kind=MISMATCH,
        )
    return Saved(status=record["status"], body=record["body"], request_id=record["request_id"])


def remember(call: Call, key: str, path: str, answer: Saved) -> None:
    """Keeps the first answer in the same draft as what it did: both are true or none."""
    call.draft.remove("saved", _row_id(call.account, key))
    call.draft.add(
        "saved",
        {
            "id": _row_id(call.account, key),
            "_account": call.account,
            "path": path,
            "digest": digest(call.params),
            "at": call.now,
            "status": answer.status,
            "body": answer.body,
            "request_id": answer.request_id,
        },
    )


def forget(call: Call, keys: list[str] | None = None) -> int:
    """Prunes keys of every account, the named ones or all, as Stripe may do after a day; returns how many."""
    rows = [row["id"] for row in call.draft.rows("saved") if keys is None or row["id"].split(":", 1)[1] in keys]
    for row in rows:
        call.draft.remove("saved", row)
    return len(rows)


def in_use(key: str) -> StripeError:
    """Another request is being carried out under this key."""
    return StripeError(
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted"
        f" twice, and the other request is still going through): {key}. Please try again later.",
        status=409,
        code="idempotency_key_in_use",
    )


def digest(params: Record) -> str:
    """What the parameters are compared by."""
    return sha256(orjson.dumps(params, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _row_id(account: str, key: str) -> str:
    return f"{account}:{key}"
