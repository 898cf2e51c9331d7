"""A storm of payouts: many drivers, half of all requests go wrong in every way that the stand-in knows, and the end.

`python -m tests.storms [PAYOUTS] [FAULTS_IN_A_HUNDRED]` (or `make storm`) plays it as a whole on a throw-away server;
the suite plays a small one. At the end there is one object there for each operation, and the books agree to the cent.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from marketplace.adapters.embedded import EmbeddedPostgres
from marketplace.adapters.stripe_sandbox.faults import REQUEST_FAULTS
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.ids import DriverId, PayoutId
from marketplace.core.migrate import migrate
from marketplace.core.work import Works
from marketplace.ledger import GATEWAY_AVAILABLE, balance_of, check_ledger
from marketplace.payments import send_operation
from marketplace.payouts import request_payout, settle_payout, sweep_payouts
from tests.marketplace.payouts.world import PayWorld, make_paid_driver, make_pay_world
from tests.payment_worlds import PaymentWorld, open_payment_world

WORKERS = 6
ROUNDS_AT_MOST = 400
FUND = 90_000_000
DUE = """
SELECT id FROM stripe_operation
WHERE state IN ('READY', 'SENT', 'UNKNOWN') AND (lease_until IS NULL OR lease_until <= clock_timestamp())
ORDER BY id LIMIT 400
"""
HURRY = "UPDATE stripe_operation SET not_before = NULL WHERE state IN ('READY', 'UNKNOWN') AND not_before IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weathered:
    """What a storm has left: everything that is compared."""

    payouts: int
    states: dict[str, int]
    operations: dict[str, int]
    objects: dict[str, int]
    requests: int
    struck: int
    ledger_sent_minor: int
    stripe_sent_minor: int
    stripe_paid_minor: int
    is_sound: bool
    seconds: float

    @property
    def is_even(self) -> bool:
        """Whether every operation has made one object, every payout is done, and both books say the same."""
        return (
            self.is_sound
            and self.states == {"IN_TRANSIT": self.payouts}
            and self.operations == self.objects == {"TRANSFER": self.payouts, "PAYOUT": self.payouts}
            and self.ledger_sent_minor == self.stripe_sent_minor == self.stripe_paid_minor
        )


async def weather(works: Works, *, payouts: int, fault_share: float) -> Weathered:
    """Plays a storm: reserves the payouts, breaks that share of all requests, and works on until nothing is left."""
    begun = time.monotonic()
    async with open_payment_world(works) as payments:
        while (await payments.balance())[0] < payouts * 5_000:
            await payments.float(FUND)
        world, wanted = await _reserve(works, payments, payouts)
        for number, fault in enumerate(sorted(REQUEST_FAULTS)):
            await payments.control(
                "POST",
                "/faults",
                fault=fault,
                match="*",
                times=10**9,
                # They are tried one after the other: each takes its share of what the earlier ones have let through.
                probability=fault_share / len(REQUEST_FAULTS) / (1 - number * fault_share / len(REQUEST_FAULTS)),
                seed=number,
            )
        await _work_off(works, payments, world)
        return await _count(works, payments, world, wanted, time.monotonic() - begun)


async def _reserve(works: Works, payments: PaymentWorld, count: int) -> tuple[PayWorld, list[PayoutId]]:
    async with works.open() as work:
        world = await make_pay_world(work, currency="USD")
    wanted = []
    for _ in range(count):
        account = await payments.driver()
        async with works.open() as work:
            driver_id, _ = await make_paid_driver(work, world)
            await work.execute("UPDATE payout_account SET account = $2 WHERE driver_id = $1", driver_id, account)
            wanted.append(await request_payout(work, driver_id=DriverId(driver_id)))
    return world, wanted


async def _work_off(works: Works, payments: PaymentWorld, world: PayWorld) -> None:
    """Workers that take what is due in an order of their own, two at a time for some of it."""
    source = Random(1)
    for _ in range(ROUNDS_AT_MOST):
        async with works.open() as work:
            await work.execute(HURRY)
            due = [row["id"] for row in await work.fetch(DUE)]
            moved = await sweep_payouts(work, market_id=world.market_id)
        if not due and not moved:
            return
        queue = due + source.sample(due, len(due) // 5)
        source.shuffle(queue)
        await asyncio.gather(*(_send(works, payments, queue) for _ in range(WORKERS)))
        for payout_id in moved:
            async with works.open() as work:
                await settle_payout(work, payout_id=payout_id)
    raise AssertionError("the storm does not end")


async def _send(works: Works, payments: PaymentWorld, queue: list[object]) -> None:
    while queue:
        await send_operation(works, provider=payments.provider, operation_id=queue.pop())  # type: ignore[arg-type]  # ids


async def _count(
    works: Works, payments: PaymentWorld, world: PayWorld, wanted: list[PayoutId], seconds: float
) -> Weathered:
    async with works.open() as work:
        states = await work.fetch("SELECT state FROM payout WHERE id = ANY($1)", wanted)
        operations = await work.fetch(
            "SELECT kind, count(DISTINCT object_id) AS made FROM stripe_operation WHERE state = 'DONE' GROUP BY kind"
        )
        sent = await balance_of(work, market_id=world.market.id, account=GATEWAY_AVAILABLE, currency="USD")
        report = await check_ledger(work, market_id=world.market.id)
    transfers, paid = payments.rows("transfer"), payments.rows("payout")
    faults = payments.rows("fault")
    return Weathered(
        payouts=len(wanted),
        states=dict(Counter(row["state"] for row in states)),
        operations={row["kind"]: row["made"] for row in operations},
        objects={"TRANSFER": len(transfers), "PAYOUT": len(paid)},
        requests=max(row["seen"] for row in faults),
        struck=sum(row["done"] for row in faults),
        ledger_sent_minor=-sent.minor,
        stripe_sent_minor=sum(row["amount"] for row in transfers),
        stripe_paid_minor=sum(row["amount"] for row in paid),
        is_sound=report.is_sound and report.open_holds == 0,
        seconds=round(seconds, 1),
    )


async def main(payouts: int, percent: int) -> int:
    """The whole storm on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="doorstep-storm-") as folder:
        server = EmbeddedPostgres(Path(folder), is_throwaway=True)
        url = await server.start()
        try:
            await migrate(url)
            async with open_database(url, pool_size=WORKERS + 2) as database:
                left = await weather(Works(database, DatabaseClock()), payouts=payouts, fault_share=percent / 100)
        finally:
            await server.stop()
    sys.stdout.write(f"{left}\n{'objects = operations, ledger = stand-in' if left.is_even else 'NOT EVEN'}\n")
    return 0 if left.is_even else 1


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]] + [1_000, 50][len(sys.argv) - 1 :]
    sys.exit(asyncio.run(main(*numbers)))
