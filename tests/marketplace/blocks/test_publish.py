"""Blocks are published in local hours, shorter or longer by a clock change, and only where they can be kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.blocks import BadBlock, BlockPlan, publish_blocks
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound, Refusal
from marketplace.core.ids import CompanyId
from marketplace.core.work import Work, Works
from marketplace.fleet import add_company
from tests.builders import make_hub, make_market
from tests.marketplace.payouts.world import make_pay_world

HOURS = "SELECT opens_at, closes_at FROM block WHERE id = $1"


@pytest.mark.parametrize(
    ("before", "opens", "closes", "hours"),
    [
        # Clocks go back at midnight of 4 to 5 April, and forward at midnight of 5 to 6 September 2026.
        (datetime(2026, 4, 4, 12, tzinfo=UTC), datetime(2026, 4, 4, 22), datetime(2026, 4, 5, 2), 5),
        (datetime(2026, 9, 5, 12, tzinfo=UTC), datetime(2026, 9, 5, 22), datetime(2026, 9, 6, 2), 3),
        # A block that begins in the hour that does not exist begins when the clock goes on.
        (datetime(2026, 9, 5, 12, tzinfo=UTC), datetime(2026, 9, 6, 0, 30), datetime(2026, 9, 6, 2), 1),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 22), datetime(2026, 3, 3, 2), 4),
    ],
)
async def test_a_block_keeps_its_local_hours_over_a_clock_change(
    works: Works, clock: ManualClock, before: datetime, opens: datetime, closes: datetime, hours: int
) -> None:
    async with works.open() as work:
        clock.advance(seconds=(before - work.now).total_seconds())
    async with works.open() as work:
        world = await make_pay_world(work)
        plan = BlockPlan(opens=opens, closes=closes, places=1, hub_id=world.hub.id)

        [block_id] = await publish_blocks(work, market_id=world.market_id, plans=[plan])

        row = await work.fetch_row(HOURS, block_id)
        assert row is not None
        assert row["closes_at"] - row["opens_at"] == timedelta(hours=hours)


@pytest.mark.parametrize(
    "changes",
    [
        {"places": 0},
        {"closes": datetime(2026, 3, 3, 10, 29)},
        {"closes": datetime(2026, 3, 3, 22, 1)},
        {"opens": datetime(2026, 3, 1, 10), "closes": datetime(2026, 3, 1, 12)},
        {"floor_per_hour_minor": -1},
        {"draw_s": 86_401},
        {"signs_from": datetime(2026, 3, 3, 12, 55, tzinfo=UTC)},
        {"skills": ["JUGGLING"]},
        {"answer_s": 59},
        {"hub_id": None},
        {"hub_id": None, "area_name": "Centro", "area_cells": ["88b2ddd6edfffff"]},
    ],
)
async def test_a_block_that_nobody_could_keep_is_not_published(work: Work, changes: dict[str, Any]) -> None:
    world = await make_pay_world(work)
    values: dict[str, Any] = {"opens": datetime(2026, 3, 3, 10), "closes": datetime(2026, 3, 3, 12), "places": 1}
    values |= {"hub_id": world.hub.id}

    with pytest.raises(BadBlock):
        await publish_blocks(work, market_id=world.market_id, plans=[BlockPlan(**values | changes)])

    assert await work.fetch_value("SELECT count(*) FROM block") == 0


async def test_another_markets_hub_is_none_and_a_company_promises_no_floor(work: Work) -> None:
    world = await make_pay_world(work)
    elsewhere = await make_hub(work, await make_market(work))
    company = CompanyId(await add_company(work, market_id=world.market_id, name="Reparto"))
    hours: dict[str, Any] = {"opens": datetime(2026, 3, 3, 10), "closes": datetime(2026, 3, 3, 12), "places": 1}
    zone: dict[str, Any] = hours | {"area_name": "Centro", "area_cells": ["87b2ddd6effffff"]}
    told: list[type[Refusal]] = []

    for plan, owner in [
        (BlockPlan(**hours, hub_id=elsewhere.id), None),
        (BlockPlan(**hours, hub_id=world.hub.id), company),
        (BlockPlan(**zone, floor_per_hour_minor=1), company),
    ]:
        with pytest.raises(Refusal) as refused:
            await publish_blocks(work, market_id=world.market_id, plans=[plan], company_id=owner)
        told.append(refused.type)

    assert told == [NotFound, NotFound, BadBlock]
    assert (
        len(await publish_blocks(work, market_id=world.market_id, plans=[BlockPlan(**zone)], company_id=company)) == 1
    )
