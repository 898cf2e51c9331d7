"""API, worker, Valkey and PostgreSQL are killed in turn at work: nothing answered is lost, nothing is there twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis import asyncio as redis

from marketplace.adapters.embedded import EmbeddedPostgres, EmbeddedValkey
from marketplace.adapters.embedded.postgres_data import read_postmaster_file
from marketplace.adapters.embedded.process import is_alive
from marketplace.adapters.stripe_sandbox.server import running
from marketplace.core.ids import to_wire
from marketplace.core.migrate import migrate
from marketplace.core.work import Work, Works
from marketplace.ledger import check_ledger
from marketplace.payouts.models import PayoutAccount
from tests.contracts.stripe_scenarios.world import StripeWorld
from tests.crashes.towns import Town, make_town
from tests.crashes.traffic import Traffic
from tests.processes import Api, Process, Stage
from tests.waiting import until

pytestmark = pytest.mark.timeout(900)

SHIPPERS, DRIVERS = 6, 6
PATIENCE_S = 240.0
"""Longer than the longest lease that a killed worker leaves behind on a job."""

UNFINISHED = """
SELECT (SELECT count(*) FROM event WHERE position IS NULL) + (SELECT count(*) FROM payout WHERE state <> 'IN_TRANSIT')
     + (SELECT count(*) FROM job WHERE state = 'RUNNING' OR state = 'READY' AND run_at <= now())
"""


@dataclass
class Servers:
    """Everything that can be killed, and what starts it again."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    stage: Stage
    api: Api
    worker: Process

    async def lose_api(self) -> None:
        """Kills the API and starts it again at its port."""
        await self.api.kill()
        await until(lambda: not self.api.has_left_somebody)
        self.api = await self.stage.serve(port=self.api.port, has_streets=True)

    async def lose_worker(self) -> None:
        """Kills the worker and starts another."""
        await self.worker.kill()
        await until(lambda: not self.worker.has_left_somebody)
        self.worker = await self.stage.work(has_streets=True)
        await self.stage.until_working()

    async def lose_valkey(self) -> None:
        """Kills the queue's server; what it remembers is in its append-only file."""
        pid = await self._valkey_pid()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not is_alive(pid))
        await self.valkey.start()
        assert await self._valkey_pid() != pid

    async def lose_postgres(self) -> None:
        """Kills the database server and starts it on the same data, as its supervisor would."""
        pid = self._postgres_pid()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not is_alive(pid))
        await self.postgres.start()
        assert self._postgres_pid() != pid
        await self.api.until_ready()

    async def _valkey_pid(self) -> int:
        async with aclosing(redis.Redis.from_url(self.valkey.url)) as queue:
            return int((await queue.info("server"))["process_id"])

    def _postgres_pid(self) -> int:
        found = read_postmaster_file(self.postgres.data_folder)
        assert found is not None
        return found.pid


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    """PostgreSQL and Valkey that keep what they were told, and an API and a worker on them."""
    postgres, valkey = EmbeddedPostgres(tmp_path / "postgres"), EmbeddedValkey(tmp_path / "valkey")
    stage: Stage | None = None
    try:
        async with running() as stand_in:
            stage = Stage(await postgres.start(), await valkey.start(), stand_in, tmp_path)
            await migrate(stage.database_url)
            api, worker = await asyncio.gather(stage.serve(has_streets=True), stage.work(has_streets=True))
            yield Servers(postgres, valkey, stage, api, worker)
    finally:
        if stage is not None:
            await stage.kill_all()
        await valkey.stop()
        await postgres.stop()


async def test_nothing_answered_is_lost_and_nothing_is_there_twice(servers: Servers) -> None:
    async with servers.stage.works() as works:
        town = await make_town(works, shippers=SHIPPERS, drivers=DRIVERS, currency="USD")
        async with servers.stage.stripe() as stripe:
            await open_accounts(works, town, stripe)
        await servers.stage.until_working()
        async with httpx.AsyncClient(timeout=20) as http:
            traffic = Traffic(town, servers.api.url, http)
            going = asyncio.create_task(traffic.run())
            gaps = await go_through(traffic, servers)
            await traffic.go_on()
            traffic.is_over = True
            await going

        await until(lambda: is_settled(works), patience_s=PATIENCE_S)
        sys.stdout.write(
            f"\n{len(traffic.posted)} deliveries posted, {len(traffic.taken)} routes taken, {len(traffic.delivered)}"
            f" delivered, {len(traffic.paid_out)} payouts; {traffic.unanswered} requests without an answer,"
            f" refusals {dict(traffic.refusals)}; longest gap {traffic.longest_gap_s:.1f} s ({gaps})\n"
        )
        await assert_kept(works, town, traffic)
        await assert_once(works, town)
        async with servers.stage.stripe() as stripe:
            await assert_paid(works, town, traffic, stripe)


async def go_through(traffic: Traffic, servers: Servers) -> dict[str, str]:
    """One disaster after the other, each when all is going well again; tells how long nobody was answered in each."""
    gaps = {}
    disasters: dict[str, Callable[[], Awaitable[None]]] = {
        "api": servers.lose_api,
        "worker": servers.lose_worker,
        "valkey": servers.lose_valkey,
        "postgres": servers.lose_postgres,
    }
    for name, happens in disasters.items():
        await traffic.go_on()
        before = len(traffic.answered_at)
        await happens()
        await until(partial(has_gone_on, traffic, before), patience_s=PATIENCE_S)
        moments = traffic.answered_at[before - 1 :]
        gaps[name] = f"{max(later - earlier for earlier, later in pairwise(moments)):.1f} s"
    return gaps


