"""Events as Stripe signs them: the raw body is verified before it is read, and what it says is only a hint."""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from marketplace.core.errors import Invalid
from marketplace.payments import BadSignature, Endpoint, ReceivedEvent

Secrets = Callable[[Endpoint], Sequence[str]]
"""What events of an endpoint are signed with, as it is now: while one secret follows another there are two."""
TOLERANCE_S = 300
"""An event signed longer ago than this, or further ahead of our clock, is not taken; the package takes the latter."""
LONGEST_NAME = 80
NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,80}")
HEADER_PART = re.compile(r"\s*([a-z0-9]{1,10})=([0-9A-Za-z]{1,200})\s*")
MOST_PARTS = 20

SHOWN_ON: Mapping[str, tuple[str, str]] = {
    "charge": ("payment_intent", "payment_intent"),
    "invoice_payment": ("invoice", "invoice"),
    "capability": ("account", "account"),
    "bank_account": ("account", "account"),
    "card": ("account", "account"),
    "person": ("account", "account"),
}
"""Events about a part of something, and the field that names what is read again in its place."""


def read_signed_event(
    body: bytes, signature: str, *, endpoint: Endpoint, secrets: Sequence[str], now: datetime
) -> ReceivedEvent:
    """The event of a body whose signature is right. Raises BadSignature, or Invalid where it is no such event."""
    verify(body, signature, secrets=secrets, now=now)
    try:
        event = orjson.loads(body)
        shown: Any = event["data"]["object"]
        kind, name = _subject(event, shown)
        return ReceivedEvent(
            id=_name(event["id"]),
            endpoint=endpoint,
            account=_name(event["account"]) if event.get("account") else None,
            type=_name(event["type"]),
            api_version=_name(event["api_version"]) if event.get("api_version") else None,
            object_kind=_name(kind),
            object_id=_name(name) if name else "",
            created_at=datetime.fromtimestamp(int(event["created"]), UTC),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as problem:
        raise Invalid("this is not an event with a snapshot of its object") from problem


def fixed_secrets(platform: Sequence[str], connect: Sequence[str]) -> Secrets:
    """Secrets that do not change while the process runs; of several, each is good, so that one can follow another."""
    kept = {Endpoint.PLATFORM: tuple(platform), Endpoint.CONNECT: tuple(connect)}
    return kept.__getitem__


def sign(body: bytes, *, secret: str, now: datetime) -> str:
    """The header of a body that is signed with a secret at a moment, for whoever plays Stripe."""
    signed_at = str(int(now.timestamp()))
    return f"t={signed_at},v1={_digest(secret, signed_at, body)}"


def verify(body: bytes, signature: str, *, secrets: Sequence[str], now: datetime) -> None:
    """Raises BadSignature unless one of the secrets has signed this body, near enough to now."""
    parts = [HEADER_PART.fullmatch(part) for part in signature.split(",")[:MOST_PARTS]]
    named = [(part[1], part[2]) for part in parts if part is not None]
    times = [value for name, value in named if name == "t"]
    signatures = [value.encode() for name, value in named if name == "v1"]
    if len(times) != 1 or not times[0].isdigit() or not signatures:
        raise BadSignature("the Stripe-Signature header has no time or no signature")
    if not secrets:
        raise BadSignature("no secret is set for this endpoint, so nothing that comes in can be believed")
    expected = [_digest(secret, times[0], body).encode() for secret in secrets if secret]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures]
    if not any(matches):
        raise BadSignature("nobody with the secret of this endpoint has signed this event")
    if abs(int(times[0]) - now.timestamp()) > TOLERANCE_S:
        raise BadSignature("the event was signed too long ago, or ahead of time")


def _digest(secret: str, signed_at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), signed_at.encode() + b"." + body, sha256).hexdigest()


def _subject(event: Any, shown: Any) -> tuple[str, str | None]:
    """What is to be read again: the object itself, or the one that it is a part of."""
    kind = shown["object"]
    if kind in SHOWN_ON:
        whole, field = SHOWN_ON[kind]
        name = shown.get(field) or (event.get("account") if whole == "account" else None)
        return (whole, name) if name else (kind, shown["id"])
    return kind, shown.get("id")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("not a name")
    return value
