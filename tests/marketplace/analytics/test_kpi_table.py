"""A table of figures is what spreadsheets read safely: RFC 4180, UTF-8 told, no formula, numbers as numbers."""

import csv
import io
from typing import Any

import pytest

from marketplace.analytics import KpiRow, kpi_lines
from marketplace.analytics.kpi_rates import cost_rates
from marketplace.fleet import Vehicle

COUNTS = (
    "posted", "delivered", "failed", "returned", "cancelled", "attempts", "hub_in", "hub_out", "stops", "distance_m",
    "empty_m", "co2_g", "billed_minor", "credited_minor", "refunded_minor",
)  # fmt: skip
RATIOS = (
    "on_time_percent", "on_time_2h_percent", "on_time_4h_percent", "on_time_wider_percent", "promise_kept_percent",
    "first_attempt_percent", "mean_fill_s", "empty_percent", "stops_per_km", "stops_per_hour", "load_percent",
    "co2_per_delivery_g",
)  # fmt: skip


def a_row(**changes: Any) -> KpiRow:
    values = dict.fromkeys(COUNTS, 0) | dict.fromkeys(RATIOS) | {"currency": "CLP", "vehicles": []}
    return KpiRow(**values | changes)  # type: ignore[arg-type] # one dictionary of all kinds


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_name_that_begins_like_a_formula_is_text(name: str) -> None:
    told = b"".join(kpi_lines([a_row(name=name)])).decode("utf-8-sig")

    [line] = csv.DictReader(io.StringIO(told, newline=""))

    assert line["name"] == f"'{name}"


def test_numbers_below_nothing_stay_numbers_and_lines_end_as_they_should() -> None:
    table = b"".join(kpi_lines([a_row(name='Luz, "la flor"', margin_minor=-12, on_time_percent=97.5)]))

    head, line, end = table.split(b"\r\n")
    assert head.startswith(b"\xef\xbb\xbfday,hub_id,shipper_id,name,currency,posted,")
    assert line.startswith(b',,,"Luz, ""la flor""",CLP,0,')
    assert b",97.5," in line
    assert line.endswith(b",-12" + b",0" * 12)
    assert end == b""


def test_rates_are_those_of_the_published_tables_in_the_currency_of_the_market() -> None:
    pounds, pesos = cost_rates("GBP"), cost_rates("CLP")

    assert pounds is not None
    assert pesos is not None
    # 12 pence a mile of fuel and 45 in all, in millionths of a penny for each metre
    assert (pounds.fuel[Vehicle.CAR], pounds.fuel[Vehicle.CAR] + pounds.vehicle[Vehicle.CAR]) == (7_456, 27_962)
    assert (pounds.fuel[Vehicle.BICYCLE], pounds.vehicle[Vehicle.BICYCLE]) == (0, 12_427)
    # 0.12 pounds are 148 pesos, which have no cents
    assert (pesos.fuel[Vehicle.CAR], pesos.support_minor) == (92_017, 1_256)
    assert pounds.support_minor == 102
    assert cost_rates("JPY") is None
