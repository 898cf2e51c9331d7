"""A solver that dies or overruns costs its caller one call: the next one is answered by a new process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from marketplace.matching import BadRequest, PlanOptions, PlanRequest, SolverFailed, SolverPool
from marketplace.matching.reading import read_request, write_plan
from tests.marketplace.matching.processes import is_running, wait_until_busy, wait_until_gone
from tests.marketplace.matching.questions import example, random_town, reply_to

ORPHAN = """
import os, signal
from marketplace.matching import SolverPool
from marketplace.matching.reading import read_request
from tests.marketplace.matching.questions import example
pool = SolverPool(1)
pool.solve_now(read_request(example()), time_limit_s=1)
print(*pool.process_ids, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[SolverPool]:
    """A pool of one process that has already planned something."""
    with SolverPool(1, grace_s=20) as opened:
        opened.solve_now(read_request(example()), time_limit_s=1)
        yield opened


@pytest.fixture
async def long_call(pool: SolverPool) -> AsyncIterator["asyncio.Task[object]"]:
    """A call that its process works at for many seconds, and has begun."""
    request = read_request(random_town(1, deliveries=110, drivers=40, objective="fewest_drivers", time_limit_s=60))
    task: asyncio.Task[object] = asyncio.create_task(pool.solve(request, time_limit_s=60))
    await asyncio.to_thread(wait_until_busy, pool.process_ids[0])
    yield task
    task.cancel()


async def test_a_plan_from_the_pool_is_the_plan_itself(pool: SolverPool) -> None:
    plan = await pool.solve(read_request(example()), time_limit_s=1)

    assert {"request_id": "r-1"} | write_plan(plan) == reply_to(example())


async def test_the_event_loop_goes_on_while_a_solver_works(pool: SolverPool) -> None:
    request = read_request(random_town(2, deliveries=60, drivers=20, objective="travel_time", time_limit_s=0.3))
    call = asyncio.create_task(pool.solve(request, time_limit_s=0.3))
    turns = 0
    while not call.done():
        await asyncio.sleep(0.005)
        turns += 1

    assert turns > 3
    assert (await call).unassigned == ()


async def test_a_refusal_comes_through_with_its_field(pool: SolverPool) -> None:
    request = PlanRequest(now=0, durations_s=[], deliveries=[], drivers=[], options=PlanOptions(threads=0))
    before = pool.process_ids

    with pytest.raises(BadRequest) as refused:
        await pool.solve(request, time_limit_s=1)

    assert (refused.value.field, refused.value.message) == ("options.threads", "threads must be between 1 and 64")
    assert pool.process_ids == before


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGFPE])
async def test_a_solver_that_dies_fails_its_call_and_is_replaced(
    pool: SolverPool, long_call: "asyncio.Task[object]", death: signal.Signals
) -> None:
    (process_id,), replaced = pool.process_ids, pool.replaced

    os.kill(process_id, death)
    with pytest.raises(SolverFailed) as failed:
        await long_call

    assert failed.value.retryable
    assert f"ended with status {-death}" in failed.value.message
    assert pool.replaced == replaced + 1
    assert pool.process_ids != [process_id]
    assert len((await pool.solve(read_request(example()), time_limit_s=1)).routes) == 1


async def test_a_solver_that_overruns_is_ended_and_replaced() -> None:
    with SolverPool(1, grace_s=0.2) as impatient:
        request = read_request(example())
        while True:  # the first call may itself be slower than so little patience on a busy machine
            try:
                await impatient.solve(request, time_limit_s=1)
                break
            except SolverFailed:
                continue
        (process_id,), replaced = impatient.process_ids, impatient.replaced
        os.kill(process_id, signal.SIGSTOP)

        with pytest.raises(SolverFailed) as failed:
            await impatient.solve(request, time_limit_s=0.05)

        assert "took more than 0.7 s" in failed.value.message
        assert not is_running(process_id)
        assert impatient.replaced == replaced + 1
        assert len(impatient.process_ids) == 1


async def test_a_solver_that_died_idle_costs_nothing(pool: SolverPool) -> None:
    (process_id,) = pool.process_ids
    os.kill(process_id, signal.SIGKILL)
    wait_until_gone(process_id)

    plan = await pool.solve(read_request(example()), time_limit_s=1)

    assert len(plan.routes) == 1


async def test_calls_wait_their_turn(pool: SolverPool) -> None:
    towns = [random_town(number, deliveries=6, drivers=2) for number in range(5)]

    plans = await asyncio.gather(*(pool.solve(read_request(town), time_limit_s=1) for town in towns))

    assert [write_plan(plan)["routes"] for plan in plans] == [reply_to(town)["routes"] for town in towns]


async def test_a_closed_pool_leaves_no_process_behind() -> None:
    with SolverPool(1) as closed:
        await closed.solve(read_request(example()), time_limit_s=1)
        (process_id,) = closed.process_ids

    assert not is_running(process_id)
    assert closed.process_ids == []
    with pytest.raises(SolverFailed):
        closed.solve_now(read_request(example()), time_limit_s=1)


def test_a_solver_ends_when_its_owner_is_killed() -> None:
    owner = subprocess.run(
        [sys.executable, "-c", ORPHAN],
        env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=False,
    )
    process_id = int(owner.stdout)
    wait_until_gone(process_id)

    assert not is_running(process_id)


@pytest.mark.parametrize("name", ["vroom", "numba", "pandas", "scipy", "tortoise"])
def test_the_face_of_the_package_imports_nothing_dear(name: str) -> None:
    look = f"import sys, marketplace.matching; print({name!r} in sys.modules)"

    answer = subprocess.run(
        [sys.executable, "-c", look], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
    )

    assert answer.stdout.strip() == b"False"
