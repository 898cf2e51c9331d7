"""Several workers on one operation: one sends, and whoever comes too late writes nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.adapters.stripe import SimulatedStripe, StripeProvider
from marketplace.adapters.stripe_sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.in_process import SandboxTransport
from marketplace.core.work import Works
from marketplace.payments import ObjectKind, OperationKind, OperationState, apply_event, known_objects, send_operation
from tests.marketplace.payments.kinds import prepare, want
from tests.payment_worlds import PaymentWorld


class HeldTransport(SandboxTransport):
    """Holds one request back, before it is carried out or after, until it is let go."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.wanted: tuple[str, str] | None = None
        self.is_held = asyncio.Event()
        self.may_go = asyncio.Event()

    def hold(self, method: str, *, when: str) -> None:
        """Holds the next request of a method, `before` it is carried out or `after`."""
        self.wanted = (method, when)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request and its answer."""
        wanted, holds = self.wanted, self.wanted is not None and self.wanted[0] == request.method
        if not holds or wanted is None:
            return await super().handle_async_request(request)
        self.wanted = None
        if wanted[1] == "before":
            await self._wait()
            return await super().handle_async_request(request)
        answer = await super().handle_async_request(request)
        await self._wait()
        return answer

    async def _wait(self) -> None:
        self.is_held.set()
        await self.may_go.wait()


class Held(PaymentWorld):
    """A payment world one of whose requests can be held."""

    transport: HeldTransport


@pytest.fixture
async def held(committed_works: Works) -> AsyncIterator[Held]:
    sandbox = Sandbox()
    transport = HeldTransport(sandbox)
    provider = StripeProvider("sk_test_races", transport=transport)
    world = Held(committed_works, SimulatedStripe(provider=provider, sandbox=sandbox))
    world.transport = transport
    yield world
    await provider.aclose()
    sandbox.close()


async def run_out_leases(works: Works) -> None:
    async with works.open() as work:
        await work.execute("UPDATE stripe_operation SET lease_until = now(), not_before = NULL")
        await work.execute("UPDATE stripe_event SET lease_until = now(), not_before = NULL")


async def send(world: PaymentWorld, operation_id: UUID) -> OperationState | None:
    return await send_operation(world.works, provider=world.provider, operation_id=operation_id)


async def row_of(world: PaymentWorld, operation_id: UUID) -> Any:
    async with world.works.open() as work:
        return await work.fetch_row("SELECT * FROM stripe_operation WHERE id = $1", operation_id)


async def times_told(world: PaymentWorld) -> int:
    async with world.works.open() as work:
        return int(await work.fetch_value("SELECT count(*) FROM event WHERE name = 'OperationEnded'"))


async def test_of_many_workers_one_sends(held: Held) -> None:
    operation_id = await want(held, await prepare(OperationKind.TRANSFER, held))

    ends = await asyncio.gather(*(send(held, operation_id) for _ in range(12)))

    assert (ends.count(OperationState.DONE), ends.count(None)) == (1, 11)
    assert (len(held.rows("transfer")), await times_told(held)) == (1, 1)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_worker_whose_lease_ran_out_writes_nothing(held: Held, when: str) -> None:
    operation_id = await want(held, await prepare(OperationKind.TRANSFER, held))
    held.transport.hold("POST", when=when)
    slow = asyncio.create_task(send(held, operation_id))
    await held.transport.is_held.wait()
    await run_out_leases(held.works)

    successor = await send(held, operation_id)
    held.transport.may_go.set()
    predecessor = await slow

    # The slow one's request goes out under the same key, so it is answered with what the other has made.
    assert (successor, predecessor) == (OperationState.DONE, None)
    assert (len(held.rows("transfer")), await times_told(held)) == (1, 1)
    row = await row_of(held, operation_id)
    assert (row["state"], row["epoch"], row["fence"]) == ("DONE", 0, 2)


async def test_a_reading_that_was_overtaken_is_made_again(held: Held) -> None:
    subject_id = UUID(int=7)
    await want(held, await prepare(OperationKind.CREATE_ACCOUNT, held), subject_id=subject_id)
    await held.send_all()
    [account] = [row for row in held.rows("account") if row["metadata"].get("subject") == str(subject_id)]
    async with held.works.open() as work:
        # Two events about one account, which two workers look into at the same time.
        for name in ("evt_slow", "evt_quick"):
            await work.execute(
                "INSERT INTO stripe_event"
                " (id, endpoint, account, type, object_kind, object_id, created_at, received_at)"
                " VALUES ($1, 'CONNECT', $2, 'account.updated', 'account', $2, $3, $3)",
                name,
                account["id"],
                work.machine_now,
            )
    held.transport.hold("GET", when="after")
    slow = asyncio.create_task(apply_event(held.works, provider=held.provider, event_id="evt_slow"))
    await held.transport.is_held.wait()
    await held.control("POST", f"/accounts/{account['id']}/verify")

    await apply_event(held.works, provider=held.provider, event_id="evt_quick")
    held.transport.may_go.set()
    await slow

    async with held.works.open() as work:
        [known] = await known_objects(work, kind=ObjectKind.ACCOUNT, subject_id=subject_id)
        left = await work.fetch_value("SELECT count(*) FROM stripe_event WHERE processed_at IS NULL")
    assert (known.state, known.facts["payouts_enabled"], left) == ("enabled", True, 0)
