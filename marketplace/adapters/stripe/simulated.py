"""Stripe as a simulation has it: the same adapter, over a stand-in in this very process, without a network."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import orjson

from marketplace.adapters.stripe.provider import StripeProvider
from marketplace.adapters.stripe.signatures import fixed_secrets, sign
from marketplace.adapters.stripe_sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.events import plain_event
from marketplace.adapters.stripe_sandbox.in_process import SandboxTransport
from marketplace.payments import Endpoint

KEY = "sk_test_simulated"
SECRETS = {Endpoint.PLATFORM: "whsec_simulated_platform", Endpoint.CONNECT: "whsec_simulated_connect"}
"""What events are signed with here; nobody can send one from outside."""


@dataclass(slots=True, kw_only=True)
class SimulatedStripe:
    """The provider, and the world behind it."""

    provider: StripeProvider
    sandbox: Sandbox
    _told: int = 0

    def take_events(self) -> list[tuple[Endpoint, bytes]]:
        """What has happened since the last call, as Stripe would send it, in order."""
        self.sandbox.catch_up()
        events = list(self.sandbox.store.tables["event"].values())
        new, self._told = events[self._told :], len(events)
        return [
            (Endpoint.CONNECT if "account" in event else Endpoint.PLATFORM, orjson.dumps(plain_event(event)))
            for event in new
        ]

    def sign(self, endpoint: Endpoint, body: bytes, now: datetime) -> str:
        """The signature that goes with an event."""
        return sign(body, secret=SECRETS[endpoint], now=now)

    def pass_time(self, seconds: int) -> None:
        """Lets what time brings happen in the stand-in: charges settle, payouts arrive."""
        self.sandbox.move_clock(now=self.sandbox.clock.now() + seconds)


@asynccontextmanager
async def open_simulated_stripe(*, source: random.Random | None = None) -> AsyncIterator[SimulatedStripe]:
    """An empty stand-in that is gone at the end; ids are drawn from `source`."""
    sandbox = Sandbox(source=source)
    provider = StripeProvider(
        KEY,
        secrets=fixed_secrets([SECRETS[Endpoint.PLATFORM]], [SECRETS[Endpoint.CONNECT]]),
        transport=SandboxTransport(sandbox),
    )
    try:
        yield SimulatedStripe(provider=provider, sandbox=sandbox)
    finally:
        await provider.aclose()
        sandbox.close()
