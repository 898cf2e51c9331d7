"""A row of figures, as operations, shippers and spreadsheets get it: of a market, hub, shipper or day."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from uuid import UUID

from marketplace.fleet import ContractKind, Vehicle


class CostKind(StrEnum):
    """What cost is split into; the amount of each is a column of its own, too."""

    DRIVER = "DRIVER"
    FUEL = "FUEL"
    VEHICLE = "VEHICLE"
    ATTEMPT = "ATTEMPT"
    RETURN = "RETURN"
    TRANSFER = "TRANSFER"
    SUPPORT = "SUPPORT"

    @property
    def column(self) -> str:
        """The name of its amount."""
        return f"{self.lower()}_minor"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFigures:
    """What one kind of vehicle drove, delivered and emitted; grams of CO2 equivalent."""

    vehicle: Vehicle
    is_electric: bool
    distance_m: int
    delivered: int
    co2_g: int
    co2_per_delivery_g: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWork:
    """How work and pay were shared among drivers of a kind, or all of them (None); ratios of sums, the Gini of days."""

    contract_kind: ContractKind | None
    driver_days: int
    idle_minutes: float
    utilisation_percent: float | None
    offers_per_online_hour: float | None
    gini: float | None
    pay_per_engaged_hour_minor: float | None
    pay_per_online_hour_minor: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPart:
    """One part of the cost, whole and for each delivery and stop; minor units."""

    kind: CostKind
    minor: int
    per_delivery_minor: float | None
    per_stop_minor: float | None


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
    transfers: int
    on_time_percent: float | None
    on_time_2h_percent: float | None
    on_time_4h_percent: float | None
    on_time_wider_percent: float | None
    promise_kept_percent: float | None
    attempts: int
    first_attempt_percent: float | None
    mean_fill_s: float | None
    eta_covered_percent: float | None
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
    routes: float | None = None
    offers_sent: float | None = None
    offers_accepted: float | None = None
    acceptance_percent: float | None = None
    utilisation_percent: float | None = None
    offer_gini: float | None = None
    fairness: Sequence[SharedWork] = ()
    # What shippers paid, and what it cost
    billed_minor: int
    credited_minor: int
    penalty_minor: int
    claim_minor: int
    refunded_minor: int
    driver_minor: int | None = None
    attempt_minor: int | None = None
    return_minor: int | None = None
    transfer_minor: int | None = None
    fuel_minor: int | None = None
    vehicle_minor: int | None = None
    support_minor: int | None = None
    actions: int | None = None
    cost_minor: int | None = None
    cost_per_delivery_minor: float | None = None
    cost_per_stop_minor: float | None = None
    cost_parts: Sequence[CostPart] = ()
    margin_minor: int | None = None


LISTS = frozenset({"vehicles", "fairness", "cost_parts"})
COLUMNS = tuple(field.name for field in fields(KpiRow) if field.name not in LISTS)
"""The figures of a row in order, but for its lists."""
