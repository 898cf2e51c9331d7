"""What a shipper's tier promises and costs, as a value: until when one can order, the window, the price, the penalty.

Times of day are those of the clock on the wall where the parcel is picked up, so that a cut-off stays at one o'clock
all year round.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from marketplace.core.errors import Invalid
from marketplace.core.money import rate_times

BASIS_POINTS = 10_000
WHOLE = 100
CLOCK = ("opens", "cutoff")
LIMITS = {
    "window_s": (900, 86_400),
    "uplift_basis_points": (0, 50_000),
    "uplift_minor": (0, 10**9),
    "grace_s": (0, 86_400),
    "late_percent": (0, 100),
    "late_minor": (0, 10**9),
    "missed_try_percent": (0, 100),
    "monthly_cap_minor": (0, 10**12),
}


class BadServiceLevel(Invalid):
    """Terms of a tier outside their limits, or that could never be kept."""

    code = "BAD_SERVICE_LEVEL"


class Tier(StrEnum):
    """How soon a delivery is promised."""

    SAME_DAY = "SAME_DAY"
    NEXT_DAY = "NEXT_DAY"
    EXPRESS = "EXPRESS"
    SCHEDULED = "SCHEDULED"

    @property
    def days_ahead(self) -> int:
        """How many days after the order the first possible day of this tier is."""
        return 1 if self in {Tier.NEXT_DAY, Tier.SCHEDULED} else 0


class Miss(StrEnum):
    """How a delivery missed what its tier promises, where that was our doing."""

    LATE = "LATE"
    FAILED_TRY = "FAILED_TRY"
    UNSERVED = "UNSERVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """One version of a tier's terms.

    Ordered up to `cutoff`, a delivery is promised from `opens` for `window_s`: today for SAME_DAY, tomorrow for
    NEXT_DAY; EXPRESS begins at once, and SCHEDULED takes any window from tomorrow on that is at least so wide. It costs
    `uplift_minor` and `uplift_basis_points` of the plain price more. A hand-over more than `grace_s` late gives
    `late_minor` and `late_percent` of the price back. A first try that failed by our fault gives `missed_try_percent`,
    and so does a window that closed with nobody found. It is never more than the price, and never more than
    `monthly_cap_minor` in a month. A tier that is not offered is withdrawn.
    """

    tier: Tier
    version: int = 0
    is_offered: bool = True
    opens: time = time(8)
    cutoff: time | None = None
    window_s: int = 14_400
    uplift_basis_points: int = 0
    uplift_minor: int = 0
    grace_s: int = 0
    late_percent: int = 0
    late_minor: int = 0
    missed_try_percent: int = 0
    monthly_cap_minor: int | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadServiceLevel(f"{name} is between {low} and {high}", field=name)
        if self.tier is Tier.SAME_DAY and self._ends_before_cutoff():
            raise BadServiceLevel("SAME_DAY has a cut-off before its window closes", field="cutoff")

    def _ends_before_cutoff(self) -> bool:
        day = datetime(2000, 1, 1)  # noqa: DTZ001 - the clock on the wall of any day
        cutoff = self.cutoff or time(23, 59)
        return datetime.combine(day, self.opens) + timedelta(seconds=self.window_s) <= datetime.combine(day, cutoff)

    def rule(self, rate: str) -> str:
        """The name under which a line cites one rate of these terms."""
        return f"service_level:{self.tier}:{self.version}:{rate}"

    def penalty(self, miss: Miss, *, price_minor: int, late_s: float = 0) -> int:
        """What a miss gives back, in minor units: nothing within the grace, and never more than the price."""
        if miss in {Miss.FAILED_TRY, Miss.UNSERVED}:
            return rate_times(price_minor, self.missed_try_percent, WHOLE)
        if late_s <= self.grace_s:
            return 0
        return min(price_minor, self.late_minor + rate_times(price_minor, self.late_percent, WHOLE))

    def as_json(self) -> dict[str, Any]:
        """The terms as they are kept and shown, times of day as 13:00."""
        return asdict(self) | {
            name: f"{value:%H:%M}" if (value := getattr(self, name)) is not None else None for name in CLOCK
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "ServiceLevel":
        """The terms of a kept row."""
        return cls(
            tier=Tier(kept["tier"]),
            opens=time.fromisoformat(kept["opens"]),
            cutoff=time.fromisoformat(kept["cutoff"]) if kept["cutoff"] else None,
            **{name: kept[name] for name in ("version", "is_offered", *LIMITS)},
        )
