"""The errand that foresees a market's demand: reads its weeks, fits a model beside the baseline, keeps the better.

A market's hours are forecast as one series and shared to its cells by their part of the last four weeks: one cell's
hours are too few to learn a week from. The last week is held out first, and both are measured on it; the model is used
where it was closer, the baseline where it was not or where the history is too short to fit one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.blocks.demand import (
    HOUR,
    WEEK_HOURS,
    mase,
    seasonal_baseline,
    wall_hour,
    wall_series,
    wmape_percent,
)
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work

HISTORY = timedelta(weeks=8)
SHARES_FROM = timedelta(weeks=4)
HORIZON_H = 8 * 24
FITTED_FROM_H = 3 * WEEK_HOURS
"""With less than two weeks to fit and one to be measured on there is nothing to learn a week from."""
CELLS_AT_MOST = 50
KEPT = timedelta(days=30)
BASELINE, FITTED = "SEASONAL_NAIVE", "HOLT_WINTERS"

Fit = Callable[[Sequence[float], int], Sequence[float]]
"""Takes a series of hours and how many more are wanted; from the library, and blocking."""

MARKET = "SELECT time_zone FROM market WHERE id = $1"
FIRST = "SELECT min(created_at) FROM delivery WHERE market_id = $1 AND created_at >= $2"
# When a parcel was there to be fetched; returns are not asked for, and what was called off did not need a driver.
CAME = """
SELECT date_trunc('hour', greatest(pickup_opens_at, created_at)) AS slot, pickup_lat, pickup_lon, count(*)::int AS stops
FROM delivery
WHERE market_id = $1 AND created_at >= $2 AND created_at < $3 AND greatest(pickup_opens_at, created_at) >= $2
  AND greatest(pickup_opens_at, created_at) < $3 AND return_of IS NULL AND state <> 'CANCELLED'
GROUP BY 1, 2, 3
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('forecast:' || $1, 0))"
FORGET = "DELETE FROM demand_forecast WHERE market_id = $1 AND (slot_start >= $2 OR slot_start < $3)"
FORESEE = """
INSERT INTO demand_forecast (id, market_id, cell, slot_start, expected_stops)
SELECT id, $1, cell, slot, stops
FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::float8[]) AS f(id, cell, slot, stops)
"""
KEEP_RUN = """
INSERT INTO forecast_run (id, market_id, made_at, model, history_hours, held_out_hours, model_wmape_percent,
                          baseline_wmape_percent, model_mase, baseline_mase, expected_stops)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a forecast is made from: local hours of the market up to the one that runs, and the parts of its cells."""

    time_zone: str
    next_slot: datetime
    series: Sequence[float]
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Errors on held-out hours; None where they could not be measured."""

    hours: int = 0
    model_wmape_percent: float | None = None
    baseline_wmape_percent: float | None = None
    model_mase: float | None = None
    baseline_mase: float | None = None

    @property
    def is_model_closer(self) -> bool:
        """Whether the model missed less than the baseline."""
        if self.model_wmape_percent is None or self.baseline_wmape_percent is None:
            return False
        return self.model_wmape_percent < self.baseline_wmape_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The hours to come, by which model, and how good it was."""

    model: str
    hours: Sequence[float]
    measured: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeForecast:
    """The errand of foreseeing one market's demand for eight days. `fit` runs in a thread of its own."""

    market_id: UUID
    fit: Fit

    async def read(self, work: Work) -> History | None:
        """Reads eight weeks; None where nothing has ever been posted."""
        zone = await work.fetch_value(MARKET, self.market_id)
        if zone is None:
            raise NotFound("there is no such market")
        until = work.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        first = await work.fetch_value(FIRST, self.market_id, until - HISTORY)
        if first is None or first >= until:
            return None
        begins = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        counts: dict[datetime, float] = {}
        cells: dict[str, float] = {}
        for row in await work.fetch(CAME, self.market_id, begins, until):
            slot = row["slot"].astimezone(UTC)
            counts[slot] = counts.get(slot, 0.0) + row["stops"]
            if slot >= until - SHARES_FROM:
                cell = Point(lat=row["pickup_lat"], lon=row["pickup_lon"]).cell
                cells[cell] = cells.get(cell, 0.0) + row["stops"]
        _, series = wall_series(counts, begins=begins, ends=until, time_zone=zone)
        return History(time_zone=zone, next_slot=until, series=series, shares=shares_of(cells))

    async def call(self, found: History) -> Foreseen:
        """Fits and measures, away from the loop."""
        return await asyncio.to_thread(foresee, found.series, HORIZON_H, self.fit)

    async def record(self, work: Work, found: History, answer: Foreseen) -> float:
        """Replaces what was foreseen from now on, keeps how good it was, and returns the stops expected in all."""
        await work.execute(LOCK, self.market_id.hex)
        await work.execute(FORGET, self.market_id, found.next_slot, found.next_slot - KEPT)
        rows = spread(found, answer.hours)
        await work.execute(
            FORESEE,
            self.market_id,
            [work.new_id() for _ in rows],
            [cell for cell, _, _ in rows],
            [slot for _, slot, _ in rows],
            [stops for _, _, stops in rows],
        )
        measured, total = answer.measured, sum(stops for _, _, stops in rows)
        await work.execute(
            KEEP_RUN,
            work.new_id(),
            self.market_id,
            work.now,
            answer.model,
            len(found.series),
            measured.hours,
            measured.model_wmape_percent,
            measured.baseline_wmape_percent,
            measured.model_mase,
            measured.baseline_mase,
            total,
        )
        return total


