"""The payment provider of production: Stripe. The same code speaks to the stand-in at another address."""

from datetime import datetime
from typing import Any

import httpx

from marketplace.adapters.stripe.connection import TIMEOUT_S, close_client, make_client
from marketplace.adapters.stripe.failures import told_apart
from marketplace.adapters.stripe.finding import find_made, retrieve
from marketplace.adapters.stripe.objects import read_object
from marketplace.adapters.stripe.sending import TARGETS, request_of, send_request
from marketplace.adapters.stripe.signatures import Secrets, read_signed_event
from marketplace.core.work import outside
from marketplace.payments import Endpoint, FrozenOperation, ObjectKind, ProviderObject, ReceivedEvent


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

    async def aclose(self) -> None:
        """Closes its connections."""
        await close_client(self._client)
