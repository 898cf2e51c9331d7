"""What pay tests begin with: routes that were driven, and drivers who have something to be paid."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from marketplace.core.ids import DriverId, MarketId, PayoutId, RouteId, StatementId
from marketplace.core.work import Work
from marketplace.fleet.models import Driver
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.payouts import issue_statement
from marketplace.routes.models import Route
from marketplace.routes.states import RouteState
from marketplace.shippers.models import Shipper
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

ARRIVE = """
UPDATE stop SET state = 'COMPLETED', arrived_at = $2::timestamptz + place * interval '10 minutes',
                ended_at = $2::timestamptz + place * interval '10 minutes' + $3 * interval '1 second'
WHERE route_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayWorld:
    """A market with a shipper and a hub, in which routes can be driven."""

    market: Market
    shipper: Shipper
    hub: Hub

    @property
    def market_id(self) -> MarketId:
        """The market's id."""
        return MarketId(self.market.id)


async def make_pay_world(work: Work, **changes: Any) -> PayWorld:
    """A market in which nothing has happened yet."""
    market = await make_market(work, **changes)
    return PayWorld(market=market, shipper=await make_shipper(work, market), hub=await make_hub(work, market))


async def make_driven_route(
    work: Work,
    world: PayWorld,
    driver: Driver,
    *,
    state: RouteState = RouteState.COMPLETED,
    engaged: timedelta = timedelta(minutes=25),
    stop_time_s: int = 120,
    guarantee_minor: int = 0,
    **changes: Any,
) -> Route:
    """A route of a pickup and two drop-offs, 2 km apart, whose driver came 1.5 km to the pickup.

    Under pay policy 1 of the builders: base 900, 5.5 km 990, 25 min 1500, 3 stops 750, together 4140.
    """
    batch = await make_batch(work, world.market, world.shipper)
    deliveries = [await make_delivery(work, world.market, world.shipper, world.hub, batch) for _ in range(2)]
    values = {"accepted_at": work.now - engaged, "ended_at": work.now, "approach_m": 1500} | changes
    route, _ = await make_route(
        work, world.market, deliveries, driver=driver, state=state, guarantee_minor=guarantee_minor, **values
    )
    await work.execute(ARRIVE, route.id, values["accepted_at"], stop_time_s)
    return route


async def make_paid_driver(work: Work, world: PayWorld, *, routes: int = 1) -> tuple[DriverId, list[StatementId]]:
    """A driver with payable statements of 4140 each."""
    driver = await make_driver(work, world.market)
    statements = []
    for _ in range(routes):
        route = await make_driven_route(work, world, driver)
        statements.append(await issue_statement(work, route_id=RouteId(route.id)))
    return DriverId(driver.id), statements


async def payout_row(work: Work, payout_id: PayoutId) -> dict[str, Any]:
    """A payout as it stands in the database."""
    row = await work.fetch_row("SELECT * FROM payout WHERE id = $1", payout_id)
    assert row is not None
    return dict(row)


async def statement_row(work: Work, statement_id: StatementId) -> dict[str, Any]:
    """A statement as it stands in the database."""
    row = await work.fetch_row("SELECT * FROM pay_statement WHERE id = $1", statement_id)
    assert row is not None
    return dict(row)


async def wallet_minor(work: Work, world: PayWorld, driver_id: DriverId) -> tuple[int, int]:
    """What the wallet can give, and what is on hold there."""
    row = await work.fetch_row(
        "SELECT credits_posted - debits_posted - debits_pending AS available, debits_pending FROM account"
        " WHERE market_id = $1 AND code LIKE '%' || $2 || ':wallet'",
        world.market.id,
        str(driver_id),
    )
    return (row["available"], row["debits_pending"]) if row else (0, 0)
