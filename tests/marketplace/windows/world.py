"""A market with a hub, drivers and a delivery, and a router that needs no streets."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import PromiseActor
from marketplace.batches.models import Batch, Delivery
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from marketplace.windows import HoldWindow, WindowCaller, WindowQuestion
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_shipper

TODAY = date(2026, 3, 2)
"""A Monday; the clock of the tests stands at noon in Chile, which is 15:00 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowWorld:
    """Everything that a question about windows is about."""

    market: Market
    shipper: Shipper
    hub: Hub
    batch: Batch
    delivery: Delivery
    router: StraightLineRouter

    def question(self, **changes: Any) -> WindowQuestion:
        """The shipper asks about its delivery for today."""
        values: dict[str, Any] = {"day": TODAY, "shipper_id": self.shipper.id, "delivery_id": self.delivery.id}
        return WindowQuestion(**values | changes)

    def hold(self, window: Window, **changes: Any) -> HoldWindow:
        """The errand of holding a window of today."""
        return HoldWindow(router=self.router, question=self.question(**changes), window=window)

    @property
    def caller(self) -> WindowCaller:
        """The shipper."""
        return WindowCaller(actor=PromiseActor.SHIPPER, shipper_id=self.shipper.id)


async def make_world(work: Work, *, drivers: int = 2, opening: Opening | None = None, **delivery: Any) -> WindowWorld:
    """A hub with those terms, drivers at it, and a delivery that waits."""
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    kept = orjson.loads(orjson.dumps(opening.as_json())) if opening else None
    hub = await make_hub(work, market, opening=kept, reach_s=opening.reach_s if opening else None)
    for _ in range(drivers):
        await make_driver(work, market)
    batch = await make_batch(work, market, shipper)
    posted = await make_delivery(work, market, shipper, hub, batch, **delivery)
    return WindowWorld(
        market=market, shipper=shipper, hub=hub, batch=batch, delivery=posted, router=StraightLineRouter()
    )


async def price_of(work: Work, delivery_id: UUID) -> int:
    """What the shipper owes for a delivery."""
    price: int = await work.fetch_value("SELECT price_minor FROM delivery WHERE id = $1", delivery_id)
    return price
