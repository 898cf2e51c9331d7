"""Secrets that messages are signed with: made here, shown once, and sealed before they are kept.

A secret has to be used again and again, so a digest would not do. It is kept encrypted by a key that is derived from
the one secret of the deployment; whoever reads only the database cannot sign. The seal names the webhook, so that one
cannot be put in the place of another. Where the deployment's secret was changed, sealed ones cannot be opened any more:
their webhooks fail as SECRET_UNREADABLE until their owners rotate them.
"""

import base64
import hmac
import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

PREFIX = "whsec_"
SECRET_BYTES = 32
ALGORITHMS = ["dir", "A256GCM"]


class UnreadableSecret(Exception):
    """A sealed secret that was sealed by another key, or for another webhook."""


class SecretBox:
    """Seals and opens secrets with a key that is derived from one secret."""

    def __init__(self, secret: str) -> None:
        key = hmac.new(secret.encode(), b"webhook secrets", sha256).digest()
        self._key = OctKey.import_key(key)

    def seal(self, secret: str, webhook_id: UUID) -> str:
        """The secret as it is kept."""
        header = {"alg": "dir", "enc": "A256GCM", "kid": str(webhook_id)}
        return jwe.encrypt_compact(header, secret.encode(), self._key, algorithms=ALGORITHMS)

    def open(self, sealed: str, webhook_id: UUID) -> str:
        """The secret that was sealed for a webhook; raises UnreadableSecret."""
        try:
            found = jwe.decrypt_compact(sealed, self._key, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as failure:
            raise UnreadableSecret from failure
        if found.headers().get("kid") != str(webhook_id) or found.plaintext is None:
            raise UnreadableSecret
        return found.plaintext.decode()


def new_secret() -> str:
    """A secret in the form of Standard Webhooks. It comes from the operating system, never from `work.random`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(body: bytes, *, message_id: str, sent_at: datetime, with_secrets: list[str]) -> dict[str, str]:
    """The headers of Standard Webhooks: one signature by each secret that is good now."""
    timestamp = str(int(sent_at.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(content, secret)}" for secret in with_secrets),
    }


def _signature(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, sha256).digest()).decode()
