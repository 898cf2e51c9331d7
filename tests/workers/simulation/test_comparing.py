"""Plays of a day are held against the first one: differences, the best of each row, and a picture."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workers.simulation.comparing_chart import draw_comparison
from workers.simulation.comparing_table import comparison_table
from workers.simulation.kpis import KPIS, Better, Kpi, kpis_of

PNG = b"\x89PNG\r\n\x1a\n"
FIGURES: dict[str, Any] = {
    "posted": 12, "cancelled": 2, "delivered": 8, "on_time_pct": 87.5, "windows_kept_pct": 80.0,
    "click_to_door_p50_min": 40.25, "time_to_fill_min": 3.0, "offers_sent": 9, "offers_accepted": 3,
    "cost_per_delivery_minor": 2_500.4, "surge": {"paid_minor": 700, "surcharges_minor": 450},
    "blocks": {"kept": 2, "top_up_minor": 900}, "fairness": [
        {"contract_kind": None, "drivers": 4, "idle_minutes": 90.0, "offers_per_online_hour": 1.256, "gini": 0.254},
        {"contract_kind": "CROWDSOURCED", "pay_minor": 9_000, "pay_per_engaged_hour_minor": 11_000},
        {"contract_kind": "DEDICATED", "pay_minor": 0, "pay_per_engaged_hour_minor": 0},
    ],
    "pay_per_engaged_hour_minor": 12_000.0, "utilisation_pct": 30.0, "driven_km": 60.0, "times_real_time": 500.4,
    "per_cpu_s": 800.0, "event_hash": "f" * 64,
}  # fmt: skip


def play(name: str, **changes: Any) -> dict[str, Any]:
    figures = FIGURES | changes
    return {"name": name, "words": "", "kpis": kpis_of(figures), "figures": figures}


def test_the_figures_of_a_play_are_drawn_from_its_day() -> None:
    figures = kpis_of(FIGURES)

    assert list(figures) == [kpi.name for kpi in KPIS]
    assert (figures["undelivered"], figures["offers_per_acceptance"], figures["idle_pct"]) == (2, 3.0, 70.0)
    assert (figures["km_per_delivery"], figures["bonus_minor"], figures["surcharge_minor"]) == (7.5, 700, 450)
    assert (figures["blocks_kept"], figures["top_up_minor"]) == (2, 900)
    assert (figures["offers_per_hour"], figures["offers_gini"], figures["idle_min"]) == (1.26, 0.25, 22.5)
    hours = [figures[f"{kind}_hour_minor"] for kind in ("crowdsourced", "dedicated", "contracted")]
    assert hours == [11_000, None, None]


@pytest.mark.parametrize(
    ("better", "values", "best"),
    [
        (Better.LESS, [3.0, 2.0, None, 2.0], {1, 3}),
        (Better.MORE, [3.0, 2.0, None], {0}),
        (Better.NEITHER, [3.0, 2.0], set()),
        (Better.LESS, [2.0, 2.0], set()),
        (Better.LESS, [None, 2.0], set()),
    ],
)
def test_the_best_of_a_row_is_marked_where_there_is_one(
    better: Better, values: list[float | None], best: set[int]
) -> None:
    assert Kpi("wait", "waiting", better).best(values) == best


def test_the_table_shows_the_first_play_and_differences_from_it() -> None:
    console = Console(width=120, record=True, file=StringIO())

    console.print(comparison_table("A day", [play("baseline"), play("all out", delivered=10, offers_accepted=0)]))

    said = console.export_text()
    rows = {line.split("│")[1].strip(): line for line in said.splitlines() if line.startswith("│")}
    assert [cell.strip() for cell in rows["delivered"].split("│")[2:4]] == ["8", "10 (+2) *"]
    assert "7.50" in rows["km for each delivery"]
    assert "6.00 (-1.50) *" in rows["km for each delivery"]
    assert rows["offers for each yes"].split("│")[3].strip() == "-"
    assert "87.5 (=)" in rows["of the delivered on time (%)"]


def test_the_chart_is_a_small_picture(tmp_path: Path) -> None:
    draw_comparison(tmp_path / "chart.png", "A day", [play("baseline"), play("all out", delivered=10)])

    written = (tmp_path / "chart.png").read_bytes()
    assert written.startswith(PNG)
    assert 5_000 < len(written) < 150_000
