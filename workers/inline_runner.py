"""Runs everything that is due in this process, without a queue: for tests and simulations.

A failing job is not tried again later, it fails the caller.
"""

from collections.abc import Mapping, Sequence

from marketplace.app import Marketplace
from marketplace.core.jobs import jobs_at_rest
from marketplace.core.outbox import markets_with_unpublished
from marketplace.core.work import Works
from workers.deadlines import DEADLINES
from workers.jobs import BOUNDS, jobs_of
from workers.relay import publish_market
from workers.runner import JobRunner, RunJob
from workers.waker import Deadline, fire_all

ROUNDS_AT_MOST = 1_000
"""A market that is not quiet after so many rounds makes work for itself without end."""


class NeverQuiet(RuntimeError):
    """What follows from events makes events for ever."""


async def drain(marketplace: Marketplace) -> int:
    """Has every due deadline take effect, publishes and runs all that follows, until nothing is left; counts the jobs.

    Jobs that gather events for a while run at once. What is due later, by the market's clock, is not touched.
    """
    return await drain_works(marketplace.works, jobs_of(marketplace), DEADLINES, bounds=BOUNDS)


async def drain_works(
    works: Works,
    jobs: Mapping[str, RunJob],
    deadlines: Sequence[Deadline],
    *,
    bounds: Mapping[str, float] | None = None,
) -> int:
    """The same with jobs and deadlines of the caller's choice."""
    failures: list[Exception] = []
    runner = JobRunner(works, jobs, bounds=bounds, on_failure=failures.append)
    count = 0
    for _ in range(ROUNDS_AT_MOST):
        fired = sum([await fire_all(works, deadline) for deadline in deadlines])
        published = await _publish_all(works)
        ran = await _run_all(works, runner, failures)
        count += ran
        if not (fired or published or ran):
            return count
    raise NeverQuiet(f"the market was not quiet after {ROUNDS_AT_MOST} rounds")


async def _publish_all(works: Works) -> int:
    async with works.read() as connection:
        markets = await markets_with_unpublished(connection)
    return sum([len((await publish_market(works, market_id))[0]) for market_id in markets])


async def _run_all(works: Works, runner: JobRunner, failures: Sequence[Exception]) -> int:
    async with works.read() as connection:
        jobs = await jobs_at_rest(connection)
    ran = 0
    for job in jobs:
        ran += await runner.run(job.id, is_early=True)
        if failures:
            raise failures[0]
    return ran
