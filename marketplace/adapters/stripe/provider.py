"""The payment provider of production: Stripe. The same code speaks to the stand-in at another address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from marketplace.adapters.stripe.connection import TIMEOUT_S, close_client, make_client
from marketplace.adapters.stripe.failures import told_apart
from marketplace.adapters.stripe.finding import find_made, retrieve
from marketplace.adapters.stripe.movements import list_movements
from marketplace.adapters.stripe.objects import read_object
from marketplace.adapters.stripe.sending import TARGETS, request_of, send_request
from marketplace.adapters.stripe.signatures import Secrets, read_signed_event
from marketplace.core.work import outside
from marketplace.payments import (
    Endpoint,
    FrozenOperation,
    ObjectKind,
    PaymentSecret,
    ProviderMovement,
    ProviderObject,
    ReceivedEvent,
)

OVER = frozenset({"succeeded", "canceled", "processing", "requires_capture"})
"""A payment in one of these waits for nobody's answer."""


class StripeProvider:
    """Implements PaymentProvider. Made inside the event loop that uses it, and closed there."""

    def __init__(
        self,
        secret_key: str,
        *,
        secrets: Secrets | None = None,
        url: str | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`url` or `transport` lead to a stand-in; `secrets` tell what events of each endpoint are signed with."""
        self._client = make_client(secret_key, url, timeout_s=timeout_s, transport=transport)
        self._secrets = secrets or (lambda _: ())

    async def send(self, operation: FrozenOperation) -> ProviderObject:
        """Has it done under the operation's key. Raises OperationRefused, ProviderBusy or OutcomeUnknown."""
        outside()
        async with told_apart():
            shown = await send_request(self._client, operation)
        target = request_of(operation).target if TARGETS.get(operation.kind) == "transfer" else None
        return read_object(shown, account=operation.account, parent_id=target)

    async def find(self, operation: FrozenOperation) -> ProviderObject | None:
        """What the operation has made at any epoch, or None where it has surely made nothing.

        Raises OperationRefused where it was refused then, ProviderBusy or OutcomeUnknown where Stripe cannot tell.
        """
        outside()
        async with told_apart():
            return await find_made(self._client, operation)

    async def retrieve(
        self, kind: ObjectKind, object_id: str, *, account: str | None, parent_id: str | None = None
    ) -> ProviderObject | None:
        """An object as it is now; None where there is none. Raises ProviderBusy or OutcomeUnknown."""
        outside()
        async with told_apart():
            return await retrieve(self._client, kind, object_id, account=account, parent_id=parent_id)

    async def movements(self, *, account: str | None, since: datetime) -> Sequence[ProviderMovement]:
        """Every movement on an account since a moment of Stripe's time.

        Raises ProviderBusy or OutcomeUnknown.
        """
        outside()
        async with told_apart():
            return await list_movements(self._client, account=account, since=since)

    def read_event(self, body: bytes, signature: str, *, endpoint: Endpoint, now: datetime) -> ReceivedEvent:
        """Verifies the signature over the raw body and reads the event. Raises BadSignature or Invalid."""
        return read_signed_event(body, signature, endpoint=endpoint, secrets=self._secrets(endpoint), now=now)

    async def onboarding_link(self, account: str, *, refresh_url: str, return_url: str) -> str:
        """A fresh page on which a driver tells the provider who they are and where their money goes."""
        outside()
        asked: Any = {
            "account": account,
            "type": "account_onboarding",
            "refresh_url": refresh_url,
            "return_url": return_url,
        }
        async with told_apart():
            return (await self._client.v1.account_links.create_async(asked)).url

    async def card_setup_secret(self, customer: str) -> str:
        """The secret with which a shipper's browser stores a card for later charges."""
        outside()
        asked: Any = {"customer": customer, "usage": "off_session", "automatic_payment_methods": {"enabled": True}}
        async with told_apart():
            secret = (await self._client.v1.setup_intents.create_async(asked)).client_secret
        assert secret is not None, "a new setup intent has a secret"
        return secret

    async def payment_secret(self, intent_id: str) -> PaymentSecret | None:
        """The secret of a payment that its payer can still complete, and the card that was tried."""
        outside()
        async with told_apart():
            intent = await self._client.v1.payment_intents.retrieve_async(intent_id)
        if intent.client_secret is None or intent.status in OVER:
            return None
        tried = intent.last_payment_error.payment_method if intent.last_payment_error else None
        chosen = intent.payment_method if isinstance(intent.payment_method, str) else None
        return PaymentSecret(client_secret=intent.client_secret, card_id=tried.id if tried else chosen)

    async def aclose(self) -> None:
        """Closes its connections."""
        await close_client(self._client)
