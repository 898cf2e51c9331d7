"""Foreseeing demand in a worker: the library is loaded by the first forecast, in its thread, and by nobody else."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from marketplace.app import open_servers
from marketplace.blocks import MakeForecast, blocks_needed
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.errand import run_errand
from marketplace.core.errors import CannotStart
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.settings import Settings
from marketplace.core.window import zone
from marketplace.core.work import Works
from marketplace.hubs import hubs_of_market
from marketplace.markets import market_ids

LIBRARY = "marketplace.adapters.holt_winters"

Told = Mapping[str, Any]


def fit_holt_winters(series: Sequence[float], horizon: int) -> Sequence[float]:
    """The next hours of a series, by the library."""
    library: Any = importlib.import_module(LIBRARY)
    hours: list[float] = library.holt_winters(series, horizon)
    return hours


async def forecast(settings: Settings, *, market: str | None, day: str | None) -> dict[str, Any]:
    """Foresees a market's demand anew, and says what each of its hubs lacks on a day: tomorrow unless one is named."""
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=2) as database,
    ):
        works = Works(database, DatabaseClock())
        async with works.open() as work:
            markets = [from_wire("market", market)] if market else await market_ids(work)
        if not markets:
            raise CannotStart("there is no market yet; make one with doorstep seed")
        await run_errand(works, MakeForecast(market_id=markets[0], fit=fit_holt_winters))
        return await _needs(works, markets[0], day)


async def _needs(works: Works, market_id: UUID, day: str | None) -> dict[str, Any]:
    async with works.open() as work:
        hubs: Sequence[Mapping[str, Any]] = await hubs_of_market(work, market_id=market_id)
        told: list[dict[str, Any]] = []
        run: dict[str, Any] | None = None
        for hub in hubs:
            tomorrow = work.now.astimezone(zone(hub["time_zone"])).date() + timedelta(days=1)
            wanted = date.fromisoformat(day) if day else tomorrow
            need = await blocks_needed(work, market_id=market_id, hub_id=from_wire("hub", hub["id"]), day=wanted)
            run = need.run
            told.append(
                {
                    "hub": hub["id"],
                    "name": hub["name"],
                    "day": wanted.isoformat(),
                    "stops_per_driver_hour": round(need.stops_per_driver_hour, 2),
                    "hours": [
                        {
                            "hour": one.slot_start.astimezone(zone(need.time_zone)).strftime("%H:%M"),
                            "expected_stops": round(one.expected_stops, 1),
                            "drivers": one.drivers,
                            "shift_drivers": round(one.shift_drivers, 1),
                            "block_places": one.block_places,
                            "blocks_needed": one.blocks_needed,
                        }
                        for one in need.hours
                    ],
                }
            )
    latest = {**run, "made_at": run["made_at"].isoformat()} if run else None
    return {"market": to_wire("market", market_id), "forecast": latest, "hubs": told}


def forecast_lines(told: Told) -> Iterator[str]:
    """The forecast and what hubs lack, for people; hours without anything are left out."""
    run = told["forecast"]
    if run is None:
        yield "Nothing has been posted yet, so nothing can be foreseen."
        return
    yield f"Learnt from {run['history_hours']:,} hours: {run['expected_stops']:,.0f} deliveries in the next eight days."
    if run["held_out_hours"]:
        yield (
            f"On a week that it had not seen it missed {run['model_wmape_percent'] or 0:.1f} % of what came, the same"
            f" hour of the week before {run['baseline_wmape_percent'] or 0:.1f} %; taken is {run['model']}."
        )
    else:
        yield "There is too little history to fit a week: taken is the last week, or day, as it was."
    for hub in told["hubs"]:
        yield f"{hub['name']} on {hub['day']}, {hub['stops_per_driver_hour']} hand-overs for each hour on a route"
        yield "  hour   stops  drivers  on shift  in blocks  lacking"
        for one in hub["hours"]:
            if one["expected_stops"] >= 0.05 or one["block_places"]:
                yield (
                    f"  {one['hour']}  {one['expected_stops']:6.1f}  {one['drivers']:7}  {one['shift_drivers']:8.1f}"
                    f"  {one['block_places']:9}  {one['blocks_needed']:7}"
                )
