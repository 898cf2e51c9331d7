"""The chart of several plays of a day: a small picture for each figure, a bar for each play.

The library that draws is loaded when a chart is asked for: it takes a second that no table wants to wait for.
"""

import importlib
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workers.simulation.kpis import KPIS, Better, Kpi

SHOWN = (
    "delivered",
    "windows_kept_pct",
    "click_to_door_p50_min",
    "time_to_fill_min",
    "offers_per_acceptance",
    "cost_per_delivery_minor",
    "top_up_minor",
    "pay_per_engaged_hour_minor",
    "idle_pct",
    "km_per_delivery",
    "offers_gini",
    "undelivered",
)
ACROSS = 4
FIRST, OTHER, BEST = "#8a94a6", "#5b8def", "#2a9d6f"
INK, FAINT = "#1f2937", "#6b7280"
ARROWS = {Better.MORE: "more is better", Better.LESS: "less is better", Better.NEITHER: ""}
WIDE = 24
"""Letters of a name or a heading in one line."""


def draw_comparison(file: Path, title: str, plays: Sequence[Mapping[str, Any]]) -> None:
    """Writes the chart as a PNG picture."""
    figure_class = importlib.import_module("matplotlib.figure").Figure
    kpis = [kpi for name in SHOWN for kpi in KPIS if kpi.name == name]
    down = -(-len(kpis) // ACROSS)
    figure = figure_class(figsize=(3.2 * ACROSS, 0.7 + down * (0.95 + 0.27 * len(plays))), layout="constrained")
    figure.suptitle(title, color=INK, fontsize=13, fontweight="bold")
    axes = figure.subplots(down, ACROSS, squeeze=False)
    names = [textwrap.shorten(play["name"], WIDE, placeholder="…") for play in plays]
    for number, axis in enumerate(axes.flat):
        if number < len(kpis):
            values = [play["kpis"][kpis[number].name] for play in plays]
            _draw(axis, kpis[number], names if number % ACROSS == 0 else [""] * len(names), values)
        else:
            axis.set_axis_off()
    figure.savefig(file, format="png", dpi=100)


def _draw(axis: Any, kpi: Kpi, names: Sequence[str], values: Sequence[float | None]) -> None:
    """One small picture: bars from zero, each with its value; the first play is grey, the best one green."""
    best, places = kpi.best(values), range(len(values))
    colours = [BEST if n in best else FIRST if n == 0 else OTHER for n in places]
    axis.barh(places, [value or 0 for value in values], color=colours, height=0.66)
    largest = max((value for value in values if value is not None), default=0) or 1
    for place, value in zip(places, values, strict=True):
        axis.text((value or 0) + 0.02 * largest, place, kpi.told(value), va="center", fontsize=8.5, color=INK)
    axis.set_title("\n".join(textwrap.wrap(kpi.words, 30)), loc="left", fontsize=9.5, color=INK)
    axis.set_xlabel(ARROWS[kpi.better], loc="left", fontsize=7.5, color=FAINT)
    axis.set_xlim(0, 1.28 * largest)
    axis.set_yticks(places, names, fontsize=9, color=INK)
    axis.invert_yaxis()
    axis.set_xticks([])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
