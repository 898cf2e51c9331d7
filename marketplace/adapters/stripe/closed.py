"""The payment provider of a market that has none yet: everything waits, and says what for."""

from datetime import datetime
from typing import NoReturn

from marketplace.payments import (
    BadSignature,
    Endpoint,
    FrozenOperation,
    ObjectKind,
    ProviderBusy,
    ProviderObject,
    ReceivedEvent,
)

MISSING = "no payment provider is set up: set STRIPE_SECRET_KEY"


class ClosedProvider:
    """Sends nothing and loses nothing: operations wait in their rows until there is a key."""

    async def send(self, operation: FrozenOperation) -> ProviderObject:  # noqa: ARG002 - the protocol's
        """Raises ProviderBusy."""
        _refuse()

    async def find(self, operation: FrozenOperation) -> ProviderObject | None:  # noqa: ARG002 - the protocol's
        """Raises ProviderBusy."""
        _refuse()

    async def retrieve(
        self,
        kind: ObjectKind,  # noqa: ARG002 - the protocol's
        object_id: str,  # noqa: ARG002 - the protocol's
        *,
        account: str | None,  # noqa: ARG002 - the protocol's
        parent_id: str | None = None,  # noqa: ARG002 - the protocol's
    ) -> ProviderObject | None:
        """Raises ProviderBusy."""
        _refuse()

    def read_event(
        self,
        body: bytes,  # noqa: ARG002 - the protocol's
        signature: str,  # noqa: ARG002 - the protocol's
        *,
        endpoint: Endpoint,  # noqa: ARG002 - the protocol's
        now: datetime,  # noqa: ARG002 - the protocol's
    ) -> ReceivedEvent:
        """Raises BadSignature: nobody's events can be believed."""
        raise BadSignature(MISSING)

    async def onboarding_link(self, account: str, *, refresh_url: str, return_url: str) -> str:  # noqa: ARG002
        """Raises ProviderBusy."""
        _refuse()

    async def card_setup_secret(self, customer: str) -> str:  # noqa: ARG002 - the protocol's
        """Raises ProviderBusy."""
        _refuse()

    async def aclose(self) -> None:
        """Has nothing to close."""


def _refuse() -> NoReturn:
    raise ProviderBusy(MISSING)
