"""Works the figures of a row out of the sums of its days: every ratio is one of sums, never a mean of ratios. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marketplace.analytics.drivetrains import DRIVETRAINS, Drivetrain
from marketplace.analytics.kpi_rates import co2_g, cost_rates, support_minor
from marketplace.analytics.kpi_row import CostKind, CostPart, KpiRow, SharedWork, VehicleFigures
from marketplace.fleet import ContractKind
from marketplace.markets import Dials

MILLION = 1_000_000
KEYS = ("day", "hub_id", "shipper_id", "name")
"""What a row is of."""


def row_of(found: Mapping[str, Any], settings: Dials, *, is_own: bool) -> KpiRow:
    """The row that sums come to; a shipper's own has no costs and no offers."""
    key: dict[str, Any] = {name: found[name] for name in KEYS if name in found}
    more = {} if is_own else _offers(found) | _costs(found, settings)
    grid = settings.grid_co2_g_per_kwh
    figures = _service(found) | _effort(found, grid) | _paid(found) | more
    return KpiRow(**key, currency=settings.currency, **figures)


def with_shares(row: KpiRow, shares: Sequence[SharedWork]) -> KpiRow:
    """A row with how its days' work was shared: all drivers come first, and nothing where nobody was there."""
    if not shares:
        return row
    everybody = shares[0]
    return replace(row, utilisation_percent=everybody.utilisation_percent, offer_gini=everybody.gini, fairness=shares)


def share_of(of: Mapping[str, Any]) -> SharedWork:
    """What the sums of drivers' days come to."""
    kind = of["contract_kind"]
    return SharedWork(
        contract_kind=ContractKind(kind) if kind else None,
        driver_days=of["drivers"],
        idle_minutes=round((of["online_s"] - of["engaged_s"]) / 60, 1),
        utilisation_percent=percent(of["engaged_s"], of["online_s"]),
        offers_per_online_hour=ratio(of["offers"] * 3_600, of["online_s"]),
        gini=ratio(of["gini_ppm"], of["gini_days"] * MILLION, places=3),
        pay_per_engaged_hour_minor=ratio(of["pay_minor"] * 3_600, of["engaged_s"]),
        pay_per_online_hour_minor=ratio(of["pay_minor"] * 3_600, of["online_s"]),
    )


def _service(of: Mapping[str, int]) -> dict[str, Any]:
    wider, wider_on_time = (of[name] - of[f"{name}_2h"] - of[f"{name}_4h"] for name in ("delivered", "on_time"))
    counts = ("posted", "delivered", "failed", "returned", "cancelled", "transfers", "attempts", "hub_in", "hub_out")
    return {name: of[name] for name in counts} | {
        "on_time_percent": percent(of["on_time"], of["delivered"]),
        "on_time_2h_percent": percent(of["on_time_2h"], of["delivered_2h"]),
        "on_time_4h_percent": percent(of["on_time_4h"], of["delivered_4h"]),
        "on_time_wider_percent": percent(wider_on_time, wider),
        "promise_kept_percent": percent(of["on_time"], of["delivered"] + of["failed"] + of["returned"]),
        "first_attempt_percent": percent(of["delivered_first"], of["delivered_first"] + of["attempted_first"]),
        "mean_fill_s": ratio(of["fill_s"], of["filled"]),
        "eta_covered_percent": percent(of["eta_covered"], of["eta_arrivals"]),
    }


def _effort(of: Mapping[str, int], grid_co2_g_per_kwh: int) -> dict[str, Any]:
    vehicles = [_vehicle(of, one, grid_co2_g_per_kwh) for one in DRIVETRAINS]
    distance_m, emitted_g = sum(one.distance_m for one in vehicles), sum(one.co2_g for one in vehicles)
    return {
        "stops": of["stops"],
        "distance_m": distance_m,
        "empty_m": of["empty_m"],
        "empty_percent": percent(of["empty_m"], distance_m),
        "stops_per_km": ratio(of["stops"] * 1_000, distance_m),
        "stops_per_hour": ratio(of["stops"] * 3_600, of["driven_s"]),
        "load_percent": percent(of["load_l"], of["capacity_l"]),
        "co2_g": emitted_g,
        "co2_per_delivery_g": ratio(emitted_g, of["delivered"]),
        "vehicles": [one for one in vehicles if one.distance_m or one.delivered],
    }


def _vehicle(of: Mapping[str, int], drivetrain: Drivetrain, grid_co2_g_per_kwh: int) -> VehicleFigures:
    distance_m, delivered = of[f"{drivetrain.column}_m"], of[f"{drivetrain.column}_delivered"]
    emitted_g = co2_g(drivetrain, distance_m, grid_co2_g_per_kwh)
    return VehicleFigures(
        vehicle=drivetrain.vehicle,
        is_electric=drivetrain.is_electric,
        distance_m=distance_m,
        delivered=delivered,
        co2_g=emitted_g,
        co2_per_delivery_g=ratio(emitted_g, delivered),
    )


def _paid(of: Mapping[str, int]) -> dict[str, Any]:
    paid = ("billed_minor", "credited_minor", "penalty_minor", "claim_minor", "refunded_minor")
    return {name: of[name] for name in paid}


def _offers(of: Mapping[str, int]) -> dict[str, Any]:
    counted = ("routes", "offers_sent", "offers_accepted")
    answered = sum(of[f"offers_{answer}_ppm"] for answer in ("accepted", "declined", "expired"))
    return {name: ratio(of[f"{name}_ppm"], MILLION) for name in counted} | {
        "acceptance_percent": percent(of["offers_accepted_ppm"], answered)
    }


def _costs(of: Mapping[str, int], settings: Dials) -> dict[str, Any]:
    known = [kind for kind in CostKind if _is_known(kind, settings)]
    told: dict[str, Any] = {kind.column: of[kind.column] for kind in known}
    told |= {"actions": of["actions"], "cost_parts": [_part(kind, of) for kind in known]}
    if len(known) < len(CostKind):
        return told
    cost = sum(of[kind.column] for kind in CostKind)
    given_back = of["credited_minor"] + of["penalty_minor"] + of["claim_minor"] + of["refunded_minor"]
    return told | {
        "cost_minor": cost,
        "cost_per_delivery_minor": ratio(cost, of["delivered"]),
        "cost_per_stop_minor": ratio(cost, of["stops"]),
        "margin_minor": of["billed_minor"] - given_back - cost,
    }


def _is_known(kind: CostKind, settings: Dials) -> bool:
    """Pay is counted in any currency; the rest is reckoned by published rates, which there are in some."""
    if kind in {CostKind.FUEL, CostKind.VEHICLE}:
        return cost_rates(settings.currency) is not None
    return kind is not CostKind.SUPPORT or support_minor(settings) is not None


def _part(kind: CostKind, of: Mapping[str, int]) -> CostPart:
    minor = of[kind.column]
    return CostPart(
        kind=kind,
        minor=minor,
        per_delivery_minor=ratio(minor, of["delivered"]),
        per_stop_minor=ratio(minor, of["stops"]),
    )


def percent(part: int, whole: int) -> float | None:
    """So many of a hundred, one decimal; None of nothing."""
    return ratio(100 * part, whole, places=1)


def ratio(part: int, whole: int, *, places: int = 2) -> float | None:
    """One by the other; None where there is nothing to divide by."""
    return round(part / whole, places) if whole else None
