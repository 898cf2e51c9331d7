"""Dispatch quality: days of meal delivery, minute by minute, beside what has been published about them.

Never read one figure alone: cheap with late food is no gain, and few late meals with many undelivered ones neither.
"""

import csv
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.matching.contenders import OURS, Contender, in_this_process
from tests.benchmarks.matching.meal_dispatchers import assign, greedy, through_the_door
from tests.benchmarks.matching.meal_simulation import TICK_MIN, DayFigures, Dispatcher, simulate
from tests.benchmarks.matching.meal_town import Send, Sight
from tests.benchmarks.matching.meals import MealDay
from tests.benchmarks.matching.outside import Matcher
from tests.benchmarks.matching.tables import Cell, Column, table

PUBLISHED_BY = {"clairvoyant": "clairvoyant optimum", "rolling": "rolling horizon"}
TICK_NOTE = (
    f"Our tick is {TICK_MIN} simulated minute; the published rolling horizon looks every 5: a choice of design.\n"
    "Clairvoyant plans know every order of the day before it is placed: nobody can be expected to do better."
)
BLIND_NOTE = "Published days know every preparation time; in these runs only each restaurant's mean was known."

MealSender = Contender[Sight, Sequence[Send]]
Published = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One day by one dispatcher."""

    dispatcher: str
    day: str
    figures: DayFigures
    cpu_s: float


def meal_senders(matcher: Matcher, *, time_limit_s: float, has_rivals: bool) -> list[MealSender]:
    """The matcher, and the references where they are wanted."""
    ours = Contender(OURS, through_the_door(matcher, time_limit_s=time_limit_s), matcher.cpu_s)
    rivals: dict[str, Dispatcher] = {"assignment": assign, "greedy nearest": greedy} if has_rivals else {}
    return [ours, *(in_this_process(name, function) for name, function in rivals.items())]


def play(sender: MealSender, day: MealDay, *, is_preparation_known: bool) -> Played:
    """Plays one day with one dispatcher."""
    before = sender.cpu_s()
    figures = simulate(day, sender.answer, is_preparation_known=is_preparation_known)
    return Played(dispatcher=sender.name, day=day.name, figures=figures, cpu_s=sender.cpu_s() - before)


def read_published(file: Path) -> dict[str, dict[str, float]]:
    """Published means by day; nothing where the file is not there, or a cell is empty."""
    if not file.is_file():
        return {}
    return {
        row["instance"]: {name: float(value) for name, value in row.items() if value and name != "instance"}
        for row in csv.DictReader(file.read_text().splitlines())
    }


def dispatch_figures(played: Sequence[Played]) -> dict[str, Any]:
    """One dispatcher's means over its days."""
    days = [each.figures for each in played]
    return {
        "days": len(days),
        "undelivered_percent": _mean([day.undelivered_percent for day in days]),
        "click_to_door_min": _mean([day.click_to_door_min for day in days]),
        "click_to_door_90th_min": _mean([day.click_to_door_90th_min for day in days]),
        "ready_to_pickup_min": _mean([day.ready_to_pickup_min for day in days]),
        "dollars_per_meal": _mean([day.dollars_per_meal for day in days]),
        "meals_per_send": _mean([day.meals_per_send for day in days]),
        "refused": sum(day.refused for day in days),
        "early": sum(day.early for day in days),
        "failed": sum(day.failed for day in days),
        "cpu_s_per_look": round(sum(each.cpu_s for each in played) / max(1, sum(day.looks for day in days)), 4),
    }


def published_figures(days: Sequence[str], published: Published) -> dict[str, dict[str, Any]]:
    """The published means over the days run; a source that has not all of them is left out."""
    found = {}
    for source, name in PUBLISHED_BY.items():
        clicks = [published.get(day, {}).get(f"{source}_ctd_mean") for day in days]
        waits = [published.get(day, {}).get(f"{source}_rtp_mean") for day in days]
        lost = [published.get(day, {}).get(f"{source}_undelivered_pct") for day in days]
        if None not in clicks:
            found[name] = {
                "days": len(days),
                "undelivered_percent": _mean_of_all(lost),
                "click_to_door_min": _mean_of_all(clicks),
                "ready_to_pickup_min": _mean_of_all(waits),
            }
    return found


def day_table(played: Sequence[Played], published: Published) -> str:
    """Every day by every dispatcher, beside its published values."""
    columns = [
        Column("day", 15), Column("dispatcher", 14), Column("undelivered %", 13, 2), Column("click-to-door", 13, 2),
        Column("rolling", 7, 2), Column("clairv.", 7, 2), Column("ready-to-pickup", 15, 2), Column("rolling", 7, 2),
        Column("clairv.", 7, 2), Column("refused", 7),
    ]  # fmt: skip
    return table(columns, [_day_row(each, published.get(each.day, {})) for each in played])


def _day_row(each: Played, published: Mapping[str, float]) -> Sequence[Cell]:
    day = each.figures
    return (
        each.day,
        each.dispatcher,
        day.undelivered_percent,
        day.click_to_door_min,
        published.get("rolling_ctd_mean"),
        published.get("clairvoyant_ctd_mean"),
        day.ready_to_pickup_min,
        published.get("rolling_rtp_mean"),
        published.get("clairvoyant_rtp_mean"),
        day.refused + day.early + day.failed,
    )


def dispatcher_table(figures: Mapping[str, Mapping[str, Any]], published: Mapping[str, Mapping[str, Any]]) -> str:
    """The means of every dispatcher, and the published ones where they cover the same days."""
    columns = {
        "days": Column("days", 5),
        "undelivered_percent": Column("undelivered %", 13, 2),
        "click_to_door_min": Column("click-to-door", 13, 2),
        "click_to_door_90th_min": Column("90th", 7, 2),
        "ready_to_pickup_min": Column("ready-to-pickup", 15, 2),
        "dollars_per_meal": Column("$ a meal", 8, 2),
        "meals_per_send": Column("meals a send", 12, 2),
        "cpu_s_per_look": Column("CPU s a look", 12, 4),
    }
    named = [*figures.items(), *((f"{name} (published)", values) for name, values in published.items())]
    rows = [(name, *(values.get(key) for key in columns)) for name, values in named]
    return table([Column("mean of the days", 31), *columns.values()], rows)


def _mean(values: Sequence[float]) -> float | None:
    """Nothing where a day brought no meal and so has no times."""
    mean = statistics.mean(values)
    return None if math.isnan(mean) else round(mean, 3)


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _mean(known) if len(known) == len(values) else None
