"""How good the market's arrival times are: error, coverage and width, by when they were told and how far ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from marketplace.analytics.queries import ETA_DAYS, WINDOWS
from marketplace.arrivals import PredictionMoment
from marketplace.core.errors import Invalid
from marketplace.core.ids import MarketId
from marketplace.core.work import Work

LONGEST_SPAN_DAYS = 366
SUMS = ("error_s", "bias_s", "percent", "covered", "shown_covered", "width_s", "shown_width_s", "late")


class BadSpan(Invalid):
    """Days that end before they begin, or too many of them."""

    code = "BAD_SPAN"


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaFigures:
    """Predictions made at one moment, held against the arrivals; `horizon_min` is None for all of that moment.

    `covered_pct` is of the spread that holds eight arrivals of ten, `shown_covered_pct` of the window that people saw;
    `late_pct` arrived after that window's end. `bias_s` is positive where arrivals were later than told.
    """

    moment: PredictionMoment
    horizon_min: int | None
    arrivals: int
    mae_s: float
    mape_pct: float
    bias_s: float
    covered_pct: float
    shown_covered_pct: float
    width_min: float
    shown_width_min: float
    late_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaQuality:
    """Arrival times of some days. Shown windows that moved are counted apart from those that only became narrower."""

    figures: Sequence[EtaFigures]
    windows_shown: int
    windows_narrowed: int
    windows_moved: int
    late_risks: int

    def at(self, moment: PredictionMoment) -> EtaFigures | None:
        """All predictions of one moment; None where none has turned out yet."""
        return next((row for row in self.figures if row.moment is moment and row.horizon_min is None), None)


async def eta_quality(work: Work, *, market_id: MarketId, first: date, last: date) -> EtaQuality:
    """The figures of a market's local days, both included, as far as they have been rolled up."""
    if not 0 <= (last - first).days < LONGEST_SPAN_DAYS:
        raise BadSpan(f"the days are 1 to {LONGEST_SPAN_DAYS}, the first of them before the last", field="last")
    rows = [dict(row) for row in await work.fetch(ETA_DAYS, market_id, first, last)]
    windows = await work.fetch_row(WINDOWS, market_id, first, last)
    assert windows is not None, "sums have a row"
    figures: list[EtaFigures] = []
    for moment in PredictionMoment:
        own = [row for row in rows if row["moment"] == moment.value]
        if own:
            whole = {name: sum(row[name] for row in own) for name in ("arrivals", *SUMS)}
            figures += [_figures(moment, None, whole), *(_figures(moment, row["horizon_min"], row) for row in own)]
    return EtaQuality(
        figures=figures,
        windows_shown=windows["shown"],
        windows_narrowed=windows["narrowed"],
        windows_moved=windows["moved"],
        late_risks=windows["late_risks"],
    )


def _figures(moment: PredictionMoment, horizon_min: int | None, sums: Mapping[str, float]) -> EtaFigures:
    count = sums["arrivals"]
    mean = {name: sums[name] / count for name in SUMS}
    return EtaFigures(
        moment=moment,
        horizon_min=horizon_min,
        arrivals=int(count),
        mae_s=round(mean["error_s"], 1),
        mape_pct=round(mean["percent"], 1),
        bias_s=round(mean["bias_s"], 1),
        covered_pct=round(100 * mean["covered"], 1),
        shown_covered_pct=round(100 * mean["shown_covered"], 1),
        width_min=round(mean["width_s"] / 60, 1),
        shown_width_min=round(mean["shown_width_s"] / 60, 1),
        late_pct=round(100 * mean["late"], 1),
    )
