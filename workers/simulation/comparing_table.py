"""The table of several plays of a day: the first one's figures, and by how much the others differ from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from workers.progress import console
from workers.simulation.kpis import KPIS, Kpi

BEST = "[bold green]{} *[/]"


def comparison_table(title: str, plays: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each figure, one column for each play; the best of each row is marked."""
    table = Table(title=title, caption="* best of its row; in brackets the difference from the first; minor units")
    table.add_column("what")
    for play in plays:
        table.add_column(play["name"], justify="right")
    for kpi in KPIS:
        values = [play["kpis"][kpi.name] for play in plays]
        best = kpi.best(values)
        cells = [_cell(kpi, value, values[0], is_first=number == 0) for number, value in enumerate(values)]
        table.add_row(kpi.words, *(BEST.format(cell) if n in best else cell for n, cell in enumerate(cells)))
    table.add_section()
    speeds = [play["figures"] for play in plays]
    table.add_row("times as fast as real time", *(f"{figures['times_real_time']:,.0f}" for figures in speeds))
    table.add_row("market s for each CPU s", *(f"{figures['per_cpu_s']:,.0f}" for figures in speeds))
    table.add_row("event hash", *(figures["event_hash"][:12] for figures in speeds))
    return table


def show_comparison(title: str, figures: Mapping[str, Any]) -> None:
    """Prints several plays of a day side by side."""
    console.print(comparison_table(title, figures["variants"]))
    for play in figures["variants"]:
        words = f" ({play['words']})" if play["words"] else ""
        console.print(f"{play['name']}{words}: event hash {play['figures']['event_hash']}", soft_wrap=True)


def _cell(kpi: Kpi, value: float | None, first: float | None, *, is_first: bool) -> str:
    told = kpi.told(value)
    if is_first or value is None or first is None:
        return told
    change = round(value - first, kpi.decimals)
    return f"{told} ({change:+,.{kpi.decimals}f})" if change else f"{told} (=)"
