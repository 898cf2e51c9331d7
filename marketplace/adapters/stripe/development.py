"""Payments of a market in development: a stand-in that is started when it is first needed, and told where we listen.

Processes that have nothing to pay start nothing. What the stand-in signs its events with lies in the folder, so that
the process that answers its webhooks need not be the one that has started it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog

from marketplace.adapters.embedded import ServerUnavailable
from marketplace.adapters.embedded.locks import alone_in
from marketplace.adapters.stripe.embedded import EmbeddedStripe
from marketplace.adapters.stripe.provider import StripeProvider
from marketplace.adapters.stripe.signatures import read_signed_event
from marketplace.payments import (
    Endpoint,
    FrozenOperation,
    ObjectKind,
    PaymentSecret,
    ProviderBusy,
    ProviderMovement,
    ProviderObject,
    ReceivedEvent,
)

KEY = "sk_test_development"
PATHS: Mapping[Endpoint, str] = {Endpoint.PLATFORM: "/webhooks/stripe", Endpoint.CONNECT: "/webhooks/stripe/connect"}
LOOK_AFTER_EVERY_S = 1.0
PATIENCE_S = 10.0

log = structlog.get_logger(__name__)


class DevelopmentStripe:
    """Implements PaymentProvider over the stand-in of a state folder, which it starts, keeps running and shares."""

    def __init__(self, folder: Path, *, public_url: str, factor: float = 1.0) -> None:
        """`public_url` is where this market's API answers; the stand-in's time runs at `factor` once it has begun."""
        self._server = EmbeddedStripe(folder)
        self._secrets_file = self._server.folder / "webhook-secrets.json"
        self._public_url = public_url.rstrip("/")
        self._factor = factor
        self._one_at_a_time = asyncio.Lock()
        self._provider: StripeProvider | None = None
        self._watching: asyncio.Task[None] | None = None
        self._is_over = asyncio.Event()

    async def send(self, operation: FrozenOperation) -> ProviderObject:
        """Has it done under the operation's key."""
        return await (await self._ready()).send(operation)

    async def find(self, operation: FrozenOperation) -> ProviderObject | None:
        """What the operation has made at any epoch."""
        return await (await self._ready()).find(operation)

    async def retrieve(
        self, kind: ObjectKind, object_id: str, *, account: str | None, parent_id: str | None = None
    ) -> ProviderObject | None:
        """An object as it is now."""
        return await (await self._ready()).retrieve(kind, object_id, account=account, parent_id=parent_id)

    async def movements(self, *, account: str | None, since: datetime) -> Sequence[ProviderMovement]:
        """Every movement on an account since a moment of the stand-in's time."""
        return await (await self._ready()).movements(account=account, since=since)

    def read_event(self, body: bytes, signature: str, *, endpoint: Endpoint, now: datetime) -> ReceivedEvent:
        """Verifies the signature with what whoever started the stand-in has written down."""
        secrets = _secrets_in(self._secrets_file)
        known = [secret for address, secret in secrets.items() if address.endswith(PATHS[endpoint])]
        return read_signed_event(body, signature, endpoint=endpoint, secrets=known, now=now)

    async def onboarding_link(self, account: str, *, refresh_url: str, return_url: str) -> str:
        """A page of the stand-in that believes everything at once."""
        return await (await self._ready()).onboarding_link(account, refresh_url=refresh_url, return_url=return_url)

    async def card_setup_secret(self, customer: str) -> str:
        """The secret of a setup intent."""
        return await (await self._ready()).card_setup_secret(customer)

    async def payment_secret(self, intent_id: str) -> PaymentSecret | None:
        """The secret of a payment that its payer can still complete."""
        return await (await self._ready()).payment_secret(intent_id)

    async def control(self, method: str, path: str, **wishes: Any) -> dict[str, Any]:
        """Gives the stand-in a command, such as POST /clock with `advance_s`; `GET ` lists them."""
        await self._ready()
        async with httpx.AsyncClient(base_url=self._server.url, trust_env=False, timeout=PATIENCE_S) as client:
            answer = await client.request(method, f"/_sandbox{path}", json=wishes)
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
            return told

    async def give_card(self, client_secret: str, card: str = "pm_card_visa") -> None:
        """Does what a shipper's browser does with the secret of `card_setup_secret`."""
        await self._ready()
        setup = client_secret.partition("_secret_")[0]
        async with httpx.AsyncClient(base_url=self._server.url, trust_env=False, timeout=PATIENCE_S) as client:
            form = {"payment_method": card, "return_url": self._public_url or "http://127.0.0.1"}
            headers = {"authorization": f"Bearer {KEY}"}
            answer = await client.post(f"/v1/setup_intents/{setup}/confirm", data=form, headers=headers)
            answer.raise_for_status()

    async def aclose(self) -> None:
        """Gives the stand-in back; the last process that does so ends it."""
        self._is_over.set()
        if self._watching is not None:
            await self._watching  # a start that is broken off would hold what nobody gives back
        if self._provider is not None:
            await self._provider.aclose()
        await self._server.stop()

    async def _ready(self) -> StripeProvider:
        async with self._one_at_a_time:
            if self._provider is None:
                try:
                    url = await self._server.start()
                    await self._introduce(url)
                except (ServerUnavailable, httpx.HTTPError) as failure:
                    raise ProviderBusy(f"the Stripe stand-in does not start yet: {failure}") from failure
                self._provider = StripeProvider(KEY, url=url)
                self._watching = asyncio.create_task(self._watch(), name="keep the Stripe stand-in")
            return self._provider

    async def _introduce(self, url: str) -> None:
        """Tells the stand-in where to send its events, once for each address, and at which pace to live."""
        async with alone_in(self._server.folder), httpx.AsyncClient(base_url=url, trust_env=False) as client:
            known = _secrets_in(self._secrets_file)
            if self._factor != 1.0 and not known:
                (await client.post("/_sandbox/clock", json={"rate": self._factor})).raise_for_status()
            for endpoint, path in PATHS.items():
                address = f"{self._public_url}{path}"
                if address not in known:
                    known[address] = await _register(client, address, is_connect=endpoint is Endpoint.CONNECT)
            unfinished = self._secrets_file.with_suffix(".new")
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(orjson.dumps(known))
            unfinished.replace(self._secrets_file)

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AFTER_EVERY_S):
                    await self._is_over.wait()
            if self._is_over.is_set():
                return
            try:
                await self._server.start()
            except ServerUnavailable as failure:
                log.warning("the Stripe stand-in does not come back yet", failure=str(failure))


async def _register(client: httpx.AsyncClient, address: str, *, is_connect: bool) -> str:
    form = {
        "url": address,
        "enabled_events[0]": "*",
        "connect": "true" if is_connect else "false",
    }
    answer = await client.post("/v1/webhook_endpoints", data=form, headers={"authorization": f"Bearer {KEY}"})
    answer.raise_for_status()
    return str(answer.json()["secret"])


def _secrets_in(file: Path) -> dict[str, str]:
    with suppress(FileNotFoundError):
        known: dict[str, str] = orjson.loads(file.read_bytes())
        return known
    return {}
