"""Tokens: short-lived signed access tokens, refresh tokens that change at each use, and digests of one-time codes.

Every purpose has its own key, derived from the one secret of the deployment. Secrets come from the operating system and
never from `work.random`: a simulation may seed that one, and a seeded source makes guessable secrets.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from marketplace.accounts.principals import Principal, PrincipalKind
from marketplace.accounts.refusals import SessionEnded, Unauthenticated
from marketplace.core.clock import machine

ACCESS_LASTS = timedelta(minutes=15)
REFRESH_LASTS = timedelta(days=30)
CLOCK_SKEW_S = 30
"""How far the clocks of two of our hosts may differ before a fresh token looks expired or not yet valid."""
ISSUER = "doorstep"
AUDIENCE = "doorstep-api"
ALGORITHM = "HS256"
REFRESH_PREFIX = "drt_"
TRACKING_PREFIX = "trk_"
TRACKING_BYTES = 24
KEEPER_PREFIX = "hpk_"
CODE_DIGITS = 6
LONGEST_TOKEN = 1_024


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token that we made: which session it is of, its text, and the digest under which it is kept."""

    session_id: UUID
    text: str

    @property
    def digest(self) -> bytes:
        """What the database keeps instead of the token."""
        return sha256(self.text.encode()).digest()


class Tokens:
    """Makes and reads tokens with keys derived from one secret."""

    def __init__(self, secret: str) -> None:
        self._access = OctKey.import_key(_derived(secret, "access token"))
        self._refresh = _derived(secret, "refresh token")
        self._code = _derived(secret, "one-time code")
        self._tracking = _derived(secret, "tracking link")
        self._keeper = _derived(secret, "key of a hand-over point")
        self._collection = _derived(secret, "code of a collection")
        self._claims = jwt.JWTClaimsRegistry(
            leeway=CLOCK_SKEW_S,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
            kind={"essential": True},
            now=lambda: int(machine().timestamp()),
        )

    def make_access(self, principal: Principal) -> str:
        """A signed token that says who the caller is until `principal.expires_at`."""
        assert principal.session_id is not None
        assert principal.expires_at is not None
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": principal.id.hex,
            "sid": principal.session_id.hex,
            "kind": principal.kind.value,
            "exp": int(principal.expires_at.timestamp()),
        }
        if principal.market_id is not None:
            claims["market"] = principal.market_id.hex
        return jwt.encode({"alg": ALGORITHM}, claims, self._access)

    def read_access(self, token: str) -> Principal:
        """Who an access token speaks for; raises Unauthenticated when it is not ours, altered or expired."""
        try:
            claims = jwt.decode(token[:LONGEST_TOKEN], self._access, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
            market = claims.get("market")
            return Principal(
                kind=PrincipalKind(claims["kind"]),
                id=UUID(claims["sub"]),
                market_id=UUID(market) if market else None,
                session_id=UUID(claims["sid"]),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (JoseError, ValueError, TypeError, AttributeError) as failure:
            raise Unauthenticated("the access token is not valid or has expired; refresh the session") from failure

    def first_refresh(self, session_id: UUID) -> RefreshToken:
        """The token with which a new session is refreshed for the first time."""
        return self._sealed(session_id, secrets.token_bytes(32))

    def next_refresh(self, token: RefreshToken) -> RefreshToken:
        """The one token that follows: a client that lost our answer and asks again gets the same one."""
        return self._sealed(token.session_id, hmac.digest(self._refresh, b"next" + token.text.encode(), "sha256"))

    def read_refresh(self, text: str) -> RefreshToken:
        """Reads a token that we once made, however old; raises SessionEnded for any other text."""
        prefix, encoded = text[: len(REFRESH_PREFIX)], text[len(REFRESH_PREFIX) : LONGEST_TOKEN]
        try:
            body = base64.urlsafe_b64decode(encoded.encode("ascii"))
        except (binascii.Error, ValueError):
            body = b""
        if prefix != REFRESH_PREFIX or len(body) != 64 or not hmac.compare_digest(self._seal(body[:48]), body[48:]):
            raise SessionEnded("this is not a refresh token of ours; sign in again", field="refreshToken")
        return RefreshToken(session_id=UUID(bytes=body[:16]), text=text)

    def code_digest(self, code_id: UUID, code: str) -> bytes:
        """A keyed digest of a one-time code: six digits alone could be guessed from a plain one."""
        return hmac.digest(self._code, code_id.bytes + code.encode(), "sha256")

    def tracking_token(self, link_id: UUID) -> str:
        """The token of a tracking link: 192 bits that nobody without our key works out from the id."""
        secret = hmac.digest(self._tracking, link_id.bytes, "sha256")[:TRACKING_BYTES]
        return TRACKING_PREFIX + base64.urlsafe_b64encode(secret).decode()

    def keeper_key(self, key_id: UUID) -> str:
        """The key of a hand-over point's keeper: 256 bits that nobody without ours works out from the id."""
        secret = hmac.digest(self._keeper, key_id.bytes, "sha256")
        return KEEPER_PREFIX + base64.urlsafe_b64encode(secret).decode().rstrip("=")

    def collection_code(self, collection_id: UUID) -> str:
        """The digits with which a parcel is collected: kept nowhere, told to its recipient and compared here."""
        secret = int.from_bytes(hmac.digest(self._collection, collection_id.bytes, "sha256"))
        return f"{secret % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def _sealed(self, session_id: UUID, secret: bytes) -> RefreshToken:
        body = session_id.bytes + secret
        encoded = base64.urlsafe_b64encode(body + self._seal(body)).decode()
        return RefreshToken(session_id=session_id, text=REFRESH_PREFIX + encoded)

    def _seal(self, body: bytes) -> bytes:
        """Tells our own tokens from invented ones, so that nobody ends a session by knowing its id."""
        return hmac.digest(self._refresh, b"seal" + body, "sha256")[:16]


def digest_of_tracking(token: str) -> bytes:
    """What the database keeps of a tracking link; of 192 bits a plain digest cannot be guessed."""
    return sha256(token.encode()).digest()


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"doorstep {purpose}".encode(), "sha256")
