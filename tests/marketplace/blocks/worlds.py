"""What block tests begin with: a market with a hub and a block around it that opens in four hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.blocks import BlockPlan, look_after_blocks, publish_blocks, sign_up_for_block
from marketplace.core.ids import BlockId, DriverId, MarketId, SignUpId
from marketplace.core.window import zone
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from tests.builders import make_driver
from tests.marketplace.payouts.world import PayWorld, make_pay_world

AHEAD = timedelta(hours=4)
LASTS = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockWorld:
    """A market with one block."""

    pay: PayWorld
    block_id: BlockId
    opens_at: datetime

    @property
    def market_id(self) -> MarketId:
        """The market's id."""
        return self.pay.market_id


async def make_block_world(work: Work, **changes: Any) -> BlockWorld:
    """A block of two places, served as drivers come unless `draw_s` says otherwise."""
    pay = await make_pay_world(work)
    opens_at = (work.now + AHEAD).replace(microsecond=0)
    block_id = await publish(work, pay, opens_at, **changes)
    return BlockWorld(pay=pay, block_id=block_id, opens_at=opens_at)


async def publish(work: Work, pay: PayWorld, opens_at: datetime, **changes: Any) -> BlockId:
    """Publishes one block at the world's hub."""
    local = opens_at.astimezone(zone(pay.hub.time_zone)).replace(tzinfo=None)
    values: dict[str, Any] = {"places": 2, "hub_id": pay.hub.id, "draw_s": 0, "floor_per_hour_minor": 6_000}
    plan = BlockPlan(opens=local, closes=local + LASTS, **values | changes)
    [block_id] = await publish_blocks(work, market_id=pay.market_id, plans=[plan])
    return block_id


async def join(work: Work, world: BlockWorld, driver: Driver | UUID) -> SignUpId:
    """Signs a driver up."""
    driver_id = driver if isinstance(driver, UUID) else driver.id
    return await sign_up_for_block(work, block_id=world.block_id, driver_id=DriverId(driver_id))


async def make_drivers(work: Work, world: BlockWorld, count: int) -> list[Driver]:
    """Crowdsourced drivers with a car."""
    return [await make_driver(work, world.pay.market) for _ in range(count)]


async def states(work: Work, world: BlockWorld) -> list[str]:
    """How the sign-ups stand, in the order in which they came."""
    rows = await work.fetch(
        "SELECT state FROM sign_up WHERE block_id = $1 ORDER BY line, created_at, id", world.block_id
    )
    return [row["state"] for row in rows]


async def taken(work: Work, world: BlockWorld) -> int:
    """The places that are gone."""
    count: int = await work.fetch_value("SELECT taken FROM block WHERE id = $1", world.block_id)
    return count


async def look(works: Works, world: BlockWorld) -> int:
    """Takes the steps that are due."""
    async with works.open() as work:
        return await look_after_blocks(work, market_id=world.market_id)
