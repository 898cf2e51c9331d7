"""Markets with a pay law, and drivers who work in them at given times."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from marketplace.core.ids import DriverId, RouteId, StatementId
from marketplace.core.work import Work
from marketplace.fleet.models import Driver
from marketplace.markets import PayCalendar, pay_pack, set_pay_policy
from marketplace.payouts import due_true_ups, issue_statement, true_up_pay
from tests.builders import make_driver
from tests.marketplace.payouts.world import PayWorld, make_driven_route, make_pay_world

NO_RATES = {
    "base_minor": 0,
    "per_km_minor": 0,
    "per_minute_minor": 0,
    "per_stop_minor": 0,
    "wait_per_minute_minor": 0,
    "wait_grace_s": 0,
    "minimum_minor": 0,
}
LA_WAGE = {"local_minimum_wage_minor": 1678}


async def make_law_world(
    work: Work,
    pack: str,
    *,
    currency: str = "USD",
    zone: str = "America/Los_Angeles",
    parameters: Mapping[str, int] | None = None,
    calendar: PayCalendar | None = None,
    **rates: int,
) -> PayWorld:
    """A market whose policy 2 has the floors of a pack and, unless told otherwise, no rates of its own."""
    world = await make_pay_world(work, currency=currency, time_zone=zone)
    floors = pay_pack(pack).floors(parameters or {}, calendar=calendar)
    await set_pay_policy(work, market_id=world.market.id, rates=NO_RATES | rates, floors=floors)
    return world


async def drive(
    work: Work,
    world: PayWorld,
    driver: Driver,
    *,
    accepted_at: datetime,
    hours: float,
    metres: int,
    paid_minor: int,
    version: int = 2,
    **changes: Any,
) -> StatementId:
    """A route that was driven and paid as given; its statement is issued now."""
    ended_at = accepted_at + timedelta(hours=hours)
    route = await make_driven_route(
        work,
        world,
        driver,
        accepted_at=accepted_at,
        ended_at=ended_at,
        approach_m=metres,
        guarantee_minor=paid_minor,
        policy_version=version,
        **changes,
    )
    await work.execute("UPDATE stop SET leg_m = 0 WHERE route_id = $1", route.id)
    return await issue_statement(work, route_id=RouteId(route.id))


async def true_up(work: Work, world: PayWorld) -> list[StatementId]:
    """Writes all true-ups that are due."""
    done = [await true_up_pay(work, period=period) for period in await due_true_ups(work, market_id=world.market_id)]
    return [statement_id for statement_id in done if statement_id is not None]


async def lines_of(work: Work, statement_id: StatementId) -> list[tuple[str, int]]:
    """Codes and amounts of a statement's lines."""
    lines = await work.fetch_value("SELECT lines FROM pay_statement WHERE id = $1", statement_id)
    return [(line["code"], line["amount_minor"]) for line in orjson.loads(lines)]


async def make_worker(work: Work, world: PayWorld) -> tuple[Driver, DriverId]:
    """A driver of the world, and the id."""
    driver = await make_driver(work, world.market)
    return driver, DriverId(driver.id)
