"""A day of a recurring batch is posted once, whoever tries and whatever breaks, by real commits on many connections."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from marketplace.batches import Priced
from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.recurring_batches import OccurrenceSettled, skip_occurrence
from marketplace.recurring_batches.post_occurrence import Due
from tests.marketplace.recurring_batches.world import Dairy, make_dairy

WORKERS = 6
TUESDAY = date(2026, 3, 3)
COUNTS = """
SELECT (SELECT count(*) FROM delivery) AS deliveries, (SELECT count(*) FROM batch) AS batches,
       (SELECT count(*) FROM recurring_run) AS runs,
       (SELECT count(*) FROM event WHERE name IN ('OccurrencePosted', 'OccurrenceSkipped')) AS told
"""


async def look(dairy: Dairy, recurring_id: UUID) -> tuple[Due, Priced | None]:
    """What a worker has seen and asked before it writes."""
    errand = dairy.errand(recurring_id)
    async with dairy.works.open() as work:
        due = await errand.read(work)
    assert due is not None
    return due, await errand.call(due)


async def counts(works: Works) -> tuple[int, ...]:
    async with works.open() as work:
        row = await work.fetch_row(COUNTS)
    assert row is not None
    return tuple(row.values())


async def test_workers_that_have_seen_the_same_day_post_it_once(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    dairy = await make_dairy(works)
    milk = await dairy.keep()
    clock.advance(seconds=21 * 3_600)
    looks = [await look(dairy, milk) for _ in range(WORKERS)]

    async def record(due: Due, answer: Priced | None) -> bool:
        async with works.open() as work:
            return await dairy.errand(milk).record(work, due, answer)

    await asyncio.gather(*(record(*seen) for seen in looks))

    assert await counts(works) == (1, 1, 1, 1)
    assert await dairy.standing(milk) == ("ACTIVE", date(2026, 3, 4), 0)


async def test_a_worker_that_dies_while_it_posts_leaves_nothing_and_the_next_one_posts_it(
    committed_works: Works, clock: ManualClock
) -> None:
    works = committed_works
    dairy = await make_dairy(works)
    milk = await dairy.keep()
    clock.advance(seconds=21 * 3_600)
    due, answer = await look(dairy, milk)

    with pytest.raises(ZeroDivisionError):
        async with works.open() as work:
            await dairy.errand(milk).record(work, due, answer)
            raise ZeroDivisionError
    assert await counts(works) == (0, 0, 0, 0)
    await dairy.look(milk)

    assert await counts(works) == (1, 1, 1, 1)


async def test_of_a_posting_and_a_skip_at_once_one_settles_the_day(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    dairy = await make_dairy(works)
    milk = await dairy.keep()
    clock.advance(seconds=21 * 3_600)
    due, answer = await look(dairy, milk)

    async def post() -> None:
        async with works.open() as work:
            await dairy.errand(milk).record(work, due, answer)

    async def skip() -> bool:
        try:
            async with works.open() as work:
                await skip_occurrence(work, shipper_id=dairy.shipper.id, recurring_batch_id=milk, day=TUESDAY)
        except OccurrenceSettled:
            return False
        return True

    is_skipped, _ = await asyncio.gather(skip(), post())

    assert await counts(works) == ((0, 0, 1, 1) if is_skipped else (1, 1, 1, 1))
