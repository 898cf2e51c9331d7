"""Goods come in at a hub, or are counted there."""

from uuid import UUID

from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.work import Work
from marketplace.hubs.skus import sku_of
from marketplace.hubs.states import StockReason
from marketplace.hubs.stock import Level, Movement, Shelf, lock_shelves, move_stock, open_shelf

MOST_AT_ONCE = 1_000_000

# A hub open to all keeps everybody's goods, and its own people count them; a shipper counts at hubs of its own alone.
KEEPS = """
SELECT true FROM hub WHERE id = $1 AND market_id = $2 AND (shipper_id = $3 OR shipper_id IS NULL AND NOT $4)
"""


class BadQuantity(Invalid):
    """A number of things that cannot be."""

    code = "BAD_QUANTITY"


class StockPromised(Conflict):
    """More of it is promised than was counted."""

    code = "STOCK_PROMISED"


async def receive_stock(
    work: Work, *, market_id: UUID, hub_id: UUID, shipper_id: UUID, code: str, quantity: int, own_only: bool = False
) -> Level:
    """Puts so many more of a shipper's SKU on the hub's shelf, and returns what lies there then."""
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise BadQuantity(f"between 1 and {MOST_AT_ONCE} come in at once", field="quantity")
    shelf = await find_shelf(
        work, market_id=market_id, hub_id=hub_id, shipper_id=shipper_id, code=code, own_only=own_only
    )
    movement = Movement(shelf=shelf, reason=StockReason.RECEIVED, on_hand=quantity)
    before = (await move_stock(work, market_id=market_id, movements=[movement]))[shelf]
    return Level(on_hand=before.on_hand + quantity, reserved=before.reserved)


async def count_stock(
    work: Work, *, market_id: UUID, hub_id: UUID, shipper_id: UUID, code: str, counted: int, own_only: bool = False
) -> Level:
    """Corrects a shelf to what was counted there; fewer than are promised is refused, since those were sold."""
    if not 0 <= counted <= MOST_AT_ONCE:
        raise BadQuantity(f"between 0 and {MOST_AT_ONCE} lie on a shelf", field="counted")
    shelf = await find_shelf(
        work, market_id=market_id, hub_id=hub_id, shipper_id=shipper_id, code=code, own_only=own_only
    )
    before = (await lock_shelves(work, market_id=market_id, shelves=[shelf]))[shelf]
    if counted < before.reserved:
        raise StockPromised(
            f"{before.reserved} of these are promised; call off deliveries or find the rest", field="counted"
        )
    if counted != before.on_hand:
        movement = Movement(shelf=shelf, reason=StockReason.COUNTED, on_hand=counted - before.on_hand)
        await move_stock(work, market_id=market_id, movements=[movement])
    return Level(on_hand=counted, reserved=before.reserved)


async def find_shelf(
    work: Work, *, market_id: UUID, hub_id: UUID, shipper_id: UUID, code: str, own_only: bool = False
) -> Shelf:
    """The shelf of a shipper's SKU at a hub that keeps it, made where there was none."""
    if not await work.fetch_value(KEEPS, hub_id, market_id, shipper_id, own_only):
        raise NotFound("there is no such hub", field="hubId")
    shelf = Shelf(await sku_of(work, market_id=market_id, shipper_id=shipper_id, code=code), hub_id)
    await open_shelf(work, market_id=market_id, shelf=shelf)
    return shelf
