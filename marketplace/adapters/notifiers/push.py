"""Messages to browsers by Web Push: enciphered for the browser (RFC 8291), signed for its push service (RFC 8292).

Libraries do the enciphering and the signing and nothing else. The sending is the guarded courier's, as for
webhooks: whoever subscribes names the address, so it may be anybody's, and only public ones are connected to.
"""

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from secrets import token_bytes
from urllib.parse import urlsplit

import http_ece
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException

from marketplace.adapters.notifiers.http import NotifierUnavailable
from marketplace.alerts import UnsafeEndpoint
from marketplace.core.clock import machine
from marketplace.core.errors import CannotStart
from marketplace.core.notifier import Message, NobodyThere, Push
from marketplace.core.work import outside
from marketplace.webhooks import Courier, Letter, UnsafeUrl

KEY_BYTES = 32
GOOD_FOR = timedelta(hours=12)
"""Of a signature; services refuse one that would be good for more than a day."""
ENDED = (404, 410)
PLAIN_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


class PushNotifier:
    """Pushes each message to the one browser that it names."""

    def __init__(self, courier: Courier, key: str, *, public_url: str) -> None:
        self._courier = courier
        self._vapid = _read(key)
        host = urlsplit(public_url).hostname or ""
        self._contact = f"https://{host if PLAIN_HOST.fullmatch(host) else 'localhost'}"

    @property
    def public_key(self) -> str:
        """What a browser is given as `applicationServerKey`."""
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return urlsafe_b64encode(point).rstrip(b"=").decode()

    async def check(self, endpoint: str) -> None:
        """Raises UnsafeEndpoint for an address to which nothing would be sent."""
        try:
            await self._courier.check(endpoint)
        except UnsafeUrl as refusal:
            raise UnsafeEndpoint(refusal.message, field="endpoint") from None

    async def send(self, message: Message) -> None:
        """Hands one message to the browser's push service; raises NobodyThere when the browser has ended it."""
        outside()
        push = message.push
        assert push is not None, "what is pushed names its browser"
        letter = Letter(url=push.endpoint, headers=self._headers(push), body=_enciphered(push, message.text))
        answer = await self._courier.post(letter)
        if answer.status in ENDED:
            raise NobodyThere("the browser lets nobody tell it any more")
        if answer.failure is not None:
            raise NotifierUnavailable(f"a push service took no message: {answer.status or answer.failure.value}")

    async def aclose(self) -> None:
        """Gives back the courier's connections."""
        await self._courier.aclose()

    def _headers(self, push: Push) -> dict[str, str]:
        service = urlsplit(push.endpoint)
        claims = {
            "aud": f"{service.scheme}://{service.netloc}",
            "sub": self._contact,
            "exp": int((machine() + GOOD_FOR).timestamp()),
        }
        try:
            authorization = self._vapid.sign(claims)["Authorization"]
        except VapidException:
            raise NobodyThere("no push service has such an address") from None
        return {
            "authorization": authorization,
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "user-agent": "Doorstep-Push/1",
            "ttl": str(push.keeps_s),
            "urgency": "high" if push.is_urgent else "normal",
            "topic": push.topic,
        }


def development_key(folder: Path) -> str:
    """The key of this state folder, made where there is none; of two processes at once both get the same."""
    path = folder / "push-key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"push-key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(new_key())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def new_key() -> str:
    """A private key as the setting takes it: 32 bytes as base64url."""
    return urlsafe_b64encode(token_bytes(KEY_BYTES)).rstrip(b"=").decode()


def _read(key: str) -> Vapid02:
    try:
        return Vapid02.from_string(key.strip())
    except (ValueError, TypeError):
        raise CannotStart(
            f"DOORSTEP_PUSH_KEY must be a private key of the curve P-256: 32 bytes as base64url (try {new_key()})"
        ) from None


def _enciphered(push: Push, text: str) -> bytes:
    """The message for the eyes of one browser. It holds no link: the browser knows which page allowed it."""
    told = {"title": push.title, "text": text, "topic": push.topic}
    try:
        return bytes(
            http_ece.encrypt(
                orjson.dumps(told),
                private_key=ec.generate_private_key(ec.SECP256R1()),  # good for this message only
                dh=_bytes(push.p256dh),
                auth_secret=_bytes(push.auth),
                version="aes128gcm",
            )
        )
    except (ValueError, http_ece.ECEException):
        raise NobodyThere("the keys of this browser are none") from None


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
