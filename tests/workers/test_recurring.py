"""What recurs is found when it is due and posted by a job, also after nobody was there for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from marketplace.adapters.routers import StraightLineRouter
from marketplace.app import Marketplace
from marketplace.core.clock import ManualClock
from marketplace.core.jobs import ReadyJob
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from tests.marketplace.batches.orders import ROUTER
from tests.marketplace.recurring_batches.world import make_dairy
from workers.jobs import JOBS
from workers.runner import JobRunner
from workers.schedule import post_recurring


@dataclass(frozen=True, slots=True)
class Parts:
    """What a posting takes of a marketplace."""

    works: Works
    router: StraightLineRouter = ROUTER
    settings: Settings = field(default_factory=Settings)
    geocoder: Any = None


class Line:
    """A queue that nobody works off by itself."""

    async def put(self, jobs: Sequence[ReadyJob]) -> list[ReadyJob]:
        del jobs
        return []


async def test_each_day_that_is_due_is_posted_by_a_job_with_a_link_for_its_recipient(
    works: Works, clock: ManualClock
) -> None:
    dairy = await make_dairy(works)
    await dairy.keep(rule="FREQ=DAILY;COUNT=4")
    parts = cast("Marketplace", Parts(works))
    runner = JobRunner(works, {"post_recurring": partial(JOBS["post_recurring"], parts)}, queue=Line())

    await post_recurring(works, runner)
    clock.advance(seconds=(24 + 22) * 3_600)
    await post_recurring(works, runner)
    async with works.open() as work:
        [(kind, job_id)] = [tuple(row.values()) for row in await work.fetch("SELECT kind, id FROM job")]
    await runner.run(job_id)

    assert kind == "post_recurring"
    assert [run[1:3] for run in await dairy.runs()] == [("SKIPPED", "MISSED"), ("POSTED", None)]
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM tracking_link") == 1
        assert await work.fetch_value("SELECT count(*) FROM job") == 0
