"""Routes that were driven to their end, with each stop at a chosen minute."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.accounts import add_operator
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.fleet.models import Driver
from marketplace.markets.models import Market
from marketplace.routes.models import Stop
from marketplace.routes.states import RouteState
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper


async def make_place(work: Work) -> tuple[Market, Any, Any, Any]:
    """A market with what deliveries need."""
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    return market, shipper, await make_hub(work, market), await make_batch(work, market, shipper)


async def make_named(work: Work, market: Market, name: str) -> UUID:
    """An operator with a name."""
    email = f"{name.lower()}@{market.slug}.example"
    return await add_operator(work, name=name, email=email, market_id=MarketId(market.id))


async def drive(
    work: Work,
    place: tuple[Market, Any, Any, Any],
    driver: Driver,
    *,
    minutes: Sequence[tuple[float, float]] = ((10, 12), (17, 19)),
    closes_min: float = 180,
) -> list[Stop]:
    """A completed route of a pickup and as many drop-offs as there are further pairs of arrival and departure.

    Planned: pickup at 10 minutes for 2, then each door 7 minutes later for 2, each leg 5 minutes.
    """
    market, shipper, hub, batch = place
    closes = work.now + timedelta(minutes=closes_min)
    opens = work.now - timedelta(hours=1)
    deliveries = [
        await make_delivery(
            work, market, shipper, hub, batch, state="DELIVERED", dropoff_opens_at=opens, dropoff_closes_at=closes
        )
        for _ in minutes[1:]
    ]
    route, stops = await make_route(
        work,
        market,
        deliveries,
        driver=driver,
        state=RouteState.COMPLETED,
        approach_s=600,
        started_at=work.now,
        ended_at=work.now + timedelta(minutes=minutes[-1][1]),
    )
    for stop, (arrives, leaves) in zip(stops, minutes, strict=True):
        await work.execute(
            "UPDATE stop SET state = 'COMPLETED', arrived_at = $2, ended_at = $3 WHERE id = $1",
            stop.id,
            work.now + timedelta(minutes=arrives),
            work.now + timedelta(minutes=leaves),
        )
    await work.execute("UPDATE presence SET state = 'AVAILABLE' WHERE driver_id = $1", driver.id)
    await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE route_id = $1", route.id)
    return stops


async def make_bad_driver(work: Work, place: tuple[Market, Any, Any, Any], doors: int = 44) -> Driver:
    """Somebody who was an hour late by their own part at every door; the clock has to move on before it counts."""
    driver = await make_driver(work, place[0])
    for _ in range(doors // 11):
        minutes = [(10, 12), *((80 + 7 * place_, 82 + 7 * place_) for place_ in range(11))]
        await drive(work, place, driver, minutes=minutes, closes_min=20)
    return driver
