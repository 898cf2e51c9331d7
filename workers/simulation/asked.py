"""A day as it is asked for on the command line: which kind it is, played, and told in a table that suits it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from marketplace.core.settings import Settings
from workers.simulation.booking import booking_of
from workers.simulation.city_day import CityDay, play_city_day, play_in_process, quiet_day
from workers.simulation.city_days import play_city_days
from workers.simulation.comparing import compare
from workers.simulation.comparing_chart import draw_comparison
from workers.simulation.comparing_table import show_comparison
from workers.simulation.conditions import BadVariant, Conditions, read_switches, read_variants
from workers.simulation.mdrp import read_instance
from workers.simulation.mdrp_day import play_meal_day
from workers.simulation.progress import OnProgress
from workers.simulation.tables import show_days, show_played

RESERVE = 0.4
"""Of the crowd, so many stay at home until a bonus brings them out, on a day with a peak of which nothing is said."""
Show = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for; `switches` are the conditions of the first play, in words."""

    seed: int = 1
    deliveries: int = 300
    drivers: int = 30
    hours: float = 10.0
    days: int = 1
    traffic: int | None = None
    book: int = 0
    is_blind: bool = False
    window_minutes: int = 120
    switches: str = ""
    reserve: int | None = None
    variants: Sequence[str] = ()
    chart: Path | None = None
    mdrp: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of it, ready for JSON, and how to show it to people."""

    title: str
    figures: Mapping[str, Any]
    shown_by: Show

    def show(self) -> None:
        """Prints the table."""
        self.shown_by(self.title, self.figures)


async def play_asked(settings: Settings, asked: Asked, on_progress: OnProgress) -> Told:
    """Plays what was asked for; what does not go together is refused."""
    title = f"Seed {asked.seed}"
    if asked.mdrp is not None:
        _refuse_variants(asked, "a published instance fixes everything but the seed")
        instance = read_instance(asked.mdrp)
        meals = await play_meal_day(settings, instance, seed=asked.seed, on_progress=on_progress)
        return Told(title=asked.mdrp.name, figures=meals.as_dict(), shown_by=show_played)
    day = _day(asked)
    if asked.days > 1:
        _refuse_variants(asked, "several days are played in one market")
        days = await play_city_days(settings, day, days=asked.days, on_progress=on_progress)
        return Told(title=title, figures=days.as_dict(), shown_by=show_days)
    if asked.variants or asked.chart is not None:
        return await _side_by_side(settings, asked, day, on_progress)
    played = await play_city_day(settings, day, on_progress)
    return Told(title=title, figures=played.as_dict(), shown_by=show_played)


def _day(asked: Asked) -> CityDay:
    conditions = read_switches(asked.switches, Conditions())
    reserve = (RESERVE if conditions.peak > 1 else 0.0) if asked.reserve is None else asked.reserve / 100
    plan = quiet_day(seed=asked.seed, deliveries=asked.deliveries, hours=asked.hours)
    return CityDay(
        plan=replace(plan, reserve_rate=reserve),
        drivers=asked.drivers,
        traffic=asked.traffic,
        booking=booking_of(asked.book, is_blind=asked.is_blind, window_minutes=asked.window_minutes),
        conditions=conditions,
    )


async def _side_by_side(settings: Settings, asked: Asked, day: CityDay, on_progress: OnProgress) -> Told:
    variants = read_variants(asked.variants, day.conditions)
    comparison = await compare([settings] * len(variants), variants, partial(play_in_process, day), on_progress)
    figures = comparison.as_dict()
    peak = f", {day.conditions.peak:g} times as much in the peak" if day.conditions.peak > 1 else ""
    title = f"{asked.deliveries:,} deliveries, {asked.drivers} drivers{peak}; seed {asked.seed}"
    if asked.chart is not None:
        draw_comparison(asked.chart, title, figures["variants"])
    return Told(title=title, figures=figures, shown_by=show_comparison)


def _refuse_variants(asked: Asked, why: str) -> None:
    if asked.variants or asked.chart is not None:
        raise BadVariant(f"variants are of one day of the city: {why}")
