"""The figures of rows that a worker shows: what waits, how late it is, and what money is under way.

Each worker reads them for itself, so that losing one leaves the figures; rules take the highest. They are read over all
markets at once by small partial indexes, and only where the figures are shown.
"""

from marketplace import offers, payments, payouts
from marketplace.core import metrics
from marketplace.core.clock import machine
from marketplace.core.figures import job_figures, outbox_figures
from marketplace.core.work import Works
from workers.deadlines import DEADLINES


async def read_figures(works: Works) -> None:
    """Reads every figure of rows anew."""
    async with works.open() as work:
        jobs = await job_figures(work.connection)
        for standing in ("due", "later", "running", "dead"):
            metrics.JOBS.labels(standing).set(getattr(jobs, standing))
        metrics.OLDEST_JOB_S.set(jobs.oldest_s)
        count, lag_s = await outbox_figures(work.connection, now=work.now)
        metrics.OUTBOX.set(count)
        metrics.OUTBOX_LAG_S.set(lag_s)
        for deadline in DEADLINES:
            due = await deadline.next_due(work.connection)
            late_s = (work.now - due).total_seconds() if due is not None else 0.0
            metrics.LATENESS_S.labels(deadline.name).set(max(0.0, late_s))
        metrics.OPEN_OFFERS.set(await offers.count_open(work.connection))
        for state, many in (await payouts.count_unfinished(work.connection)).items():
            metrics.PAYOUTS.labels(state).set(many)
        for state, many in (await payments.count_unfinished(work.connection)).items():
            metrics.PROVIDER_OPERATIONS.labels(state).set(many)
    metrics.READ_AT.set(machine().timestamp())
