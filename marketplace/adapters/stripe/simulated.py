"""Stripe as a simulation has it: the same adapter, over a stand-in in this very process, without a network."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from marketplace.adapters.stripe.provider import StripeProvider
from marketplace.adapters.stripe.signatures import fixed_secrets
from marketplace.adapters.stripe_sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.in_process import SandboxTransport
from marketplace.payments import Endpoint

KEY = "sk_test_simulated"
SECRETS = {Endpoint.PLATFORM: "whsec_simulated_platform", Endpoint.CONNECT: "whsec_simulated_connect"}
"""What events are signed with here; nobody can send one from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedStripe:
    """The provider, and the world behind it, whose time stands still until somebody moves it."""

    provider: StripeProvider
    sandbox: Sandbox


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
