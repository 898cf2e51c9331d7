"""Shippers' goods at hubs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import DeliveryRequest, ItemRequest, PostBatch, PostResult
from marketplace.batches.models import Delivery
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.hubs import SkuFacts, receive_stock, set_sku
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.routes.models import Stop
from marketplace.routes.states import RouteState
from marketplace.routing import Matrix, Router
from marketplace.shippers.models import Shipper
from tests.builders import make_driver, make_route
from tests.marketplace.batches.orders import ROUTER, order


async def keep(work: Work, market: Market, shipper: Shipper, code: str, at: Sequence[tuple[Hub, int]]) -> UUID:
    """A SKU of the shipper's, and so many of it at each hub."""
    facts = SkuFacts(code=code, name=f"A {code}", weight_g=800, length_mm=200, width_mm=150, height_mm=100)
    sku_id = await set_sku(work, market_id=market.id, shipper_id=shipper.id, facts=facts)
    for hub, quantity in at:
        await receive_stock(
            work, market_id=market.id, hub_id=hub.id, shipper_id=shipper.id, code=code, quantity=quantity
        )
    return sku_id


def wanted(external_id: str, *, units: dict[str, int], **changes: Any) -> DeliveryRequest:
    """A delivery from stock."""
    items = [ItemRequest(sku=code, quantity=count) for code, count in units.items()]
    return order(external_id, **{"packages": [], "items": items} | changes)


class BeyondARiver(StraightLineRouter):
    """From one place every drive takes an hour more, for the bridge is far."""

    def __init__(self, place: Point) -> None:
        super().__init__()
        self.place = place
        self.asked = 0

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """The estimate, and the way over the bridge."""
        self.asked += 1
        plain = await super().matrix(sources, targets, depart_at=depart_at)
        around = np.array([[3_600 if source == self.place else 0] for source in sources], np.int32)
        return replace(plain, durations_s=plain.durations_s + around)


async def post(
    works: Works,
    market: Market,
    shipper: Shipper,
    *rows: DeliveryRequest,
    may_split: bool = False,
    router: Router = ROUTER,
    has_geocoder: bool = False,
) -> PostResult:
    """The answer to a posting."""
    errand = PostBatch(
        router=router,
        gate=check_credit,
        shipper_id=shipper.id,
        market_id=market.id,
        requests=list(rows),
        may_split=may_split,
        has_geocoder=has_geocoder,
    )
    result = await run_errand(works, errand)
    assert result is not None
    return result


async def shelf(works: Works, hub: Hub, sku_id: UUID) -> tuple[int, int] | None:
    """How many lie there and how many of them are promised, which is what its movements add up to."""
    async with works.open() as work:
        row = await work.fetch_row(
            "SELECT on_hand, reserved FROM hub_stock WHERE hub_id = $1 AND sku_id = $2", hub.id, sku_id
        )
        moved = await work.fetch_row(
            "SELECT sum(on_hand_change)::int, sum(reserved_change)::int FROM stock_movement"
            " WHERE hub_id = $1 AND sku_id = $2",
            hub.id,
            sku_id,
        )
    if row is None:
        return None
    assert moved is not None
    assert tuple(row) == tuple(moved)
    return (row["on_hand"], row["reserved"])


async def on_the_road(work: Work, market: Market, delivery_id: UUID | None) -> tuple[Driver, Stop, Stop]:
    """A driver on the way to the pickup of a delivery, that stop, and the one at its door."""
    driver = await make_driver(work, market)
    delivery = await Delivery.get(id=delivery_id, using_db=work.db)
    _, [pickup, door] = await make_route(
        work, market, [delivery], driver=driver, state=RouteState.STARTED, started_at=work.now
    )
    return driver, pickup, door
