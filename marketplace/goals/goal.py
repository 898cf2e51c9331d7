"""What a shipper's recipients are to experience, as a value: measured over the days before, and met or missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marketplace.core.errors import Invalid

LONGEST_PERIOD_DAYS = 92
LONGEST_MINUTES = 1_440
DECIMALS = 2


class BadGoal(Invalid):
    """A goal outside its limits."""

    code = "BAD_GOAL"


class Metric(StrEnum):
    """What is measured: percents that are to be high, minutes that are to be few."""

    FIRST_ATTEMPT = "FIRST_ATTEMPT"
    ON_TIME = "ON_TIME"
    WINDOW_WIDTH = "WINDOW_WIDTH"
    ETA_ERROR = "ETA_ERROR"

    @property
    def is_percent(self) -> bool:
        """Whether it is a part of a hundred, and more of it is better."""
        return self in {Metric.FIRST_ATTEMPT, Metric.ON_TIME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One version of a goal: at least so many percent, or at most so many minutes, over the last `period_days`.

    Fewer than `min_sample` deliveries say nothing, so that such a goal is neither met nor missed.
    """

    metric: Metric
    target: float
    period_days: int = 28
    min_sample: int = 50
    is_withdrawn: bool = False
    version: int = 0

    def __post_init__(self) -> None:
        most = 100 if self.metric.is_percent else LONGEST_MINUTES
        if not 0 <= self.target <= most:
            raise BadGoal(f"the target of {self.metric} is between 0 and {most}", field="target")
        if not 1 <= self.period_days <= LONGEST_PERIOD_DAYS:
            raise BadGoal(f"a period is 1 to {LONGEST_PERIOD_DAYS} days", field="periodDays")
        if not 1 <= self.min_sample <= 1_000_000:
            raise BadGoal("a sample is 1 to 1,000,000 deliveries", field="minSample")

    def is_met_by(self, measured: "Measured") -> bool | None:
        """Whether it is met; None where too little has happened to tell."""
        if measured.actual is None or measured.sample < self.min_sample:
            return None
        return measured.actual >= self.target if self.metric.is_percent else measured.actual <= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What happened, and out of how many deliveries; nothing out of none."""

    actual: float | None
    sample: int


def measure(metric: Metric, sums: Mapping[str, int]) -> Measured:
    """The figure of some days, from the sums of their figures."""
    part: float
    match metric:
        case Metric.FIRST_ATTEMPT:
            part, sample = 100 * sums["delivered_first"], sums["delivered_first"] + sums["attempted_first"]
        case Metric.ON_TIME:
            part, sample = 100 * sums["on_time"], sums["delivered"]
        case Metric.WINDOW_WIDTH:
            part, sample = sums["width_s"] / 60, sums["promised"]
        case Metric.ETA_ERROR:
            part, sample = sums["eta_error_s"] / 60, sums["eta_arrivals"]
    return Measured(actual=round(part / sample, DECIMALS) if sample else None, sample=sample)
