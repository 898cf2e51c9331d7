"""A question that nobody answers ends at its deadline, once, whoever dies meanwhile."""

from datetime import timedelta

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.reassignments import next_expiry
from marketplace.reassignments.refusals import ReassignmentOver
from tests.marketplace.reassignments.relief import make_relief
from workers.deadlines import DEADLINES
from workers.waker import fire_all

[EXPIRES] = [deadline for deadline in DEADLINES if deadline.name == "reassignment expires"]
ENDED = "SELECT payload->>'state' AS state FROM event WHERE name = 'ReassignmentEnded'"


async def test_a_question_ends_at_its_deadline_and_not_before(works: Works, clock: ManualClock) -> None:
    relief = await make_relief(works, clock)
    reassignment_id = await relief.ask(meeting_point=None)
    async with works.open() as work:
        assert await next_expiry(work.connection) == clock.now + timedelta(minutes=5)

    clock.advance(seconds=299.999)
    assert await fire_all(works, EXPIRES) == 0
    clock.advance(seconds=0.001)
    assert await fire_all(works, EXPIRES) == 1

    assert (await relief.row(reassignment_id))["state"] == "EXPIRED"
    assert [row["state"] for row in await relief.rows(ENDED)] == ["EXPIRED"]
    with pytest.raises(ReassignmentOver):
        await relief.accept(reassignment_id)
    async with works.open() as work:
        assert await next_expiry(work.connection) is None
    await relief.ask(meeting_point=None)


async def test_a_deadline_whose_worker_died_over_it_is_kept_by_the_next(works: Works, clock: ManualClock) -> None:
    relief = await make_relief(works, clock)
    reassignment_id = await relief.ask(meeting_point=None)
    clock.advance(seconds=300)

    with pytest.raises(ConnectionError):
        async with works.open() as work:
            assert await EXPIRES.fire(work) == 1
            raise ConnectionError("the worker dies before its commit")

    assert (await relief.row(reassignment_id))["state"] == "OFFERED"
    assert await fire_all(works, EXPIRES) == 1
    assert [row["state"] for row in await relief.rows(ENDED)] == ["EXPIRED"]


async def test_a_yes_in_time_leaves_nothing_to_end(works: Works, clock: ManualClock) -> None:
    relief = await make_relief(works, clock)
    reassignment_id = await relief.ask(meeting_point=None)
    await relief.accept(reassignment_id)
    clock.advance(seconds=300)

    assert await fire_all(works, EXPIRES) == 0

    assert (await relief.row(reassignment_id))["state"] == "DONE"
