"""A hub of few places, a large shipper that has reserved some of them for tomorrow, and a small one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.batches import DeliveryRequest, LocalWindow, PostBatch, PostResult, QuoteBatch, QuoteResult
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.errors import Refusal
from marketplace.core.work import Work, Works
from marketplace.hubs import Opening
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.reservations import Terms, reserve_capacity
from marketplace.shippers.models import Shipper
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, TODAY, order

MONDAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Who has agreed on what."""

    market: Market
    hub: Hub
    large: Shipper
    small: Shipper

    def rows(self, *names: str, days: int = 1) -> list[DeliveryRequest]:
        """Parcels for a day from noon to three."""
        moved = timedelta(days=days)
        window = LocalWindow(opens=TODAY.opens + moved, closes=TODAY.closes + moved)
        return [order(name, hub_id=self.hub.id, pickup_window=window, dropoff_window=window) for name in names]

    def posting(self, shipper: Shipper, *names: str, days: int = 1, quote_id: UUID | None = None) -> PostBatch:
        """The errand of posting them."""
        return PostBatch(
            router=ROUTER,
            gate=check_credit,
            shipper_id=shipper.id,
            market_id=self.market.id,
            requests=self.rows(*names, days=days) if quote_id is None else (),
            quote_id=quote_id,
        )

    async def post(self, works: Works, shipper: Shipper, *names: str, **more: Any) -> list[str]:
        """For each row `posted`, or the code of its problem."""
        result = await run_errand(works, self.posting(shipper, *names, **more))
        assert result is not None
        return answers(result)

    async def quote(self, works: Works, shipper: Shipper, *names: str) -> QuoteResult:
        """What they would cost."""
        errand = QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=self.market.id, requests=self.rows(*names))
        result = await run_errand(works, errand)
        assert result is not None
        return result


def answers(result: PostResult) -> list[str]:
    """For each row `posted`, or the code of its problem."""
    return [row.problem.code if row.problem else "posted" for row in result.rows]


async def agree(works: Works, *, places_per_day: int = 4, terms: Terms | None = None, **market: Any) -> Agreed:
    """A hub with so many places a day, and what is reserved there for the large shipper."""
    async with works.open() as work:
        city = await make_market(work, **market)
        large, small = await make_shipper(work, city), await make_shipper(work, city, name="Botica Sur")
        opening = orjson.loads(orjson.dumps(Opening(places_per_day=places_per_day, notice_s=0).as_json()))
        hub = await make_hub(work, city, opening=opening)
        world = Agreed(market=city, hub=hub, large=large, small=small)
        if terms is not None:
            await reserve(work, world, terms)
    return world


async def reserve(work: Work, world: Agreed, terms: Terms, **changes: Any) -> UUID:
    """Reserves places of the hub for the large shipper."""
    values: dict[str, Any] = {"market_id": world.market.id, "shipper_id": world.large.id, "hub_id": world.hub.id}
    return await reserve_capacity(work, terms=terms, **values | changes)


async def try_to_reserve(works: Works, world: Agreed, terms: Terms, **changes: Any) -> str:
    """`reserved`, or the code and the words of the refusal."""
    try:
        async with works.open() as work:
            await reserve(work, world, terms, **changes)
    except Refusal as refusal:
        return f"{refusal.code}: {refusal}"
    return "reserved"


def moment(day: date, hour: int) -> datetime:
    """A local hour as a bare time."""
    return datetime(day.year, day.month, day.day, hour)
