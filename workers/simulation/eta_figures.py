"""How good forecasts of arrivals were on simulated days, by when they were made, beside what empty streets say."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import mean
from typing import Any

from marketplace.arrivals import Forecast, PredictionMoment

EVERY = "ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A forecast that has turned out: what happened, and what empty streets would have said at the same moment."""

    forecast: Forecast
    arrived_at: datetime
    free_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaRow:
    """Forecasts of one kind: errors in seconds, and how many of a hundred arrivals were in the spread and the window.

    `free_mae_s` is the error of empty streets, `bias_s` positive where arrivals were later than told. `early_pct` came
    before the spread and `late_pct` after it.
    """

    forecasts: int
    mae_s: float
    free_mae_s: float
    bias_s: float
    covered_pct: float
    early_pct: float
    late_pct: float
    shown_covered_pct: float
    width_min: float
    shown_width_min: float

    @property
    def below_free_pct(self) -> float | None:
        """By how many of a hundred the error is below that of empty streets."""
        return round(100 * (1 - self.mae_s / self.free_mae_s), 1) if self.free_mae_s else None


EtaTable = dict[str, EtaRow]


def eta_table(judged: Sequence[Judged]) -> EtaTable:
    """The figures of all forecasts, and of those of each moment at which they are made."""
    kinds = {EVERY: judged} | {
        moment.value: [one for one in judged if one.forecast.moment is moment] for moment in PredictionMoment
    }
    return {name: _row(some) for name, some in kinds.items() if some}


def told_table(table: EtaTable) -> dict[str, dict[str, Any]]:
    """The figures as one object, ready for JSON."""
    return {name: asdict(row) | {"below_free_pct": row.below_free_pct} for name, row in table.items()}


def _row(judged: Sequence[Judged]) -> EtaRow:
    off_s = [_s(one.forecast.arrives.p50, one.arrived_at) for one in judged]
    early = [one.arrived_at < one.forecast.arrives.p10 for one in judged]
    late = [one.arrived_at > one.forecast.arrives.p90 for one in judged]
    shown = [one.forecast.shown for one in judged]
    is_shown = [
        window.opens_at <= one.arrived_at <= window.closes_at for window, one in zip(shown, judged, strict=True)
    ]
    return EtaRow(
        forecasts=len(judged),
        mae_s=round(mean(map(abs, off_s)), 1),
        free_mae_s=round(mean(abs(_s(one.free_at, one.arrived_at)) for one in judged), 1),
        bias_s=round(mean(off_s), 1),
        covered_pct=round(100 * (1 - mean(early) - mean(late)), 1),
        early_pct=round(100 * mean(early), 1),
        late_pct=round(100 * mean(late), 1),
        shown_covered_pct=round(100 * mean(is_shown), 1),
        width_min=round(mean(_s(one.forecast.arrives.p10, one.forecast.arrives.p90) for one in judged) / 60, 1),
        shown_width_min=round(mean(_s(window.opens_at, window.closes_at) for window in shown) / 60, 1),
    )


def _s(before: datetime, after: datetime) -> float:
    return (after - before).total_seconds()
