"""A browser and its push service in one: it opens what was enciphered for it and checks who signed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import http_ece
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from marketplace.core.clock import machine
from marketplace.core.notifier import Push

AUTH = b"sixteen bytes !!"
LONGEST_SIGNATURE = timedelta(hours=24)


def without_padding(value: bytes) -> str:
    """Base64url as browsers write it."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def read(part: str) -> Any:
    """A part of a token."""
    return orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@dataclass
class BrowserDouble:
    """Has the keys of one subscription, as a browser would."""

    place: str
    allowed_key: str = ""
    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    @property
    def endpoint(self) -> str:
        """Where its push service listens."""
        return f"http://{self.place}/push/one"

    @property
    def p256dh(self) -> str:
        """Its public key."""
        return without_padding(self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def auth(self) -> str:
        """Its secret."""
        return without_padding(AUTH)

    def push(self, *, topic: str = "t" * 32, is_urgent: bool = True, keeps_s: int = 600) -> Push:
        """How a message reaches it."""
        return Push(
            browser_id=UUID(int=7),
            endpoint=self.endpoint,
            p256dh=self.p256dh,
            auth=self.auth,
            title="Farmacia Norte",
            topic=topic,
            is_urgent=is_urgent,
            keeps_s=keeps_s,
        )

    def open(self, head: dict[str, str], body: bytes) -> dict[str, Any]:
        """What its page would be given, once the service is content with headers and signature."""
        assert head["content-encoding"] == "aes128gcm"
        assert head["urgency"] in {"very-low", "low", "normal", "high"}
        assert int(head["ttl"]) >= 0
        assert len(head["topic"]) <= 32
        self.check_signature(head["authorization"])
        told = http_ece.decrypt(body, private_key=self.private, auth_secret=AUTH, version="aes128gcm")
        value: dict[str, Any] = orjson.loads(told)
        return value

    def check_signature(self, authorization: str) -> None:
        """RFC 8292: signed by the key that the browser allowed, for this service, and not for longer than a day."""
        assert Vapid02.verify(authorization)
        parts = dict(part.split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
        head, claims, _ = parts["t"].split(".")
        assert read(head)["alg"] == "ES256"
        assert parts["k"] == self.allowed_key
        told = read(claims)
        assert told["aud"] == f"http://{self.place}"
        assert told["sub"].startswith(("https://", "mailto:"))
        assert 0 < told["exp"] - machine().timestamp() < LONGEST_SIGNATURE.total_seconds()
