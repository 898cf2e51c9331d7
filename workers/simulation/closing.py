"""The end of a simulated day: it is played out, everybody is paid, and the books are checked."""

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from marketplace.analytics import (
    EtaQuality,
    FairnessFigures,
    Recount,
    SurgeFigures,
    eta_quality,
    fairness,
    recount_market,
    roll_up_all,
    surge_figures,
)
from marketplace.blocks import block_figures
from marketplace.core.errors import Conflict
from marketplace.core.window import zone
from marketplace.ledger import check_ledger
from marketplace.markets import dials
from marketplace.payouts import is_payout_run_due, schedule_payouts
from workers.simulation.bank import let_payouts_arrive
from workers.simulation.booking import BookedFigures
from workers.simulation.cpu import tree_cpu_s
from workers.simulation.figures import Figures, figures_of
from workers.simulation.world import World

A_DAY = timedelta(days=1)
"""Wide enough for the local days of any time zone."""
ARRIVES_AFTER_S = 60.0
"""Market time from a payout run until its payouts are at the banks of a made-up world."""


class BooksDisagree(Conflict):
    """What was heard of a day is not what the records say: a fault of the simulation or of the market."""

    code = "BOOKS_DISAGREE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A day that is over: its figures, its books, and what it took to play it."""

    figures: Figures
    arrivals: EtaQuality
    ledger_sum_minor: int
    ledger_findings: int
    statements_held: int
    event_hash: str
    events: int
    refusals: dict[str, int]
    market_s: float
    machine_s: float
    cpu_s: float
    surge: SurgeFigures
    came_for_bonus: int
    blocks: dict[str, Any]
    """What its blocks came to: kept and missed places, hours attended, pay, and what was made up to a floor."""
    fairness: list[FairnessFigures]
    """All drivers first, then each kind."""
    windows: BookedFigures | None = None

    def as_dict(self) -> dict[str, Any]:
        """All of it as one flat object, ready for JSON."""
        parts = {"figures", "arrivals", "windows", "surge", "fairness"}
        rest = {name: getattr(self, name) for name in self.__slots__ if name not in parts}
        if self.windows is not None:
            rest |= {"windows": asdict(self.windows) | {"kept_pct": self.windows.kept_pct}}
        rest |= {"arrivals": asdict(self.arrivals), "surge": asdict(self.surge)}
        rest |= {"fairness": [asdict(kind) for kind in self.fairness]}
        return self.figures.as_dict() | rest | {"times_real_time": self.times_real_time, "per_cpu_s": self.per_cpu_s}

    @property
    def times_real_time(self) -> float:
        """Seconds of the market for each second of the machine."""
        return round(self.market_s / self.machine_s, 1)

    @property
    def per_cpu_s(self) -> float:
        """Seconds of the market for each second of a processor, servers and solver included."""
        return round(self.market_s / self.cpu_s, 1)


def pay_regularly(world: World, *, every_s: int) -> None:
    """Has the market's payout runs begin when they are due, for as long as anything is still to happen."""

    world.stage.regularly(every_s, partial(run_payouts, world), goes_on=world.goes_on, first_s=0.0)


async def run_payouts(world: World) -> None:
    """One payout run, if it is due; sending the payouts follows from their events, and banks are quick."""
    is_due = True
    while is_due:
        async with world.marketplace.works.open() as work:
            await schedule_payouts(work, market_id=world.market_id)
            is_due = await is_payout_run_due(work, market_id=world.market_id)
    world.stage.after(ARRIVES_AFTER_S, partial(let_payouts_arrive, world.marketplace, world.stripe))


async def close_day(world: World, *, until: datetime) -> Played:
    """Plays the day to its end, last payouts included, and compares what was heard with what the records say."""
    record, starts_at = world.record, world.stage.now
    machine_s, cpu_s = time.monotonic(), tree_cpu_s()
    await world.stage.play(until=until)
    machine_s, cpu_s = time.monotonic() - machine_s, tree_cpu_s() - cpu_s
    await roll_up_all(world.marketplace.works, market_id=world.market_id)
    async with world.marketplace.works.open() as work:
        recount = await recount_market(work, market_id=world.market_id)
        ledger = await check_ledger(work, market_id=world.market_id)
        arrivals = await eta_quality(
            work, market_id=world.market_id, first=starts_at.date() - A_DAY, last=work.now.date() + A_DAY
        )
        surge = await surge_figures(work, market_id=world.market_id, begins=starts_at - A_DAY, ends=work.now + A_DAY)
        local = zone((await dials(work, market_id=world.market_id)).time_zone)
        shared = await fairness(work, market_id=world.market_id, day=starts_at.astimezone(local).date())
        blocks = await block_figures(work.connection, market_id=world.market_id)
    ends_at = record.last_end_at or world.stage.now
    spans = [span for spans in record.shifts.values() for span in spans if span[0] < ends_at]
    online_s = sum((min(end, ends_at) - begin).total_seconds() for begin, end in spans)
    figures = figures_of(record, online_s=online_s)
    _compare(figures, recount)
    return Played(
        figures=figures,
        arrivals=arrivals,
        ledger_sum_minor=sum(ledger.sums_minor.values()),
        ledger_findings=len(ledger.findings),
        surge=surge,
        came_for_bonus=record.came_for_bonus,
        blocks=blocks,
        fairness=shared.figures,
        statements_held=recount.statements_held,
        event_hash=record.event_hash,
        events=record.events,
        refusals=dict(record.refusals),
        market_s=(ends_at - starts_at).total_seconds(),
        machine_s=round(machine_s, 2),
        cpu_s=round(cpu_s, 2),
    )


def _compare(figures: Figures, recount: Recount) -> None:
    heard = asdict(figures) | {"failed": figures.failed + figures.expired}
    counted = asdict(recount)
    wrong = {
        name: (heard[name], counted[name]) for name in heard.keys() & counted.keys() if heard[name] != counted[name]
    }
    if wrong:
        raise BooksDisagree(f"heard and counted differ: {wrong}")
