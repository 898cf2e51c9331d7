"""What is done from time to time: payouts are run where they are due, a failing thing is tried again."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast
from uuid import UUID

from marketplace.adapters.webhooks import HttpCourier
from marketplace.app import Marketplace
from marketplace.core.clock import ManualClock
from marketplace.core.idempotency import KEPT_FOR, forget_old
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.payments import OperationKind
from marketplace.payouts import schedule_payouts
from marketplace.webhooks import SecretBox, WebhookSender
from tests.builders import make_market
from tests.marketplace.payouts.laws import LA_WAGE, drive, make_law_world, make_worker
from tests.marketplace.payouts.world import end_operation, make_paid_driver, make_pay_world
from tests.marketplace.surge.worlds import make_busy_world
from tests.waiting import until
from workers.periodic import Periodic, keep
from workers.runner import JobRunner
from workers.schedule import (
    decide_all_surge,
    learn_acceptance,
    learn_traffic,
    run_payouts,
    schedule_of,
    true_up_pay,
    until_none_left,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a schedule takes of a marketplace."""

    works: Works
    webhooks: WebhookSender
    settings: Settings


async def test_shippers_are_looked_after_within_the_second_that_they_are_promised(works: Works) -> None:
    async with WebhookSender(works, HttpCourier(), SecretBox("of a test")) as webhooks:
        parts = Parts(works, webhooks, Settings(metrics_port=None))
        schedule = schedule_of(cast("Marketplace", parts), JobRunner(works, {}))
        shown = schedule_of(
            cast("Marketplace", replace(parts, settings=Settings(metrics_port=0))), JobRunner(works, {})
        )

    pauses = {periodic.name: periodic.every_s for periodic in schedule}
    assert {periodic.name for periodic in shown} - pauses.keys() == {"read figures"}
    assert len(pauses) == len(schedule)
    assert (pauses["send webhooks"], pauses["tell what is due"]) == (0.2, 5.0)


async def test_a_payout_run_that_is_due_becomes_a_job(committed_works: Works, clock: ManualClock) -> None:
    works, ran = committed_works, list[UUID]()

    async def note(market_id: UUID) -> None:
        ran.append(market_id)

    async with works.open() as work:
        world = await make_pay_world(work)
        await work.execute("UPDATE market SET next_payout_at = $1", work.now + timedelta(seconds=60))
    runner = JobRunner(works, {"run_payouts": note})
    await run_payouts(works, runner)
    clock.advance(seconds=60)

    await run_payouts(works, runner)
    await runner.stop(patience_s=30)

    assert ran == [world.market.id]


async def test_a_pay_period_that_is_over_becomes_a_job(committed_works: Works, clock: ManualClock) -> None:
    works, ran = committed_works, list[UUID]()

    async def note(market_id: UUID) -> None:
        ran.append(market_id)

    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, _ = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=work.now, hours=1, metres=0, paid_minor=0)
        await make_market(work)
    runner = JobRunner(works, {"true_up_pay": note})
    await true_up_pay(works, runner)
    clock.advance(seconds=14 * 24 * 3600)

    await true_up_pay(works, runner)
    await runner.stop(patience_s=30)

    assert ran == [world.market.id]


async def test_every_market_learns_from_its_answers_from_time_to_time(committed_works: Works) -> None:
    works, learnt = committed_works, list[UUID]()

    async def note(market_id: UUID) -> None:
        learnt.append(market_id)

    async with works.open() as work:
        markets = [await make_market(work) for _ in range(2)]
    runner = JobRunner(works, {"learn_acceptance": note})

    await learn_acceptance(works, runner)
    await runner.stop(patience_s=30)

    assert sorted(learnt) == sorted(market.id for market in markets)


async def test_every_market_learns_from_its_drives_from_time_to_time(committed_works: Works) -> None:
    works, learnt = committed_works, list[UUID]()

    async def note(market_id: UUID) -> None:
        learnt.append(market_id)

    async with works.open() as work:
        markets = [await make_market(work) for _ in range(2)]
    runner = JobRunner(works, {"learn_traffic": note})

    await learn_traffic(works, runner)
    await runner.stop(patience_s=30)

    assert sorted(learnt) == sorted(market.id for market in markets)


async def test_a_payout_that_nobody_settles_is_settled(committed_works: Works) -> None:
    works, settled = committed_works, list[UUID]()

    async def settle(payout_id: UUID) -> None:
        settled.append(payout_id)

    async with works.open() as work:
        world = await make_pay_world(work)
        await make_paid_driver(work, world)
        [payout_id] = await schedule_payouts(work, market_id=world.market_id)
        await end_operation(work, OperationKind.TRANSFER, payout_id)
    runner = JobRunner(works, {"settle_payout": settle})

    await run_payouts(works, runner)
    await runner.stop(patience_s=30)

    assert settled == [payout_id]


async def test_old_rows_are_forgotten_and_new_ones_kept(works: Works) -> None:
    async with works.open() as work:
        for number, age in enumerate((KEPT_FOR * 2, KEPT_FOR / 2)):
            await work.execute(
                "INSERT INTO idempotency (id, principal_id, digest, created_at) VALUES ($1, $1, '', $2)",
                UUID(int=number),
                work.machine_now - age,
            )

    await until_none_left(works, forget_old)

    async with works.open() as work:
        left = await work.fetch("SELECT id FROM idempotency")
    assert [row["id"] for row in left] == [UUID(int=1)]


async def test_a_thing_that_fails_is_done_again() -> None:
    tries: list[int] = []

    async def fail_first() -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise ValueError("not this time")

    keeping = asyncio.create_task(keep(Periodic("fails", 0.01, fail_first)))
    await until(lambda: len(tries) >= 3)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_every_market_decides_its_surge_when_its_own_time_has_come(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        first, second = [await make_busy_world(work, surge_every_s=every_s) for every_s in (60, 90)]

    for _ in range(3):
        await decide_all_surge(works)
        clock.advance(seconds=60)

    async with works.open() as work:
        ticks = [
            await work.fetch_value(
                "SELECT count(DISTINCT decided_at) FROM surge_decision WHERE market_id = $1", one.market.id
            )
            for one in (first, second)
        ]
    assert ticks == [3, 2]
