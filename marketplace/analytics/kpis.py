"""The figures that a market is steered by, over a span of days: cost, density, service, empty metres, use, carbon.

They are read from the days' figures alone, never from deliveries, routes or events, and end with what has been counted.
Every ratio is one of sums, never a mean of ratios, and null where there is nothing to divide by.

A shipper sees its own rows, and of them what was done for it and what it paid: neither what drivers got nor what was
left over. What belongs to a market as a whole, such as offers and online time, is null in rows by hub and shipper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from marketplace.analytics.kpi_rates import CO2_MG_PER_METRE, cost_rates
from marketplace.analytics.kpi_sums import SUMS
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work
from marketplace.fleet import Vehicle

MOST_DAYS = 366
MOST_ROWS = 1_000


class KpiGroup(StrEnum):
    """What the rows are of: the market as a whole, each hub, each shipper, or each local day."""

    MARKET = "MARKET"
    HUB = "HUB"
    SHIPPER = "SHIPPER"
    DAY = "DAY"


KEYS: Mapping[KpiGroup, str] = {KpiGroup.HUB: "hub_id", KpiGroup.SHIPPER: "shipper_id", KpiGroup.DAY: "day"}
NAMES: Mapping[KpiGroup, str] = {
    KpiGroup.HUB: "(SELECT name FROM hub WHERE id = hub_id) AS name",
    KpiGroup.SHIPPER: "(SELECT name FROM shipper WHERE id = shipper_id) AS name",
}
TOTALS = ", ".join(f"sum({name})::bigint AS {name}" for name in SUMS)


def _read(group: KpiGroup) -> str:
    key = KEYS.get(group)
    # What belongs to the market alone has no shipper, and is part of no hub's and no shipper's row.
    of_shippers = " AND shipper_id IS NOT NULL" if group in {KpiGroup.HUB, KpiGroup.SHIPPER} else ""
    grouped = f"GROUP BY {key} ORDER BY {key} NULLS LAST LIMIT {MOST_ROWS}" if key else "HAVING count(*) > 0"
    asked = ", ".join(part for part in (key, TOTALS, NAMES.get(group)) if part)
    return (
        f"SELECT {asked} FROM kpi_day WHERE market_id = $1 AND day BETWEEN $2 AND $3"  # noqa: S608 - names of ours
        f" AND ($4::uuid IS NULL OR shipper_id = $4){of_shippers} {grouped}"
    )


READS: Mapping[KpiGroup, str] = {group: _read(group) for group in KpiGroup}
CURRENCY = "SELECT currency FROM market WHERE id = $1"


class BadDays(Invalid):
    """Days in the wrong order, or too many of them."""

    code = "BAD_DAYS"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFigures:
    """What one kind of vehicle drove, delivered and emitted; grams of CO2 equivalent."""

    vehicle: Vehicle
    distance_m: int
    delivered: int
    co2_g: int
    co2_per_delivery_g: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRow:
    """The figures of a market, hub, shipper or day; money in minor units, distances in metres, times in seconds."""

    day: date | None = None
    hub_id: UUID | None = None
    shipper_id: UUID | None = None
    name: str | None = None
    currency: str
    # What became of deliveries
    posted: int
    delivered: int
    failed: int
    returned: int
    cancelled: int
    on_time_percent: float | None
    on_time_2h_percent: float | None
    on_time_4h_percent: float | None
    on_time_wider_percent: float | None
    promise_kept_percent: float | None
    attempts: int
    first_attempt_percent: float | None
    mean_fill_s: float | None
    eta_covered_percent: float | None = None
    hub_in: int
    hub_out: int
    # What it took
    stops: int
    distance_m: int
    empty_m: int
    empty_percent: float | None
    stops_per_km: float | None
    stops_per_hour: float | None
    load_percent: float | None
    co2_g: int
    co2_per_delivery_g: float | None
    vehicles: Sequence[VehicleFigures]
    routes: int | None = None
    offers_sent: int | None = None
    offers_accepted: int | None = None
    acceptance_percent: float | None = None
    utilisation_percent: float | None = None
    offer_gini: float | None = None
    # What shippers paid, and what it cost
    billed_minor: int
    credited_minor: int
    refunded_minor: int
    driver_minor: int | None = None
    attempt_minor: int | None = None
    return_minor: int | None = None
    fuel_minor: int | None = None
    vehicle_minor: int | None = None
    support_minor: int | None = None
    actions: int | None = None
    cost_minor: int | None = None
    cost_per_delivery_minor: float | None = None
    cost_per_stop_minor: float | None = None
    margin_minor: int | None = None


COLUMNS = tuple(field.name for field in fields(KpiRow) if field.name != "vehicles")
"""The figures of a row in order, without those by vehicle."""


async def kpis(
    work: Work, *, market_id: UUID, first: date, last: date, group_by: KpiGroup, shipper_id: UUID | None = None
) -> list[KpiRow]:
    """A market's figures from one local day to another, both included; with a shipper, its own and what it may see."""
    if not 0 <= (last - first).days < MOST_DAYS:
        raise BadDays(f"the days are 1 to {MOST_DAYS}, the first of them before the last", field="from")
    currency = await work.fetch_value(CURRENCY, market_id)
    if currency is None:
        raise NotFound("there is no such market")
    rows = await work.fetch(READS[group_by], market_id, first, last, shipper_id)
    return [_row(dict(row), currency, group_by, is_own=shipper_id is not None) for row in rows]


