"""Who is behind a request: the bearer credential, looked up and then believed for a few seconds."""

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.accounts import (
    TRACKING_PREFIX,
    Principal,
    Tokens,
    Unauthenticated,
    authenticate,
    verify_tracking_link,
)
from marketplace.core.clock import machine
from marketplace.core.work import Works
from schema.rates import Rates

BELIEVED_FOR = timedelta(seconds=15)
"""How long a credential is not looked up again: the longest time a sign-out elsewhere takes to reach this process."""
KNOWN_CREDENTIALS = 10_000
LONGEST_CREDENTIAL = 1_024
FAILURE_UNITS = 20
"""What a wrong credential takes from the budget of the address that it came from."""


class Authenticator:
    """Turns credentials into principals, with a bounded memory of the latest ones."""

    def __init__(self, works: Works, tokens: Tokens, rates: Rates, *, believed_for: timedelta = BELIEVED_FOR) -> None:
        self.believed_for = believed_for
        self.works = works
        self.tokens = tokens
        self.rates = rates
        self._believed: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    async def principal_of(self, authorization: bytes | str | None, *, address: str) -> Principal | None:
        """The caller of that Authorization header; None without one, Unauthenticated for one that is no good."""
        if authorization is None:
            return None
        credential = credential_of(authorization)
        now = machine()
        believed = self._believed.get(credential)
        if believed is not None and now.timestamp() < believed[1]:
            return believed[0]
        self.rates.addresses.spend(address, 0)
        try:
            principal = await self._look_up(credential)
        except Unauthenticated:
            self._believed.pop(credential, None)
            self.rates.addresses.charge(address, FAILURE_UNITS)
            raise
        until = now + self.believed_for
        if principal.expires_at is not None:
            until = min(until, principal.expires_at)
        self._believed[credential] = (principal, until.timestamp())
        self._believed.move_to_end(credential)
        if len(self._believed) > KNOWN_CREDENTIALS:
            self._believed.popitem(last=False)
        return principal

    async def _look_up(self, credential: str) -> Principal:
        if credential.startswith(TRACKING_PREFIX):
            # A link ends by market time, which only a Work tells.
            async with self.works.open() as work:
                return await verify_tracking_link(work.connection, credential, now=work.now)
        async with self.works.read() as connection:
            return await authenticate(connection, credential=credential, tokens=self.tokens)

    def forget(self, session_id: UUID | None) -> None:
        """Stops believing the tokens of a session that was just ended."""
        stale = [text for text, (principal, _) in self._believed.items() if principal.session_id == session_id]
        for text in stale:
            del self._believed[text]


def seconds_until(moment: datetime) -> float:
    """How long until that moment of machine time; never negative."""
    return max(0.0, (moment - machine()).total_seconds())


def credential_of(authorization: bytes | str) -> str:
    """The credential in `Bearer …`; raises Unauthenticated for any other form."""
    text = authorization.decode("latin-1") if isinstance(authorization, bytes) else authorization
    scheme, _, credential = text.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential.isascii() or not 1 <= len(credential) <= LONGEST_CREDENTIAL:
        raise Unauthenticated("send Authorization: Bearer and an access token or an API key")
    return credential
