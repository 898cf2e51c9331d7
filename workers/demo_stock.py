"""The demo's stock: every shipper keeps one thing at all hubs, and some of its parcels come from there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marketplace.app import Marketplace
from marketplace.core.ids import MarketId, from_wire
from marketplace.core.work import Work
from marketplace.hubs import SkuFacts, hubs_of_market, receive_stock, set_sku, stock_figures

A_BOX = SkuFacts(code="BOX-1", name="Box of the month", weight_g=900, length_mm=300, width_mm=200, height_mm=150)
AT_EACH_HUB = 40


async def stock_hubs(marketplace: Marketplace, *, market_id: MarketId, shipper_ids: Sequence[UUID]) -> None:
    """Describes the box of every shipper and puts some of them on the shelves of all hubs."""
    async with marketplace.works.open() as work:
        hubs: list[dict[str, Any]] = await hubs_of_market(work, market_id=market_id)
        for shipper_id in shipper_ids:
            await set_sku(work, market_id=market_id, shipper_id=shipper_id, facts=A_BOX)
            for hub in hubs:
                await receive_stock(
                    work,
                    market_id=market_id,
                    hub_id=from_wire("hub", hub["id"]),
                    shipper_id=shipper_id,
                    code=A_BOX.code,
                    quantity=AT_EACH_HUB,
                )


async def stock_so_far(work: Work, *, market_id: MarketId) -> dict[str, Any]:
    """What became of the demo's stock."""
    found = await stock_figures(work, market_id=market_id)
    return {"stock_shipped": found["shipped"], "stock_back": found["back"], "stock_promised": found["promised"]}
