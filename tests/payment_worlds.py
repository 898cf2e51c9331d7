"""Payments as tests meet them: our own adapter over the stripe package, and the stand-in that it speaks to.

Take the fixture into a folder's conftest with `from tests.payment_worlds import payments` and name it in `__all__`. It
works on the test's `works`; for real commits use `open_payment_world(committed_works)`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from marketplace.adapters.stripe import SimulatedStripe, StripeProvider, fixed_secrets, open_simulated_stripe
from marketplace.adapters.stripe.simulated import KEY, SECRETS
from marketplace.adapters.stripe_sandbox.control import PREFIX, Control
from marketplace.adapters.stripe_sandbox.courier import Courier
from marketplace.adapters.stripe_sandbox.in_process import SandboxTransport
from marketplace.adapters.stripe_sandbox.server import Running
from marketplace.core.clock import machine
from marketplace.core.work import Works
from marketplace.payments import Endpoint, apply_events, open_operations, receive_event, send_operation
from tests.contracts.stripe_scenarios.world import StripeWorld

ROUNDS_AT_MOST = 200


class PaymentWorld(StripeWorld):
    """A stand-in in this process, a provider that speaks to it, and what the workers would do.

    From StripeWorld come `v1` (the raw stripe package), `shipper()`, `driver()`, `float()`, `charge()`, `balance()`,
    `break_next()` and `pass_time()`.
    """

    def __init__(self, works: Works, stripe: SimulatedStripe) -> None:
        super().__init__(stripe.provider._client, None)
        self.works = works
        self.stripe = stripe
        self.sandbox = stripe.sandbox
        self.provider = stripe.provider
        self._control = Control(stripe.sandbox, Courier(stripe.sandbox))

    async def control(self, method: str, path: str, **wishes: Any) -> dict[str, Any]:
        """Gives the stand-in a command."""
        return await self._control.obey(method, f"{PREFIX}{path}", wishes)

    async def send_all(self, *, is_patient: bool = False) -> int:
        """Sends every operation that is due until none is; a patient one also makes what waits due now."""
        count = 0
        for _ in range(ROUNDS_AT_MOST):
            if is_patient:
                await self.stop_waiting()
            async with self.works.open() as work:
                due = await open_operations(work)
            if not due:
                return count
            for operation_id, _ in due:
                await send_operation(self.works, provider=self.provider, operation_id=operation_id)
                count += 1
        raise AssertionError("operations do not come to an end")

    def take_events(self) -> list[tuple[Endpoint, bytes]]:
        """What has happened at the provider since the last call, as it would send it, in order."""
        return self.stripe.take_events()

    async def hear(self, events: Sequence[tuple[Endpoint, bytes]] | None = None) -> None:
        """Has events come in, signed just now: the given ones in the given order, or all that are new."""
        for endpoint, body in self.take_events() if events is None else events:
            now = machine()
            signature = self.stripe.sign(endpoint, body, now)
            event = self.provider.read_event(body, signature, endpoint=endpoint, now=now)
            async with self.works.open() as work:
                await receive_event(work, event=event)

    async def apply_all(self) -> int:
        """Looks into every event of the inbox until none is due; counts the readings."""
        return await apply_events(self.works, provider=self.provider, at_once=1)

    async def settle(self, *, is_patient: bool = True) -> None:
        """Sends, hears and applies until nothing is left to do."""
        for _ in range(ROUNDS_AT_MOST):
            sent = await self.send_all(is_patient=is_patient)
            await self.hear()
            applied = await self.apply_all()
            if not (sent or applied):
                return
        raise AssertionError("payments do not come to rest")

    async def stop_waiting(self) -> None:
        """Makes every operation due that waits to be tried again, and lets leases of the dead run out."""
        async with self.works.open() as work:
            await work.execute(
                "UPDATE stripe_operation SET not_before = NULL, lease_until = NULL"
                " WHERE state IN ('READY', 'SENT', 'UNKNOWN')"
            )

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Everything of a kind that the stand-in has, such as `transfer`."""
        return list(self.sandbox.store.tables[table].values())


@asynccontextmanager
async def open_payment_world(works: Works) -> AsyncIterator[PaymentWorld]:
    """A fresh stand-in in this process, with a provider on it."""
    async with open_simulated_stripe() as stripe:
        yield PaymentWorld(works, stripe)


@asynccontextmanager
async def payment_world_at(works: Works, stand_in: Running) -> AsyncIterator[PaymentWorld]:
    """The same on a stand-in that also answers on a port, for tests with processes; we need no port for it."""
    secrets = fixed_secrets([SECRETS[Endpoint.PLATFORM]], [SECRETS[Endpoint.CONNECT]])
    provider = StripeProvider(KEY, transport=SandboxTransport(stand_in.sandbox), secrets=secrets)
    try:
        yield PaymentWorld(works, SimulatedStripe(provider=provider, sandbox=stand_in.sandbox))
    finally:
        await provider.aclose()


@pytest.fixture
async def payments(works: Works) -> AsyncIterator[PaymentWorld]:
    """The payment world on the test's own `works`."""
    async with open_payment_world(works) as world:
        yield world
