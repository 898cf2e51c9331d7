"""Seals: a small promise that whoever holds it can show again, and nobody can have made but us.

Signed addresses are sealed promises. Each kind has a key of its own, so that none can be shown for another.
"""

import base64
import binascii
import hmac
from hashlib import sha256

MARK_BYTES = 32


class Seal:
    """Seals promises of one purpose with a key derived from the secret of the installation."""

    def __init__(self, secret: str, purpose: bytes) -> None:
        self._key = hmac.digest(secret.encode(), purpose, sha256)

    def close(self, promise: bytes) -> str:
        """The promise as a token that can stand in an address."""
        return base64.urlsafe_b64encode(promise + self._mark(promise)).rstrip(b"=").decode()

    def open(self, token: str) -> bytes | None:
        """The promise behind a token; None for one that was not sealed here."""
        try:
            # The decoder would take + and / for - and _, and an address would have two spellings.
            plain = token.replace("+", "!").replace("/", "!")
            sealed = base64.b64decode(plain + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        promise, mark = sealed[:-MARK_BYTES], sealed[-MARK_BYTES:]
        return promise if hmac.compare_digest(mark, self._mark(promise)) else None

    def _mark(self, promise: bytes) -> bytes:
        return hmac.digest(self._key, promise, sha256)
