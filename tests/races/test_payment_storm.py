"""A storm: half of all requests go wrong, keys are forgotten, leases run out; every operation ends in one object.

`make storm` sends a thousand operations; the suite sends fewer.
"""

import asyncio
import os
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import pytest

from marketplace.adapters.stripe_sandbox.faults import REQUEST_FAULTS
from marketplace.core.clock import machine
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.payments import OperationKind, open_operations, send_operation, want_operation
from tests.builders import make_market
from tests.marketplace.payments.kinds import AUTOMATIC, TABLES
from tests.payment_worlds import PaymentWorld, open_payment_world

OPERATIONS = int(os.environ.get("STORM_OPERATIONS", "120"))
STORM_PERCENT = 50
WORKERS = 8
ROUNDS_AT_MOST = 400
KINDS = (
    OperationKind.TRANSFER,
    OperationKind.PAYOUT,
    OperationKind.CHARGE,
    OperationKind.REFUND,
    OperationKind.CREATE_CUSTOMER,
)

pytestmark = pytest.mark.timeout(1_800)


async def test_in_a_storm_every_operation_ends_in_one_object(committed_works: Works) -> None:
    async with open_payment_world(committed_works) as world:
        amounts = await fill_outbox(world)
        await raise_storm(world)
        source, began = Random(11), machine()

        rounds, sent = await send_until_quiet(world, source)

        took_s = (machine() - began).total_seconds()
        async with world.works.open() as work:
            rows = await work.fetch("SELECT id, kind, state, object_id, attempts, epoch FROM stripe_operation")
        faults = Counter(one["fault"] for one in world.sandbox.requests if one["method"] == "POST" and one["fault"])
        asked = sum(one["method"] == "POST" for one in world.sandbox.requests)
    print(  # noqa: T201 - what `make storm` is for
        f"\n{len(rows)} operations, {sent} tries in {rounds} rounds, {took_s:.1f} s; {sum(faults.values())} of {asked}"
        f" requests broken; longest {max(row['attempts'] for row in rows)} tries"
    )
    assert Counter(row["state"] for row in rows) == {"DONE": OPERATIONS}
    for kind in KINDS:
        made = Counter(
            one["metadata"]["operation"] for one in world.rows(TABLES[kind]) if "operation" in one["metadata"]
        )
        assert made == {str(row["id"]): 1 for row in rows if row["kind"] == kind.value}
        money = sum(one.get("amount", 0) for one in world.rows(TABLES[kind]) if "operation" in one["metadata"])
        assert money == amounts[kind]
    assert set(faults) == set(REQUEST_FAULTS)


async def fill_outbox(world: PaymentWorld) -> Counter[OperationKind]:
    """Wants the operations of a market with a few drivers and shippers; returns how much money each kind moves."""
    await world.float(90_000_000)
    drivers = [await world.driver() for _ in range(4)]
    for driver in drivers:
        await world.v1.transfers.create_async({"amount": 10_000_000, "currency": "usd", "destination": driver})
    shippers = [await world.shipper() for _ in range(4)]
    charge = await world.charge(90_000_000)
    moved: Counter[OperationKind] = Counter()
    async with world.works.open() as work:
        market = await make_market(work)
        for number in range(OPERATIONS):
            kind, cents = KINDS[number % len(KINDS)], 100 + number
            customer, card = shippers[number % 4]
            params: dict[OperationKind, dict[str, Any]] = {
                OperationKind.TRANSFER: {"destination": drivers[number % 4]},
                OperationKind.PAYOUT: {"method": "standard"},
                OperationKind.CHARGE: {
                    "customer": customer,
                    "payment_method": card,
                    "confirm": True,
                    "off_session": True,
                    "automatic_payment_methods": AUTOMATIC,
                },
                OperationKind.REFUND: {"payment_intent": charge.id},
                OperationKind.CREATE_CUSTOMER: {"name": f"Shop {number}"},
            }
            is_money = kind is not OperationKind.CREATE_CUSTOMER
            await want_operation(
                work,
                market_id=market.id,
                kind=kind,
                subject_id=work.new_id(),
                params=params[kind],
                account=drivers[number % 4] if kind is OperationKind.PAYOUT else None,
                amount=Money(cents, "USD") if is_money else None,
            )
            moved[kind] += cents if is_money else 0
    return moved


async def raise_storm(world: PaymentWorld) -> None:
    """Has half of all sendings meet a fault, each kind of fault alike, and a tenth of all questions."""
    # Each script strikes what those before it have spared: n of them together at 1 - (1 - p)^n.
    chance = 1 - (1 - STORM_PERCENT / 100) ** (1 / len(REQUEST_FAULTS))
    for seed, fault in enumerate(REQUEST_FAULTS):
        await world.control("POST", "/faults", fault=fault, match="POST *", times=10**6, probability=chance, seed=seed)
    await world.control("POST", "/faults", fault="error_unsaved", match="GET *", times=10**6, probability=0.1, seed=99)


async def send_until_quiet(world: PaymentWorld, source: Random) -> tuple[int, int]:
    """Several workers send what is due, round by round; meanwhile days pass, keys are forgotten, and leases run out."""
    sent = 0
    for count in range(ROUNDS_AT_MOST):
        await world.stop_waiting()
        async with world.works.open() as work:
            due = [operation_id for operation_id, _ in await open_operations(work)]
        if not due:
            return count, sent
        sent += len(due)
        queue = asyncio.Queue[UUID]()
        for operation_id in due:
            queue.put_nowait(operation_id)
        await asyncio.gather(*(work_off(world, queue) for _ in range(WORKERS)))
        if source.random() < 0.3:
            await world.pass_time(25 * 3_600)
            await world.control("POST", "/keys/forget")
            async with world.works.open() as work:
                await work.execute(
                    "UPDATE stripe_operation SET key_used_at = key_used_at - interval '25 hours'"
                    " WHERE state IN ('READY', 'SENT', 'UNKNOWN')"
                )
    raise AssertionError("the storm does not end")


async def work_off(world: PaymentWorld, queue: asyncio.Queue[UUID]) -> None:
    """One of the workers."""
    while not queue.empty():
        operation_id = queue.get_nowait()
        await send_operation(world.works, provider=world.provider, operation_id=operation_id)
