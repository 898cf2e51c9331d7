"""The payment provider of a market that has none yet: everything waits, and says what for."""

from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from marketplace.payments import (
    BadSignature,
    Endpoint,
    FrozenOperation,
    ObjectKind,
    PaymentSecret,
    ProviderBusy,
    ProviderMovement,
    ProviderObject,
    ReceivedEvent,
)

MISSING = "no payment provider is set up: set STRIPE_SECRET_KEY"


class ClosedProvider:
    """Sends nothing and loses nothing: operations wait in their rows until there is a key."""

    async def send(self, operation: FrozenOperation) -> ProviderObject:
        """Raises ProviderBusy."""
        _refuse()

    async def find(self, operation: FrozenOperation) -> ProviderObject | None:
        """Raises ProviderBusy."""
        _refuse()

    async def retrieve(
        self,
        kind: ObjectKind,
        object_id: str,
        *,
        account: str | None,
        parent_id: str | None = None,
    ) -> ProviderObject | None:
        """Raises ProviderBusy."""
        _refuse()

    def read_event(
        self,
        body: bytes,
        signature: str,
        *,
        endpoint: Endpoint,
        now: datetime,
    ) -> ReceivedEvent:
        """Raises BadSignature: nobody's events can be believed."""
        raise BadSignature(MISSING)

    async def movements(
        self,
        *,
        account: str | None,
        since: datetime,
    ) -> Sequence[ProviderMovement]:
        """Raises ProviderBusy."""
        _refuse()

    async def onboarding_link(self, account: str, *, refresh_url: str, return_url: str) -> str:
        """Raises ProviderBusy."""
        _refuse()

    async def card_setup_secret(self, customer: str) -> str:
        """Raises ProviderBusy."""
        _refuse()

    async def payment_secret(self, intent_id: str) -> PaymentSecret | None:
        """Raises ProviderBusy."""
        _refuse()

    async def aclose(self) -> None:
        """Has nothing to close."""


def _refuse() -> NoReturn:
    raise ProviderBusy(MISSING)
