"""Demand by the hour as a series on the local clock, the seasonal baseline, and how far off a forecast was. Pure.

People live by the clock on the wall: the series has one value for each local hour, whatever the zone does. An hour that
a clock change leaves out takes the value of the week before, one that comes twice is their mean.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from marketplace.core.window import zone

WEEK_HOURS = 168
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def wall_hour(slot: datetime, time_zone: str) -> datetime:
    """The hour on the wall in which a moment lies, without an offset."""
    local = slot.astimezone(zone(time_zone))
    return local.replace(minute=0, second=0, microsecond=0, tzinfo=None)


def wall_series(
    counts: Mapping[datetime, float], *, begins: datetime, ends: datetime, time_zone: str
) -> tuple[datetime, list[float]]:
    """The first wall hour of a span and the stops of each hour from then on; an hour nobody counted has none."""
    sums: dict[datetime, float] = {}
    times: dict[datetime, int] = {}
    slot = begins
    while slot < ends:
        hour = wall_hour(slot, time_zone)
        sums[hour] = sums.get(hour, 0.0) + counts.get(slot.astimezone(UTC), 0.0)
        times[hour] = times.get(hour, 0) + 1
        slot += HOUR
    first, last = wall_hour(begins, time_zone), wall_hour(ends - HOUR, time_zone)
    series: list[float] = []
    hour = first
    while hour <= last:
        if hour in sums:
            series.append(sums[hour] / times[hour])
        else:
            series.append(series[-WEEK_HOURS] if len(series) >= WEEK_HOURS else 0.0)
        hour += HOUR
    return first, series


def seasonal_baseline(series: Sequence[float], horizon: int) -> list[float]:
    """The same hour of the week before; of the day before, or the mean, where there is no week yet."""
    season = next((size for size in (WEEK_HOURS, 24) if len(series) >= size), 0)
    if not season:
        mean = sum(series) / len(series) if series else 0.0
        return [mean] * horizon
    last = list(series[-season:])
    return [last[step % season] for step in range(horizon)]


def wmape_percent(actual: Sequence[float], forecast: Sequence[float]) -> float | None:
    """What a forecast missed, up or down, in percent of what came; None where nothing came."""
    came = sum(actual)
    missed = sum(abs(a - f) for a, f in zip(actual, forecast, strict=True))
    return 100.0 * missed / came if came else None


def mase(actual: Sequence[float], forecast: Sequence[float], history: Sequence[float]) -> float | None:
    """The mean miss in parts of what the week before would have missed over the history; None where that is nothing."""
    steps = [abs(history[i] - history[i - WEEK_HOURS]) for i in range(WEEK_HOURS, len(history))]
    usual = sum(steps) / len(steps) if steps else 0.0
    if not usual or not actual:
        return None
    return sum(abs(a - f) for a, f in zip(actual, forecast, strict=True)) / len(actual) / usual