def has_gone_on(traffic: Traffic, answers: int) -> bool:
    """Whether somebody was answered since then."""
    return len(traffic.answered_at) > answers + 1


async def is_settled(works: Works) -> bool:
    """Whether everything is published, every job that may run has run, and everybody is paid."""
    async with works.open() as work:
        return bool(await work.fetch_value(UNFINISHED) == 0)


async def assert_kept(works: Works, town: Town, traffic: Traffic) -> None:
    """What the database has is exactly what was acknowledged: no more, for nobody stopped in the middle."""
    async with works.open() as work:
        deliveries = await rows_of(work, "SELECT external_id, id FROM delivery WHERE market_id = $1", town)
        delivered = await rows_of(work, "SELECT id FROM delivery WHERE market_id = $1 AND state = 'DELIVERED'", town)
        taken = await rows_of(work, "SELECT id, route_id FROM offer WHERE market_id = $1 AND state = 'ACCEPTED'", town)
        driven = await rows_of(work, "SELECT id FROM route WHERE market_id = $1 AND state = 'COMPLETED'", town)
        held = await rows_of(work, "SELECT id FROM route WHERE market_id = $1 AND driver_id IS NOT NULL", town)
    assert {reference: to_wire("delivery", one) for reference, one in deliveries} == traffic.posted
    assert {to_wire("delivery", one) for (one,) in delivered} == traffic.delivered
    assert {to_wire("offer", offer): to_wire("route", route) for offer, route in taken} == traffic.taken
    assert {to_wire("route", one) for (one,) in driven} == traffic.driven
    assert {to_wire("route", one) for (one,) in held} == traffic.driven


async def assert_once(works: Works, town: Town) -> None:
    """Every fact was told once and has its place in the stream, and no job was given up."""
    async with works.open() as work:
        told = await rows_of(
            work,
            "SELECT name, coalesce(payload->>'offer_id', payload->>'statement_id', payload->>'payout_id',"
            " payload->>'delivery_id', payload->>'batch_id', payload->>'route_id'), position FROM event"
            " WHERE market_id = $1 ORDER BY position",
            town,
        )
        numbers = await rows_of(
            work,
            "SELECT d.sequence, array_agg((e.payload->>'sequence')::int ORDER BY e.position) FROM delivery d"
            " JOIN event e ON e.delivery_id = d.id WHERE d.market_id = $1 AND e.payload ? 'sequence' GROUP BY d.id",
            town,
        )
        assert await work.fetch("SELECT kind, error FROM job WHERE state = 'DEAD'") == []
    assert [position for _, _, position in told] == list(range(1, len(told) + 1))
    once = {"DeliveryPosted", "BatchPosted", "OfferAccepted", "RouteAssigned", "DeliveryDelivered", "RouteCompleted"}
    counted = Counter((name, subject) for name, subject, _ in told if name in once)
    assert set(counted.values()) == {1}
    assert all(seen == list(range(1, last + 1)) for last, seen in numbers)


async def open_accounts(works: Works, town: Town, stripe: StripeWorld) -> None:
    """Every driver has an account at the stand-in, and the platform has money there."""
    await stripe.float(10_000_000)
    for driver_id in town.driver_tokens:
        account = await stripe.driver()
        async with works.open() as work:
            await PayoutAccount.create(
                using_db=work.db,
                payee_id=driver_id,
                driver_id=driver_id,
                market_id=town.market.id,
                account=account,
                can_receive=True,
                can_pay_out=True,
                is_submitted=True,
                currently_due=[],
                created_at=work.now,
                changed_at=work.now,
            )


async def assert_paid(works: Works, town: Town, traffic: Traffic, stripe: StripeWorld) -> None:
    """Every route has one statement, every payout one transfer and one payout there, and the books balance."""
    async with works.open() as work:
        statements = await rows_of(work, "SELECT route_id FROM pay_statement WHERE market_id = $1", town)
        payouts = await rows_of(work, "SELECT id, amount_minor FROM payout WHERE market_id = $1", town)
        report = await check_ledger(work, market_id=town.market.id)
        received = await rows_of(
            work,
            "SELECT o.subject_id, o.amount_minor FROM stripe_operation o WHERE kind = 'TRANSFER' AND market_id = $1",
            town,
        )
    transfers = [one async for one in (await stripe.v1.transfers.list_async({"limit": 100})).auto_paging_iter()]
    sums = await stripe.control("GET", "/sums")
    assert Counter(to_wire("route", route) for (route,) in statements) == Counter(traffic.driven)
    assert {to_wire("payout", one) for one, _ in payouts} >= traffic.paid_out  # the market's own run makes some, too
    assert Counter(received) == Counter(payouts)
    assert Counter((UUID(one.metadata["subject"]), one.amount) for one in transfers) == Counter(payouts)
    assert sums["objects"]["payout"] == len(payouts)
    assert set(report.sums_minor.values()) == {0}
    assert (report.is_sound, report.open_holds) == (True, 0)


async def rows_of(work: Work, sql: str, town: Town) -> list[tuple[Any, ...]]:
    """The rows of the town's market."""
    return [tuple(row) for row in await work.fetch(sql, town.market.id)]
