"""The jobs of a simulated day: those of production, with a smaller budget for plans, and without what nobody reads."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from marketplace.app import Marketplace
from marketplace.core.errand import run_errand
from marketplace.matching import MatchMarket
from workers.jobs import jobs_of
from workers.runner import RunJob

LEFT_OUT = frozenset({"notify", "roll_up"})
"""Messages that nobody reads, and figures that are counted once at the end."""


def simulated_jobs(marketplace: Marketplace, *, time_limit_s: float) -> Mapping[str, RunJob]:
    """All jobs by kind; `time_limit_s` is what one look of the matcher may take of the processor."""
    return jobs_of(marketplace) | {"match_market": partial(_match, marketplace, time_limit_s)}


async def _match(marketplace: Marketplace, time_limit_s: float, market_id: UUID) -> None:
    errand = MatchMarket(
        router=marketplace.router, solver=marketplace.solver, market_id=market_id, time_limit_s=time_limit_s
    )
    await run_errand(marketplace.works, errand)