def _row(found: Mapping[str, Any], currency: str, group: KpiGroup, *, is_own: bool) -> KpiRow:
    key: dict[str, Any] = {name: found[name] for name in (*KEYS.values(), "name") if name in found}
    is_whole = group in {KpiGroup.MARKET, KpiGroup.DAY} and not is_own
    more = (_of_market(found) if is_whole else {}) | ({} if is_own else _costs(found, currency))
    return KpiRow(**key, currency=currency, **_service(found), **_effort(found), **_paid(found), **more)


def _service(of: Mapping[str, int]) -> dict[str, Any]:
    wider, wider_on_time = (of[name] - of[f"{name}_2h"] - of[f"{name}_4h"] for name in ("delivered", "on_time"))
    counts = ("posted", "delivered", "failed", "returned", "cancelled", "attempts", "hub_in", "hub_out")
    return {name: of[name] for name in counts} | {
        "on_time_percent": percent(of["on_time"], of["delivered"]),
        "on_time_2h_percent": percent(of["on_time_2h"], of["delivered_2h"]),
        "on_time_4h_percent": percent(of["on_time_4h"], of["delivered_4h"]),
        "on_time_wider_percent": percent(wider_on_time, wider),
        "promise_kept_percent": percent(of["on_time"], of["delivered"] + of["failed"] + of["returned"]),
        "first_attempt_percent": percent(of["delivered_first"], of["delivered_first"] + of["attempted_first"]),
        "mean_fill_s": ratio(of["fill_s"], of["filled"]),
    }


def _effort(of: Mapping[str, int]) -> dict[str, Any]:
    vehicles = [_vehicle(of, kind) for kind in Vehicle]
    distance_m, co2_g = sum(one.distance_m for one in vehicles), sum(one.co2_g for one in vehicles)
    return {
        "stops": of["stops"],
        "distance_m": distance_m,
        "empty_m": of["empty_m"],
        "empty_percent": percent(of["empty_m"], distance_m),
        "stops_per_km": ratio(of["stops"] * 1_000, distance_m),
        "stops_per_hour": ratio(of["stops"] * 3_600, of["driven_s"]),
        "load_percent": percent(of["load_l"], of["capacity_l"]),
        "co2_g": co2_g,
        "co2_per_delivery_g": ratio(co2_g, of["delivered"]),
        "vehicles": [one for one in vehicles if one.distance_m or one.delivered],
    }


def _vehicle(of: Mapping[str, int], kind: Vehicle) -> VehicleFigures:
    distance_m, delivered = of[f"{kind.lower()}_m"], of[f"{kind.lower()}_delivered"]
    co2_g = (distance_m * CO2_MG_PER_METRE[kind] + 500) // 1_000
    per_delivery = ratio(co2_g, delivered)
    return VehicleFigures(
        vehicle=kind, distance_m=distance_m, delivered=delivered, co2_g=co2_g, co2_per_delivery_g=per_delivery
    )


def _paid(of: Mapping[str, int]) -> dict[str, Any]:
    return {name: of[name] for name in ("billed_minor", "credited_minor", "refunded_minor")}


def _of_market(of: Mapping[str, int]) -> dict[str, Any]:
    return {name: of[name] for name in ("routes", "offers_sent", "offers_accepted")} | {
        "acceptance_percent": percent(
            of["offers_accepted"], of["offers_accepted"] + of["offers_declined"] + of["offers_expired"]
        ),
        "utilisation_percent": percent(of["engaged_s"], of["online_s"]),
        "offer_gini": ratio(of["gini_ppm"], of["gini_days"] * 1_000_000, places=3),
        "eta_covered_percent": percent(of["eta_covered"], of["eta_arrivals"]),
    }


def _costs(of: Mapping[str, int], currency: str) -> dict[str, Any]:
    pay = {name: of[name] for name in ("driver_minor", "attempt_minor", "return_minor")}
    estimated = {name: of[name] for name in ("fuel_minor", "vehicle_minor", "support_minor")}
    if cost_rates(currency) is None:
        return pay | {"actions": of["actions"]}
    cost = sum((pay | estimated).values())
    return (
        pay
        | estimated
        | {
            "actions": of["actions"],
            "cost_minor": cost,
            "cost_per_delivery_minor": ratio(cost, of["delivered"]),
            "cost_per_stop_minor": ratio(cost, of["stops"]),
            "margin_minor": of["billed_minor"] - of["credited_minor"] - of["refunded_minor"] - cost,
        }
    )


def percent(part: int, whole: int) -> float | None:
    """So many of a hundred, one decimal; None of nothing."""
    return ratio(100 * part, whole, places=1)


def ratio(part: int, whole: int, *, places: int = 2) -> float | None:
    """One by the other; None where there is nothing to divide by."""
    return round(part / whole, places) if whole else None
