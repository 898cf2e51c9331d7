"""How many drivers a hub lacks in each hour of a day: what is foreseen, less shifts and published blocks."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import h3

from marketplace.blocks.demand import HOUR
from marketplace.blocks.publish import hub_area
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.window import local_instant
from marketplace.core.work import Work
from marketplace.fleet import AREA_RESOLUTION

MEASURED_FROM = timedelta(days=14)
STOPS_MEASURED_FROM = 50
USUAL_STOPS_PER_HOUR = 3.0
"""What a driver is taken to hand over in an hour until 50 hand-overs have been counted."""

HUB = "SELECT lat, lon, time_zone FROM hub WHERE id = $1 AND market_id = $2"
EXPECTED = """
SELECT slot_start, cell, expected_stops FROM demand_forecast
WHERE market_id = $1 AND slot_start >= $2 AND slot_start < $3
"""
PACE = """
SELECT count(*) AS stops,
       (SELECT coalesce(sum(extract(epoch FROM ended_at - accepted_at)), 0) / 3600 FROM route
         WHERE market_id = $1 AND state = 'COMPLETED' AND ended_at >= $2) AS hours
FROM stop s JOIN route r ON r.id = s.route_id
WHERE r.market_id = $1 AND r.state = 'COMPLETED' AND r.ended_at >= $2 AND s.kind = 'DROPOFF' AND s.state = 'COMPLETED'
"""
SHIFTS = "SELECT starts_at, ends_at FROM shift WHERE market_id = $1 AND ends_at > $2 AND starts_at < $3"
BLOCKS = """
SELECT opens_at, closes_at, places FROM block
WHERE market_id = $1 AND hub_id = $4 AND state = 'PUBLISHED' AND closes_at > $2 AND opens_at < $3
"""
LATEST_RUN = """
SELECT made_at, model, history_hours, held_out_hours, model_wmape_percent, baseline_wmape_percent, model_mase,
       baseline_mase, expected_stops
FROM forecast_run WHERE market_id = $1 ORDER BY made_at DESC, id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourNeed:
    """One hour at a hub. `shift_drivers` is the hub's part of the market's drivers on shift."""

    slot_start: datetime
    expected_stops: float
    drivers: int
    shift_drivers: float
    block_places: int
    blocks_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNeed:
    """A hub's day, hour by hour, with the pace that drivers were measured at and how good the forecast was."""

    time_zone: str
    stops_per_driver_hour: float
    hours: list[HourNeed]
    run: dict[str, Any] | None


async def blocks_needed(work: Work, *, market_id: UUID, hub_id: UUID, day: date) -> DayNeed:
    """The places that are still to be published for each hour of a local day, which has 23 to 25 of them."""
    hub = await work.fetch_row(HUB, hub_id, market_id)
    if hub is None:
        raise NotFound("there is no such hub in this market", field="hubId")
    begins = _whole_hour(local_instant(datetime.combine(day, time()), hub["time_zone"]))
    ends = local_instant(datetime.combine(day + timedelta(days=1), time()), hub["time_zone"])
    here, everywhere = await _expected(work, market_id, hub, begins, ends)
    pace = await stops_per_driver_hour(work, market_id=market_id)
    shifts = await work.fetch(SHIFTS, market_id, begins, ends)
    blocks = await work.fetch(BLOCKS, market_id, begins, ends, hub_id)
    hours = []
    slot = begins
    while slot < ends:
        share = here.get(slot, 0.0) / everywhere[slot] if everywhere.get(slot) else 0.0
        on_shift = share * sum(row["starts_at"] < slot + HOUR and row["ends_at"] > slot for row in shifts)
        places = sum(row["places"] for row in blocks if row["opens_at"] < slot + HOUR and row["closes_at"] > slot)
        hours.append(hour_need(slot, here.get(slot, 0.0), pace, on_shift, places))
        slot += HOUR
    return DayNeed(
        time_zone=hub["time_zone"],
        stops_per_driver_hour=pace,
        hours=hours,
        run=await latest_run(work, market_id=market_id),
    )


def hour_need(slot: datetime, expected: float, pace: float, on_shift: float, places: int) -> HourNeed:
    """How many drivers an hour asks for, and how many of them nobody is there for yet."""
    drivers = math.ceil(expected / pace - 1e-9)
    return HourNeed(
        slot_start=slot,
        expected_stops=expected,
        drivers=drivers,
        shift_drivers=on_shift,
        block_places=places,
        blocks_needed=max(0, math.ceil(drivers - on_shift - places - 1e-9)),
    )


async def stops_per_driver_hour(work: Work, *, market_id: UUID) -> float:
    """Hand-overs for each hour on a route, as the last two weeks showed; a usual number where they were too few."""
    row = await work.fetch_row(PACE, market_id, work.now - MEASURED_FROM)
    assert row is not None, "a count always has a row"
    if row["stops"] < STOPS_MEASURED_FROM or not row["hours"]:
        return USUAL_STOPS_PER_HOUR
    return float(row["stops"]) / float(row["hours"])


async def latest_run(work: Work, *, market_id: UUID) -> dict[str, Any] | None:
    """The latest forecast of a market: from what, by which model, how far off; None before the first."""
    row = await work.fetch_row(LATEST_RUN, market_id)
    return None if row is None else dict(row)


async def _expected(
    work: Work, market_id: UUID, hub: asyncpg.Record, begins: datetime, ends: datetime
) -> tuple[dict[datetime, float], dict[datetime, float]]:
    """Stops of each hour in the hub's area, and in the whole market."""
    area = set(hub_area(Point(lat=hub["lat"], lon=hub["lon"])))
    here: dict[datetime, float] = {}
    everywhere: dict[datetime, float] = {}
    for row in await work.fetch(EXPECTED, market_id, begins, ends):
        slot = row["slot_start"].astimezone(UTC)
        everywhere[slot] = everywhere.get(slot, 0.0) + row["expected_stops"]
        if h3.cell_to_parent(row["cell"], AREA_RESOLUTION) in area:
            here[slot] = here.get(slot, 0.0) + row["expected_stops"]
    return here, everywhere


def _whole_hour(moment: datetime) -> datetime:
    """Forecasts are of whole hours of UTC; a zone that is half an hour off begins its day within one."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
