"""A table of figures is what spreadsheets read safely: RFC 4180, UTF-8 told, no formula, numbers as numbers."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from marketplace.analytics import CostKind, CostPart, KpiRow, kpi_lines
from marketplace.analytics.drivetrains import Drivetrain
from marketplace.analytics.kpi_rates import co2_g, cost_rates, support_minor
from marketplace.analytics.kpi_sums import SUMS
from marketplace.analytics.reckon_row import row_of
from marketplace.fleet import Vehicle
from marketplace.markets import Dials

CAR, VAN, BICYCLE = (
    Drivetrain(vehicle=vehicle, is_electric=False) for vehicle in (Vehicle.CAR, Vehicle.VAN, Vehicle.BICYCLE)
)
PESOS = Dials(market_id=UUID(int=1), time_zone="UTC", currency="CLP")
ELECTRIC_VAN = Drivetrain(vehicle=Vehicle.VAN, is_electric=True)

COUNTS = (
    "posted", "delivered", "failed", "returned", "cancelled", "transfers", "attempts", "hub_in", "hub_out", "stops",
    "distance_m", "empty_m", "co2_g", "billed_minor", "credited_minor", "penalty_minor", "claim_minor",
    "refunded_minor",
)  # fmt: skip
RATIOS = (
    "on_time_percent", "on_time_2h_percent", "on_time_4h_percent", "on_time_wider_percent", "promise_kept_percent",
    "first_attempt_percent", "mean_fill_s", "eta_covered_percent", "empty_percent", "stops_per_km", "stops_per_hour",
    "load_percent", "co2_per_delivery_g",
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
    # Three figures of each of eight drivetrains, five of each of three contract kinds
    assert line.endswith(b",-12" + b",0" * 24 + b"," * 15)
    assert end == b""


def test_rates_are_those_of_the_published_tables_in_the_currency_of_the_market() -> None:
    pounds, pesos = cost_rates("GBP"), cost_rates("CLP")

    assert pounds is not None
    assert pesos is not None
    # 12 pence a mile of fuel and 45 in all, in millionths of a penny for each metre
    assert (pounds.fuel[CAR], pounds.fuel[CAR] + pounds.vehicle[CAR]) == (7_456, 27_962)
    assert (pounds.fuel[BICYCLE], pounds.vehicle[BICYCLE]) == (0, 12_427)
    # 0.12 pounds are 148 pesos, which have no cents
    assert pesos.fuel[CAR] == 92_017
    assert cost_rates("JPY") is None


def test_what_is_electric_pays_and_emits_what_it_was_charged_with() -> None:
    pounds = cost_rates("GBP")

    assert pounds is not None
    # 0.2 kWh a kilometre at 27.04 pence, and the rest of 45 pence a mile
    assert (pounds.fuel[ELECTRIC_VAN], pounds.fuel[ELECTRIC_VAN] + pounds.vehicle[ELECTRIC_VAN]) == (5_408, 27_962)
    # 10 km: 2.56 kg of diesel's, or 2 kWh
    assert (co2_g(VAN, 10_000, 177), co2_g(ELECTRIC_VAN, 10_000, 177), co2_g(ELECTRIC_VAN, 10_000, 0)) == (
        2_560,
        354,
        0,
    )


@pytest.mark.parametrize(
    ("currency", "changes", "minor"),
    [
        ("GBP", {}, 102),
        ("CLP", {}, 1_256),
        ("CLP", {"support_action_s": 600, "support_hour_minor": 9_000}, 1_500),
        ("JPY", {}, None),
        ("JPY", {"support_hour_minor": 3_000}, 250),
    ],
)
def test_an_action_costs_five_minutes_of_a_published_wage_unless_the_market_says_otherwise(
    currency: str, changes: dict[str, Any], minor: int | None
) -> None:
    settings = Dials(market_id=UUID(int=1), time_zone="UTC", currency=currency, **changes)

    assert support_minor(settings) == minor


def test_what_is_not_known_in_a_currency_is_not_guessed_and_not_added_up() -> None:
    sums = dict.fromkeys(SUMS, 0) | {"driver_minor": 700, "delivered": 2, "stops": 4}

    yen = row_of(sums, Dials(market_id=UUID(int=1), time_zone="UTC", currency="JPY"), is_own=False)
    pesos = row_of(sums, PESOS, is_own=False)

    assert (yen.driver_minor, yen.fuel_minor, yen.support_minor, yen.cost_minor) == (700, None, None, None)
    assert [part.kind.value for part in yen.cost_parts] == ["DRIVER", "ATTEMPT", "RETURN", "TRANSFER"]
    assert (pesos.cost_minor, pesos.margin_minor, len(pesos.cost_parts)) == (700, -700, 7)
    assert pesos.cost_parts[0] == CostPart(
        kind=CostKind.DRIVER, minor=700, per_delivery_minor=350.0, per_stop_minor=175.0
    )


def test_offers_of_a_hub_are_the_parts_of_them_that_its_deliveries_were() -> None:
    offers = {"offers_sent_ppm": 1_500_000, "offers_accepted_ppm": 500_000, "offers_declined_ppm": 750_000}

    row = row_of(dict.fromkeys(SUMS, 0) | offers | {"name": "Centro"}, PESOS, is_own=False)

    assert (row.name, row.offers_sent, row.offers_accepted, row.acceptance_percent) == ("Centro", 1.5, 0.5, 40.0)
    assert (row.utilisation_percent, row.offer_gini, row.fairness) == (None, None, ())
