"""The figures by which plays of the same day are compared: what each is called, and which way is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from marketplace.fleet import ContractKind
from workers.simulation.figures import ratio


class Better(IntEnum):
    """Whether more is better, or less; NEITHER where it is somebody's gain and somebody's cost."""

    LESS = -1
    NEITHER = 0
    MORE = 1


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure of a table, in words, and how many decimals it is shown with."""

    name: str
    words: str
    better: Better
    decimals: int = 0

    def best(self, values: Sequence[float | None]) -> set[int]:
        """Which of these values are the best ones; none where all are the same, or where no way is better."""
        known = [value for value in values if value is not None]
        if self.better is Better.NEITHER or len(set(known)) < 2:
            return set()
        best = max(known) if self.better is Better.MORE else min(known)
        return {number for number, value in enumerate(values) if value == best}

    def told(self, value: float | None) -> str:
        """A value as a table shows it."""
        return "-" if value is None else f"{value:,.{self.decimals}f}"


KPIS = (
    Kpi("delivered", "delivered", Better.MORE),
    Kpi("undelivered", "asked for and not delivered", Better.LESS),
    Kpi("on_time_pct", "of the delivered on time (%)", Better.MORE, 1),
    Kpi("windows_kept_pct", "windows kept (%)", Better.MORE, 1),
    Kpi("click_to_door_p50_min", "click to door, median (min)", Better.LESS, 1),
    Kpi("time_to_fill_min", "posting to driver, mean (min)", Better.LESS, 1),
    Kpi("offers_per_acceptance", "offers for each yes", Better.LESS, 2),
    Kpi("cost_per_delivery_minor", "drivers' pay for each delivery", Better.LESS),
    Kpi("blocks_kept", "places kept in blocks", Better.NEITHER),
    Kpi("top_up_minor", "of all pay, up to the floor of blocks", Better.NEITHER),
    Kpi("bonus_minor", "of all pay, surge bonus", Better.NEITHER),
    Kpi("surcharge_minor", "surge surcharges", Better.NEITHER),
    Kpi("pay_per_engaged_hour_minor", "pay for each hour on a route", Better.MORE),
    Kpi("dedicated_hour_minor", "… of dedicated drivers", Better.MORE),
    Kpi("contracted_hour_minor", "… of contracted drivers", Better.MORE),
    Kpi("crowdsourced_hour_minor", "… of the crowd", Better.MORE),
    Kpi("offers_per_hour", "offers for each hour online", Better.MORE, 2),
    Kpi("offers_gini", "offers, how unequal (Gini)", Better.LESS, 2),
    Kpi("idle_min", "idle minutes for each driver", Better.LESS),
    Kpi("idle_pct", "hours online without a route (%)", Better.LESS, 1),
    Kpi("km_per_delivery", "km for each delivery", Better.LESS, 2),
)
"""In the order of the table; money is in minor units."""


def kpis_of(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """The figures of one play by which it is compared."""
    delivered, used_pct = figures["delivered"], figures["utilisation_pct"]
    own = {
        "undelivered": figures["posted"] - figures["cancelled"] - delivered,
        "offers_per_acceptance": ratio(figures["offers_sent"], figures["offers_accepted"]),
        "bonus_minor": figures["surge"]["paid_minor"],
        "surcharge_minor": figures["surge"]["surcharges_minor"],
        "idle_pct": None if used_pct is None else round(100 - used_pct, 2),
        "blocks_kept": figures["blocks"]["kept"],
        "top_up_minor": figures["blocks"]["top_up_minor"],
        "km_per_delivery": ratio(figures["driven_km"], delivered),
    } | _shared(figures["fairness"])
    return {kpi.name: own[kpi.name] if kpi.name in own else figures[kpi.name] for kpi in KPIS}


def _shared(kinds: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """How work and pay are shared: among all drivers, and the pay of each kind that drove."""
    everybody = next(one for one in kinds if one["contract_kind"] is None)
    hours = {f"{kind.lower()}_hour_minor": None for kind in ContractKind}
    paid = {
        f"{one['contract_kind'].lower()}_hour_minor": one["pay_per_engaged_hour_minor"]
        for one in kinds
        if one["contract_kind"] is not None and one["pay_minor"]
    }
    return {
        **hours,
        **paid,
        "offers_per_hour": round(everybody["offers_per_online_hour"], 2),
        "offers_gini": round(everybody["gini"], 2),
        "idle_min": ratio(everybody["idle_minutes"], everybody["drivers"]),
    }
