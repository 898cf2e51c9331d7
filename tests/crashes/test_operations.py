"""Whoever sends an operation may die at any point: what was begun is finished, and nothing is done twice."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from marketplace.core.work import Works
from marketplace.payments import OperationKind, open_events
from tests.crashes import die_sending
from tests.marketplace.payments.kinds import Wanted, prepare, want
from tests.marketplace.payments.test_faults import made_by
from tests.payment_worlds import PaymentWorld, payment_world_at
from tests.processes import Stage
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)

FAILPOINTS = (
    "operation_before_call",
    "operation_after_look",
    "operation_after_call",
    "operation_before_record",
    "commit_before_publish",
    "operation_after_record",
)
"""Before the call, after a look that found nothing, after the call, while it is recorded, and right after."""
CARRIED_OUT_BEFORE_DEATH = {
    "operation_before_call": False,
    "operation_after_look": False,
    "operation_after_call": True,
    "operation_before_record": True,
    "commit_before_publish": True,
    "operation_after_record": True,
}
PATIENCE_S = 120.0
THREE_DAYS_S = 3 * 86_400
DUE_OF_EACH_KIND = """
SELECT DISTINCT ON (endpoint, type) id FROM stripe_event WHERE id = ANY($1) ORDER BY endpoint, type, id
"""
OBJECTS = "SELECT id, state, reading FROM stripe_object ORDER BY id"
CHANGES = "SELECT count(*) FROM event WHERE name = 'ProviderObjectChanged'"
PAID_HEARD = """
SELECT payload->>'object_id' AS object_id FROM event
WHERE name = 'ProviderObjectChanged' AND payload->>'kind' = 'payout' AND payload->>'state' = 'paid'
"""


@pytest.fixture
async def world(stage: Stage, stage_works: Works) -> AsyncIterator[PaymentWorld]:
    async with payment_world_at(stage_works, stage.stand_in) as world:
        yield world


async def states(works: Works) -> dict[str, str]:
    async with works.open() as work:
        rows = await work.fetch("SELECT id, state FROM stripe_operation")
    return {str(row["id"]): row["state"] for row in rows}


async def told(works: Works) -> Counter[str]:
    async with works.open() as work:
        rows = await work.fetch("SELECT payload->>'operation_id' AS id FROM event WHERE name = 'OperationEnded'")
    return Counter(row["id"] for row in rows)


async def die(stage: Stage, cases: list[tuple[str, str]]) -> list[int]:
    """Has a process for each case die."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", die_sending.__name__),
        env=os.environ | {"DATABASE_URL": stage.database_url, "DOORSTEP_STRIPE_URL": stage.stand_in.url},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate(json.dumps(cases).encode())
    ends: list[int] = json.loads(told)
    return ends


async def test_every_kind_survives_a_death_at_every_point(stage: Stage, world: PaymentWorld) -> None:
    cases: dict[str, tuple[Wanted, str]] = {}
    for kind in OperationKind:
        for failpoint in FAILPOINTS:
            wanted = await prepare(kind, world)
            cases[str(await want(world, wanted))] = (wanted, failpoint)
    async with world.works.open() as work:
        # Only what was sent before, with an outcome that nobody knows, is looked up.
        looked_up = [key for key, (_, failpoint) in cases.items() if failpoint == "operation_after_look"]
        await work.execute(
            "UPDATE stripe_operation SET state = 'UNKNOWN' WHERE id = ANY($1::text[]::uuid[])", looked_up
        )

    ends = await die(stage, [(key, failpoint) for key, (_, failpoint) in cases.items()])

    assert set(ends) == {-signal.SIGKILL}
    after_death, carried_out = await states(world.works), {}
    for key, (wanted, failpoint) in cases.items():
        carried_out[key] = len(made_by(world, wanted, key))
        is_recorded = failpoint in {"commit_before_publish", "operation_after_record"}
        assert after_death[key] == ("DONE" if is_recorded else "SENT"), failpoint
        assert carried_out[key] == int(CARRIED_OUT_BEFORE_DEATH[failpoint]), (wanted.kind, failpoint)

    await world.send_all(is_patient=True)

    assert Counter((await states(world.works)).values()) == {"DONE": len(cases)}
    assert {key: len(made_by(world, wanted, key)) for key, (wanted, _) in cases.items()} == dict.fromkeys(cases, 1)
    assert await told(world.works) == Counter(list(cases))


async def test_a_death_while_an_event_is_looked_into_leaves_it_to_the_next_who_looks(
    stage: Stage, world: PaymentWorld
) -> None:
    for kind in (OperationKind.TRANSFER, OperationKind.CHARGE, OperationKind.PAYOUT):
        await want(world, await prepare(kind, world))
    await world.send_all()
    await world.pass_time(THREE_DAYS_S)
    await world.hear()
    async with world.works.open() as work:
        every_kind = await work.fetch(DUE_OF_EACH_KIND, await open_events(work))
        due = [row["id"] for row in every_kind]
        known = await work.fetch(OBJECTS)
        told = await work.fetch_value(CHANGES)

    ends = await die(stage, [(event_id, "inbox_before_record") for event_id in due])

    assert len(due) > 3
    assert ends == [-signal.SIGKILL] * len(due)
    async with world.works.open() as work:
        rows = await work.fetch("SELECT processed_at, attempts FROM stripe_event WHERE id = ANY($1)", due)
        assert [tuple(row) for row in rows] == [(None, 1)] * len(due)
        assert await work.fetch(OBJECTS) == known
        assert await work.fetch_value(CHANGES) == told
        assert set(await open_events(work)) & set(due) == set(), "the dead still have their leases"
        await work.execute("UPDATE stripe_event SET lease_until = now() WHERE processed_at IS NULL")

    await world.apply_all()

    async with world.works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM stripe_event WHERE processed_at IS NULL") == 0
        paid = await work.fetch("SELECT id FROM stripe_object WHERE kind = 'payout' AND state = 'paid'")
        heard = await work.fetch(PAID_HEARD)
    assert len(paid) > 0
    assert sorted(row["object_id"] for row in heard) == sorted(row["id"] for row in paid), "each was told once"


async def test_a_worker_that_is_killed_while_it_sends_is_followed_by_one_that_looks(
    stage: Stage, world: PaymentWorld
) -> None:
    before = set(await states(world.works))
    wanted: dict[str, Any] = {}
    for kind in (OperationKind.TRANSFER, OperationKind.CHARGE, OperationKind.PAYOUT):
        made_for = await prepare(kind, world)
        wanted[str(await want(world, made_for))] = made_for

    for failpoint in ("operation_before_call", "operation_after_call", "operation_before_record"):
        worker = await stage.work(failpoint=failpoint)
        assert await worker.ended() == -signal.SIGKILL, worker.log
        async with world.works.open() as work:
            await work.execute("UPDATE job SET lease_until = now() WHERE state = 'RUNNING'")
            await work.execute("UPDATE stripe_operation SET lease_until = now() WHERE lease_until IS NOT NULL")
    survivor = await stage.work()

    async def is_done() -> bool:
        now = await states(world.works)
        return all(now[key] == "DONE" for key in wanted)

    await until(is_done, patience_s=PATIENCE_S)
    await survivor.kill()
    assert set(await states(world.works)) - before == set(wanted)
    assert {key: len(made_by(world, made_for, key)) for key, made_for in wanted.items()} == dict.fromkeys(wanted, 1)
    ended = await told(world.works)
    assert {key: ended[key] for key in wanted} == dict.fromkeys(wanted, 1)
