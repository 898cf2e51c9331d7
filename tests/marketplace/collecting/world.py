"""A market with a hub and a village store, and parcels that are posted to it."""

from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.accounts import Principal, PrincipalKind, Tokens
from marketplace.batches import PostBatch, PostedRow
from marketplace.billing import check_credit
from marketplace.collecting import settle_collection
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.hubs import DayHours, Opening
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.points import PointFacts, set_hand_over_point
from marketplace.shippers.models import Shipper
from tests.builders import HOME_PLACE, make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order

STORE = Point(lat=HOME_PLACE.lat + 0.01, lon=HOME_PLACE.lon)
"""About a kilometre from the home of the tests."""
TOKENS = Tokens("a secret of the tests that is long enough")
WORKDAYS = Opening(hours=tuple(DayHours(day=day, opens=time(10), closes=time(19)) for day in range(1, 7)))
"""Monday to Saturday."""


def facts(**changes: Any) -> PointFacts:
    """A store that holds two parcels, each for three days."""
    values: dict[str, Any] = {"name": "Almacén Rosa", "address": "Ruta 41 km 30", "place": STORE, "opening": WORKDAYS}
    return PointFacts(**values | {"places": 2, "kept_days": 3} | changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointWorld:
    """Who sends what through which store."""

    works: Works
    market: Market
    shipper: Shipper
    hub: Hub
    point_id: UUID

    @property
    def keeper(self) -> Principal:
        """Who keeps the store."""
        return Principal(kind=PrincipalKind.KEEPER, id=self.point_id, market_id=self.market.id)

    async def post(self, *external_ids: str, **changes: Any) -> list[PostedRow]:
        """Posts parcels to the store."""
        named = {"hub_id": self.hub.id, "hand_over_point_id": self.point_id}
        errand = PostBatch(
            router=ROUTER,
            gate=check_credit,
            shipper_id=self.shipper.id,
            market_id=self.market.id,
            requests=[order(one, **named | changes) for one in external_ids],
        )
        result = await run_errand(self.works, errand)
        assert result is not None
        return list(result.rows)

    async def dropped(self, external_id: str = "a") -> asyncpg.Record:
        """The collection of a parcel that was posted and dropped at the store."""
        [row] = await self.post(external_id)
        assert row.delivery_id is not None
        async with self.works.open() as work:
            await work.execute(
                "UPDATE delivery SET state = 'DELIVERED', changed_at = $2 WHERE id = $1", row.delivery_id, work.now
            )
            await settle_collection(work, delivery_id=row.delivery_id)
        return await self.collection(row.delivery_id)

    async def collection(self, delivery_id: UUID | None) -> asyncpg.Record:
        """The collection of a delivery as it is now, with the places taken at its point."""
        async with self.works.open() as work:
            row = await work.fetch_row(
                "SELECT c.*, p.taken FROM collection c JOIN hand_over_point p ON p.id = c.point_id"
                " WHERE c.delivery_id = $1 ORDER BY c.id DESC LIMIT 1",
                delivery_id,
            )
        assert row is not None
        return row


async def make_store(work: Work, market: Market, **changes: Any) -> UUID:
    """A store."""
    return await set_hand_over_point(work, market_id=market.id, facts=facts(**changes))


async def make_world(works: Works, **changes: Any) -> PointWorld:
    """A store with those changes."""
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        point_id = await make_store(work, market, **changes)
    return PointWorld(works=works, market=market, shipper=shipper, hub=hub, point_id=point_id)
