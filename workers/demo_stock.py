"""The demo's stock: every shipper keeps one thing at all hubs, and some of its parcels come from there.

One hub has too little of it, so that another one fills it up; and one shipper moves some of its own.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marketplace.app import Marketplace
from marketplace.batches import TransferStock
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.ids import MarketId, from_wire
from marketplace.core.work import Work
from marketplace.hubs import SkuFacts, hubs_of_market, receive_stock, set_replenishment, set_sku, stock_figures

A_BOX = SkuFacts(code="BOX-1", name="Box of the month", weight_g=900, length_mm=300, width_mm=200, height_mm=150)
AT_EACH_HUB = 40
TOO_FEW, ENOUGH = 3, 20
"""What the second hub has of the last shipper's box, and what it is filled up to from the first one."""
MOVED = 10
"""Boxes that the first shipper moves from the last hub to the one before."""


async def stock_hubs(marketplace: Marketplace, *, market_id: MarketId, shipper_ids: Sequence[UUID]) -> None:
    """Describes the box of every shipper, puts some on the shelves of all hubs, and has some moved between them."""
    async with marketplace.works.open() as work:
        hubs: list[dict[str, Any]] = await hubs_of_market(work, market_id=market_id)
        hub_ids = [from_wire("hub", hub["id"]) for hub in hubs]
        first, last = shipper_ids[0], shipper_ids[-1]
        for shipper_id in shipper_ids:
            await set_sku(work, market_id=market_id, shipper_id=shipper_id, facts=A_BOX)
            for hub_id in hub_ids:
                is_short = (shipper_id, hub_id) == (last, hub_ids[1])
                await receive_stock(
                    work,
                    market_id=market_id,
                    hub_id=hub_id,
                    shipper_id=shipper_id,
                    code=A_BOX.code,
                    quantity=TOO_FEW if is_short else AT_EACH_HUB,
                )
        await set_replenishment(
            work,
            market_id=market_id,
            hub_id=hub_ids[1],
            shipper_id=last,
            code=A_BOX.code,
            source_hub_id=hub_ids[0],
            min_quantity=TOO_FEW + 1,
            target_quantity=ENOUGH,
            is_free=True,
        )
    moving = TransferStock(
        router=marketplace.router,
        gate=check_credit,
        market_id=market_id,
        shipper_id=first,
        from_hub_id=hub_ids[-1],
        to_hub_id=hub_ids[-2],
        units={A_BOX.code: MOVED},
        is_free=False,
    )
    await run_errand(marketplace.works, moving)


async def stock_so_far(work: Work, *, market_id: MarketId) -> dict[str, Any]:
    """What became of the demo's stock."""
    found = await stock_figures(work, market_id=market_id)
    return {f"stock_{name}": count for name, count in found.items()}
