"""A market with a route on offer, as most offer tests need it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.fleet.states import ContractKind
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.matching.acceptance import PRIOR_WEIGHTS
from marketplace.offers import SendWave
from marketplace.offers.models import AcceptanceModelRecord
from marketplace.shippers.models import Shipper
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

ROUTER = StraightLineRouter()


@dataclass
class World:
    """What was built, by name."""

    market: Market
    shipper: Shipper
    hub: Hub
    drivers: list[Driver] = field(default_factory=list)
    route_ids: list[UUID] = field(default_factory=list)


async def make_world(
    work: Work,
    *,
    drivers: int = 3,
    routes: int = 1,
    kind: ContractKind = ContractKind.CROWDSOURCED,
    **dials: Any,
) -> World:
    """A market with drivers at the hub and planned routes of two deliveries each."""
    market = await make_market(work, **dials)
    world = World(market=market, shipper=await make_shipper(work, market), hub=await make_hub(work, market))
    world.drivers = [await make_driver(work, market, kind=kind) for _ in range(drivers)]
    batch = await make_batch(work, market, world.shipper)
    for _ in range(routes):
        deliveries = [await make_delivery(work, market, world.shipper, world.hub, batch) for _ in range(2)]
        route, _ = await make_route(work, market, deliveries)
        world.route_ids.append(route.id)
    return world


async def send_wave(works: Works, route_id: UUID) -> int | None:
    """Sends the next wave of a route with straight-line drive times."""
    return await run_errand(works, SendWave(router=ROUTER, route_id=route_id))


async def open_offers(work: Work, route_id: UUID) -> dict[UUID, UUID]:
    """Open offers of a route: driver → offer."""
    rows = await work.fetch(
        "SELECT driver_id, id FROM offer WHERE route_id = $1 AND state IN ('SENT', 'VIEWED') ORDER BY rank", route_id
    )
    return {row["driver_id"]: row["id"] for row in rows}


async def event_names(work: Work, market_id: UUID) -> list[str]:
    """Names of a market's events, oldest first."""
    rows = await work.fetch("SELECT name FROM event WHERE market_id = $1 ORDER BY occurred_at, id", market_id)
    return [row["name"] for row in rows]


async def make_model(work: Work, market_id: UUID, *, version: int = 1, **weights: float) -> None:
    """A law of acceptance that a market has learnt: the prior, but for the weights that are named."""
    await AcceptanceModelRecord.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        version=version,
        weights=dict(PRIOR_WEIGHTS) | weights,
        accepted=10,
        declined=5,
        expired=5,
        answered_until=work.now,
        fitted_at=work.now,
    )
