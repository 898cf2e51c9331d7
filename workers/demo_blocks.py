"""The demo's blocks: paid availability around its hubs, published before the day begins and taken by the crowd."""

from datetime import timedelta
from typing import Any

from marketplace.app import Marketplace
from marketplace.blocks import BlockPlan, block_figures, hub_area, publish_blocks, sign_up_for_block
from marketplace.core.geo import Point
from marketplace.core.ids import BlockId, DriverId, MarketId
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.hubs import hubs_of_market
from marketplace.markets import dials

BEGINS_AFTER = (timedelta(minutes=30), timedelta(minutes=45))
LASTS = timedelta(minutes=45)
PLACES = 3
FLOOR_PER_HOUR_MINOR = 9_000
CROWD = """
SELECT id FROM driver WHERE market_id = $1 AND contract_kind = 'CROWDSOURCED' AND account_state = 'ACTIVE'
ORDER BY id LIMIT $2
"""


async def open_blocks(marketplace: Marketplace, market_id: MarketId) -> int:
    """Publishes two blocks and signs drivers of the crowd up for them; returns how many places were taken."""
    async with marketplace.works.open() as work:
        block_ids = await _publish(work, market_id)
        drivers = [row["id"] for row in await work.fetch(CROWD, market_id, PLACES * len(block_ids))]
        for place, driver_id in enumerate(drivers):
            block_id = block_ids[place % len(block_ids)]
            await sign_up_for_block(work, block_id=block_id, driver_id=DriverId(driver_id))
    return len(drivers)


async def blocks_so_far(work: Work, *, market_id: MarketId) -> dict[str, Any]:
    """What the demo's blocks came to."""
    found = await block_figures(work.connection, market_id=market_id)
    return {
        "blocks_kept": found["kept"],
        "blocks_missed": found["no_shows"],
        "block_attended_s": found["attended_s"],
        "block_top_ups_minor": found["top_up_minor"],
    }


async def _publish(work: Work, market_id: MarketId) -> list[BlockId]:
    """Around all hubs together: the demo's city is small, and its drivers wander."""
    time_zone = (await dials(work, market_id=market_id)).time_zone
    hubs: list[dict[str, Any]] = await hubs_of_market(work, market_id=market_id)
    cells = sorted({cell for hub in hubs for cell in hub_area(Point(lat=hub["lat"], lon=hub["lon"]))})
    now = work.now.astimezone(zone(time_zone)).replace(tzinfo=None, second=0, microsecond=0)
    plans = [
        BlockPlan(
            opens=now + after,
            closes=now + after + LASTS,
            places=PLACES,
            area_name="Around the hubs",
            area_cells=cells,
            floor_per_hour_minor=FLOOR_PER_HOUR_MINOR,
            free_until_min=15,
            draw_s=0,
        )
        for after in BEGINS_AFTER
    ]
    return await publish_blocks(work, market_id=market_id, plans=plans)
