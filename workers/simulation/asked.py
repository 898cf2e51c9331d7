"""A day as it is asked for on the command line: which kind it is, played, and told in a table that suits it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from marketplace.core.settings import Settings
from workers.simulation.booking import booking_of
from workers.simulation.city_day import CityDay, play_city_day, play_in_process, quiet_day
from workers.simulation.city_days import play_city_days
from workers.simulation.comparing import Play, compare
from workers.simulation.comparing_chart import draw_comparison
from workers.simulation.comparing_table import show_comparison
from workers.simulation.conditions import BadVariant, Conditions, read_switches, read_variants
from workers.simulation.mdrp import read_instance
from workers.simulation.mdrp_day import play_meal_day
from workers.simulation.progress import OnProgress
from workers.simulation.replay import ReplayedDay, play_replay, read_recorded_day, replay_in_process
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
    replay: str | None = None
    """The market whose recorded `day` is played again, in the database of `recorded_in`."""
    day: str | None = None
    recorded_in: str | None = None


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
    if asked.replay is not None:
        return await _again(settings, asked, asked.replay, on_progress)
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
    quick = replace(day, has_arrivals=day.booking is not None or day.traffic is not None)
    peak = f", {day.conditions.peak:g} times as much in the peak" if day.conditions.peak > 1 else ""
    title = f"{asked.deliveries:,} deliveries, {asked.drivers} drivers{peak}; seed {asked.seed}"
    return await _compare(settings, asked, day.conditions, partial(play_in_process, quick), title, on_progress)


async def _compare(
    settings: Settings, asked: Asked, first: Conditions, play: Play, title: str, on_progress: OnProgress
) -> Told:
    variants = read_variants(asked.variants, first)
    comparison = await compare([settings] * len(variants), variants, play, on_progress)
    figures = comparison.as_dict()
    if asked.chart is not None:
        draw_comparison(asked.chart, title, figures["variants"])
    return Told(title=title, figures=figures, shown_by=show_comparison)


async def _again(settings: Settings, asked: Asked, market: str, on_progress: OnProgress) -> Told:
    """A recorded day, played again once or under several conditions; its own database is only read."""
    if asked.day is None or asked.days > 1 or asked.traffic is not None or asked.book:
        raise BadVariant("a replay is of one recorded --day of a market, without hidden traffic and without booking")
    source = settings.model_copy(update={"database_url": asked.recorded_in} if asked.recorded_in else {})
    recorded = await read_recorded_day(source, market=market, day=date.fromisoformat(asked.day))
    day = ReplayedDay(recorded=recorded, seed=asked.seed, conditions=read_switches(asked.switches, Conditions()))
    # Without a place of its own the replay would play where the day was recorded, which is in use.
    apart = settings if asked.recorded_in else settings.model_copy(update={"database_url": None})
    title = f"{market} on {asked.day}: {len(recorded.deliveries):,} deliveries, {len(recorded.drivers)} drivers"
    if not asked.variants and asked.chart is None:
        played = await play_replay(apart, day, on_progress)
        return Told(title=title, figures=played.as_dict(), shown_by=show_played)
    return await _compare(apart, asked, day.conditions, partial(replay_in_process, day), title, on_progress)


def _refuse_variants(asked: Asked, why: str) -> None:
    if asked.variants or asked.chart is not None:
        raise BadVariant(f"variants are of one day of the city: {why}")
