"""Seeded days of one market, one after the other: what it learns on one it knows on the next.

Streets keep their hidden pattern and are fuller or emptier from day to day; what is posted differs every day. In the
night the market learns what it does not learn as it happens.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from marketplace.arrivals import forecasts_since
from marketplace.core.ids import from_wire
from marketplace.core.settings import Settings
from marketplace.fleet import ContractKind, plan_shift
from workers.jobs import learn_acceptance, learn_how_arrivals_turn_out, learn_traffic
from workers.simulation.booking import BookedFigures
from workers.simulation.city_day import CityDay, Playing, open_city_market
from workers.simulation.closing import Played, close_day
from workers.simulation.cpu import tree_cpu_s
from workers.simulation.empty_streets import EmptyStreets
from workers.simulation.eta_figures import EtaTable, Judged, eta_table, told_table
from workers.simulation.progress import OnProgress, telling
from workers.traffic import DAY_NOISE

A_DAY = timedelta(days=1)
SEEDS_APART = 1_000
"""The demand of a day has a seed of its own, which no day of a run with another small seed has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfMany:
    """One day among several: how much was driven on it and so far, and how good its forecasts of arrivals were."""

    day: str
    posted: int
    delivered: int
    routes: int
    routes_so_far: int
    etas: EtaTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedDays:
    """Several days that are over, each for itself and all together, and what became of windows that were booked."""

    days: Sequence[DayOfMany]
    etas: EtaTable
    windows: BookedFigures | None
    closed: Played
    machine_s: float
    cpu_s: float

    def as_dict(self) -> dict[str, Any]:
        """All of it as one object, ready for JSON."""
        windows = asdict(self.windows) | {"kept_pct": self.windows.kept_pct} if self.windows else None
        return {
            "days": [asdict(day) | {"etas": told_table(day.etas)} for day in self.days],
            "total": {"routes": sum(day.routes for day in self.days), "etas": told_table(self.etas)},
            "windows": windows,
            "ledger_sum_minor": self.closed.ledger_sum_minor,
            "ledger_findings": self.closed.ledger_findings,
            "event_hash": self.closed.event_hash,
            "machine_s": self.machine_s,
            "cpu_s": self.cpu_s,
        }


async def play_city_days(
    settings: Settings, day: CityDay, *, days: int, on_progress: OnProgress = lambda *_: None
) -> PlayedDays:
    """Plays days on end in one market and closes its books at the end of the last one."""
    async with open_city_market(settings, replace(day, day_noise=DAY_NOISE), on_progress) as playing:
        return await _Days(playing, days, on_progress).run()


class _Days:
    """Some days while they are played."""

    def __init__(self, playing: Playing, days: int, on_progress: OnProgress) -> None:
        self._playing, self._count, self._on_progress = playing, days, on_progress
        self._world = playing.world
        self._empty = EmptyStreets(playing.world)

    async def run(self) -> PlayedDays:
        try:
            return await self._run()
        finally:
            await self._empty.aclose()

    async def _run(self) -> PlayedDays:
        playing, world = self._playing, self._world
        machine_s, cpu_s = time.monotonic(), tree_cpu_s()
        playing.begin(self._empty.look)
        bookers = await playing.bring_bookers(playing.day.booking) if playing.day.booking else None
        told: list[DayOfMany] = []
        begun = world.stage.now
        for number in range(self._count):
            starts_at = begun + number * A_DAY
            world.stage.clock.now = starts_at
            told.append(await self._play_one(number, starts_at))
        closed = await close_day(world, until=world.stage.now)
        return PlayedDays(
            days=told,
            etas=eta_table(await self._judged(begun)),
            windows=bookers.figures() if bookers else None,
            closed=closed,
            machine_s=round(time.monotonic() - machine_s, 1),
            cpu_s=round(tree_cpu_s() - cpu_s, 1),
        )

    async def _play_one(self, number: int, starts_at: datetime) -> DayOfMany:
        playing, world, plan = self._playing, self._world, self._playing.day.plan
        minutes = round(plan.hours * 60)
        world.stage.on_moment = telling(
            self._on_progress, starts_at=starts_at, minutes=minutes, thing=f"minutes of day {number + 1}"
        )
        if number:
            await self._agree_shifts()
            playing.bring_drivers_home()
        routes, posted, delivered = world.record.routes_completed, len(world.record.fates), world.record.delivered
        playing.begin_day(replace(plan, seed=plan.seed + SEEDS_APART * number), run=f"sim{number}")
        await world.stage.play(until=starts_at + timedelta(hours=plan.limit_hours))
        await self._learn_at_night()
        await world.stage.play(until=starts_at + A_DAY)
        return DayOfMany(
            day=starts_at.date().isoformat(),
            posted=len(world.record.fates) - posted,
            delivered=world.record.delivered - delivered,
            routes=world.record.routes_completed - routes,
            routes_so_far=world.record.routes_completed,
            etas=eta_table(await self._judged(starts_at)),
        )

    async def _agree_shifts(self) -> None:
        """Drivers who drive by agreed hours get them for one day at a time."""
        playing, world = self._playing, self._world
        async with world.marketplace.works.open() as work:
            for row in playing.seeded.drivers:
                if row["contract_kind"] != ContractKind.CROWDSOURCED.value:
                    await plan_shift(
                        work,
                        driver_id=from_wire("driver", row["id"]),
                        market_id=world.market_id,
                        starts_at=work.now,
                        ends_at=work.now + timedelta(hours=playing.day.plan.limit_hours),
                    )

    async def _learn_at_night(self) -> None:
        world = self._world
        for learn in (learn_traffic, learn_how_arrivals_turn_out, learn_acceptance):
            await learn(world.marketplace, world.market_id)

    async def _judged(self, since: datetime) -> list[Judged]:
        """Forecasts that have turned out, each with what empty streets would have said."""
        async with self._world.marketplace.works.open() as work:
            found = await forecasts_since(work, market_id=self._world.market_id, since=since)
        return [
            Judged(forecast=one, arrived_at=one.arrived_at, free_at=self._empty.eta_at[one.id])
            for one in found
            if one.arrived_at is not None and one.predicted_at < one.arrived_at
        ]