def foresee(series: Sequence[float], horizon: int, fit: Fit) -> Foreseen:
    """The next hours by whichever of model and baseline was closer on the last week."""
    if len(series) < FITTED_FROM_H:
        return Foreseen(model=BASELINE, hours=seasonal_baseline(series, horizon), measured=Measured())
    seen, held_out = series[:-WEEK_HOURS], series[-WEEK_HOURS:]
    model, baseline = _whole(fit(seen, WEEK_HOURS)), seasonal_baseline(seen, WEEK_HOURS)
    measured = Measured(
        hours=len(held_out),
        model_wmape_percent=wmape_percent(held_out, model),
        baseline_wmape_percent=wmape_percent(held_out, baseline),
        model_mase=mase(held_out, model, seen),
        baseline_mase=mase(held_out, baseline, seen),
    )
    if measured.is_model_closer:
        return Foreseen(model=FITTED, hours=_whole(fit(series, horizon)), measured=measured)
    return Foreseen(model=BASELINE, hours=seasonal_baseline(series, horizon), measured=measured)


def shares_of(cells: Mapping[str, float]) -> dict[str, float]:
    """The part of each of the busiest cells, together 1."""
    busiest = sorted(cells.items(), key=lambda pair: (-pair[1], pair[0]))[:CELLS_AT_MOST]
    total = sum(stops for _, stops in busiest)
    return {cell: stops / total for cell, stops in busiest} if total else {}


def spread(found: History, hours: Sequence[float]) -> list[tuple[str, datetime, float]]:
    """What each cell expects in each hour: the hours on the wall are brought back to moments."""
    first = wall_hour(found.next_slot - HOUR, found.time_zone) + HOUR
    rows: list[tuple[str, datetime, float]] = []
    for step in range(len(hours)):
        slot = found.next_slot + step * HOUR
        place = int((wall_hour(slot, found.time_zone) - first) / HOUR)
        if not 0 <= place < len(hours):
            continue
        rows += [(cell, slot, share * hours[place]) for cell, share in found.shares.items()]
    return rows


def _whole(hours: Sequence[float]) -> list[float]:
    """Nobody posts fewer than no parcels."""
    return [max(0.0, float(stops)) for stops in hours]
