"""The figures of a simulated day as a table for people; `--json` has them all."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from workers.progress import console
from workers.simulation.figures import ratio

DAY = {
    "posted": "deliveries posted",
    "delivered": "delivered",
    "returned": "returned to their sender",
    "cancelled": "cancelled before pickup",
    "failed": "failed",
    "expired": "found no driver in time",
    "unfinished": "still under way",
    "click_to_door_min": "click to door, mean (min)",
    "click_to_door_p50_min": "click to door, median (min)",
    "click_to_door_p90_min": "click to door, 9 of 10 within (min)",
    "ready_to_pickup_min": "ready to pickup, mean (min)",
    "on_time_pct": "delivered in their window (%)",
    "time_to_fill_min": "posting to driver, mean (min)",
    "offers_sent": "offers sent",
    "offers_accepted": "offers accepted",
    "offers_declined": "offers declined",
    "offers_expired": "offers nobody answered in time",
    "routes_completed": "routes completed",
    "cost_per_delivery_minor": "drivers' pay for each delivery (minor units)",
    "pay_per_engaged_hour_minor": "drivers' pay for each hour on a route (minor units)",
    "utilisation_pct": "drivers' hours online on a route (%)",
    "driven_km": "driven (km)",
    "empty_km_pct": "driven with nothing aboard (%)",
    "drivers_paid": "drivers paid",
    "paid_minor": "paid to drivers (minor units)",
    "ledger_sum_minor": "sum of the ledger, which must be 0",
    "times_real_time": "times as fast as real time",
    "per_cpu_s": "seconds of the market for each CPU second",
}
WINDOWS = {
    "asked": "recipients who chose a window",
    "booked": "windows booked",
    "kept_pct": "booked windows that were kept (%)",
    "late": "somebody came later",
    "never": "nobody came",
}
ARRIVALS = {
    "arrivals": "arrivals",
    "mae_s": "error (s)",
    "covered_pct": "in 80 % (%)",
    "width_min": "wide (min)",
    "shown_covered_pct": "in shown (%)",
    "shown_width_min": "wide (min)",
}
"""What fits into a narrow terminal; `--json` has the rest: bias, relative error, and what came after the window."""
DAYS = {
    "forecasts": "told",
    "mae_s": "error (s)",
    "free_mae_s": "empty (s)",
    "below_free_pct": "less by (%)",
    "covered_pct": "in 80 % (%)",
    "shown_covered_pct": "in shown (%)",
}
MEALS = {
    "orders": "orders",
    "undelivered_pct": "undelivered (%)",
    "click_to_door_min": "click to door, mean (min)",
    "click_to_door_p90_min": "click to door, 9 of 10 within (min)",
    "ready_to_pickup_min": "ready to pickup, mean (min)",
    "orders_per_route": "orders for each route",
    "ledger_sum_minor": "sum of the ledger, which must be 0",
    "times_real_time": "times as fast as real time",
    "per_cpu_s": "seconds of the market for each CPU second",
}


def show_played(title: str, figures: Mapping[str, Any]) -> None:
    """Prints a day's figures in words."""
    table = Table(title=title, show_header=False)
    table.add_column("what")
    table.add_column("how much", justify="right")
    for name, words in (MEALS if "instance" in figures else DAY).items():
        value = figures[name]
        table.add_row(words, "-" if value is None else f"{value:,}")
    for name, words in WINDOWS.items():
        if "windows" in figures:
            value = figures["windows"][name]
            table.add_row(words, "-" if value is None else f"{value:,}")
    console.print(table)
    if figures.get("arrivals", {}).get("figures"):
        console.print(arrivals_table(figures["arrivals"]))
    console.print(f"event hash {figures['event_hash']}", soft_wrap=True)


def arrivals_table(arrivals: Mapping[str, Any]) -> Table:
    """How good arrival times were, by the moment at which they were told; `--json` has them by horizon too."""
    moved = ratio(arrivals["windows_moved"], arrivals["windows_shown"])
    table = Table(
        title="Arrival times",
        caption=f"shown windows moved {moved} times for each delivery, narrowed"
        f" {ratio(arrivals['windows_narrowed'], arrivals['windows_shown'])} times; risks told {arrivals['late_risks']}",
    )
    table.add_column("told at")
    for name in ARRIVALS.values():
        table.add_column(name, justify="right")
    for row in arrivals["figures"]:
        if row["horizon_min"] is None:
            table.add_row(row["moment"].replace("_", " ").lower(), *(f"{row[name]:,}" for name in ARRIVALS))
    return table


def show_days(title: str, figures: Mapping[str, Any]) -> None:
    """Prints how good arrival times were on each of several days, and on all of them."""
    table = Table(
        title=title, caption="empty: the error of the same forecasts by times of empty streets, less by: the gain"
    )
    table.add_column("day, and told at", no_wrap=True)
    for name in DAYS.values():
        table.add_column(name, justify="right")
    for day in figures["days"]:
        so_far = f"{day['day']}, {day['routes']} routes"
        _add_etas(table, so_far, day["etas"])
    _add_etas(table, f"all days, {figures['total']['routes']} routes", figures["total"]["etas"])
    console.print(table)
    if windows := figures["windows"]:
        console.print(", ".join(f"{words}: {windows[name]}" for name, words in WINDOWS.items()))
    console.print(f"event hash {figures['event_hash']}", soft_wrap=True)


def _add_etas(table: Table, whose: str, etas: Mapping[str, Mapping[str, Any]]) -> None:
    for number, (moment, row) in enumerate(etas.items()):
        cells = ("-" if row[name] is None else f"{row[name]:,.0f}" for name in DAYS)
        table.add_row(f"  {moment.replace('_', ' ').lower()}" if number else whose, *cells)
    table.add_section()
