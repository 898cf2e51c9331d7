"""What the command line asks a market without changing it: explanations, dry runs, years of pay, speeds of streets."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from marketplace.adapters.routers import segment_speeds
from marketplace.analytics import own_fairness
from marketplace.app import open_city, open_marketplace, open_servers
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.errors import CannotStart
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.migrate import migrate
from marketplace.core.settings import Settings
from marketplace.core.work import Work, Works
from marketplace.markets import dials, market_ids
from marketplace.matching import dry_run, read_problem
from marketplace.offers import explain_delivery, explain_driver, explain_offer
from marketplace.payouts import as_csv, pay_of_year
from marketplace.routing import read_traffic
from marketplace.standing import standing_of, suspension_files


async def explain(settings: Settings, thing: str, route: str | None) -> dict[str, Any]:
    """Explains whatever the id names: a delivery, an offer, or a driver and a route."""
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1) as database,
        Works(database, DatabaseClock()).open() as work,
    ):
        return await _explain(work, thing, route)


async def standing(settings: Settings, driver: str) -> dict[str, Any]:
    """A driver's standing, day and suspensions, all as the driver sees them."""
    driver_id = from_wire("driver", driver)
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1) as database,
        Works(database, DatabaseClock()).open() as work,
    ):
        return await told_standing(work, driver_id)


async def told_standing(work: Work, driver_id: UUID) -> dict[str, Any]:
    """What `doorstep standing` tells."""
    found = await standing_of(work, driver_id=driver_id)
    return {
        "driver_id": to_wire("driver", driver_id),
        "standing": asdict(found),
        "fairness": asdict(await own_fairness(work, driver_id=driver_id)),
        "suspensions": [asdict(one) for one in await suspension_files(work, driver_id=driver_id)],
    }


async def plan_dry(settings: Settings, file: Path, text: str, market: str | None) -> dict[str, Any]:
    """Plans the deliveries and drivers of a file as a market would, the oldest one unless one is named."""
    try:
        problem = read_problem(json.loads(text))
    except ValueError as wrong:
        raise CannotStart(f"{file} is not JSON: {wrong}") from wrong
    async with open_servers(settings) as servers:
        await migrate(servers.database_url)
        async with open_marketplace(settings, servers) as marketplace:
            return await dry_run(
                marketplace.works,
                router=marketplace.router,
                solver=marketplace.solver,
                market_id=await chosen_market(marketplace.works, market),
                problem=problem,
            )


async def export_year(settings: Settings, year: int, market: str | None) -> str:
    """What the drivers of a market were paid in a year, as CSV; of the oldest market unless one is named."""
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1) as database,
    ):
        works = Works(database, DatabaseClock())
        market_id = await chosen_market(works, market)
        async with works.read() as connection:
            return as_csv(await pay_of_year(connection, market_id=market_id, year=year))


async def export_speeds(settings: Settings, market: str | None) -> str:
    """What a market has learnt about each street, as a segment speed file for an OSRM server."""
    city = await open_city(settings)
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1) as database,
    ):
        works = Works(database, DatabaseClock())
        market_id = await chosen_market(works, market)
        async with works.open() as work:
            zone = (await dials(work, market_id=market_id)).time_zone
            traffic = await read_traffic(work, market_ids=[market_id], time_zone=zone)
    return "".join(f"{line}\n" for line in segment_speeds(city, traffic))


async def _explain(work: Work, thing: str, route: str | None) -> dict[str, Any]:
    if thing.startswith("dlv_"):
        return await explain_delivery(work, delivery_id=from_wire("delivery", thing), market_id=None)
    if thing.startswith("off_"):
        return await explain_offer(work, offer_id=from_wire("offer", thing), market_id=None)
    if thing.startswith("drv_") and route is not None:
        driver_id, route_id = from_wire("driver", thing), from_wire("route", route)
        return await explain_driver(work, driver_id=driver_id, route_id=route_id, market_id=None)
    raise CannotStart("explain a delivery (dlv_…), an offer (off_…), or a driver (drv_…) with --route rte_…")


async def chosen_market(works: Works, market: str | None) -> UUID:
    """The market that was named, or the oldest one."""
    if market is not None:
        return from_wire("market", market)
    async with works.open() as work:
        found = await market_ids(work)
    if not found:
        raise CannotStart("there is no market yet; make one with doorstep seed")
    return found[0]
