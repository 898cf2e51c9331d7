"""Leaving is free until the block's own moment, late after it, and not possible once it has begun."""

import pytest

from marketplace.blocks import BlockNotOpen, NotSignedUp, cancel_block, leave_block
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId
from marketplace.core.work import Works
from tests.marketplace.blocks.worlds import AHEAD, join, make_block_world, make_drivers, states, taken

FREE_UNTIL_S = int(AHEAD.total_seconds()) - 120 * 60


@pytest.mark.parametrize(("after_s", "is_late"), [(FREE_UNTIL_S, False), (FREE_UNTIL_S + 1, True)])
async def test_leaving_is_late_from_the_second_after_the_free_time(
    works: Works, clock: ManualClock, after_s: int, is_late: bool
) -> None:
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        drivers = await make_drivers(work, world, 2)
        for driver in drivers:
            await join(work, world, driver)
    # Blocks open on whole seconds and the clock may not stand on one.
    clock.advance(seconds=after_s)
    async with works.open() as work:
        exact = (world.opens_at - work.now).total_seconds() - 120 * 60

    async with works.open() as work:
        await leave_block(work, block_id=world.block_id, driver_id=DriverId(drivers[0].id))
        await leave_block(work, block_id=world.block_id, driver_id=DriverId(drivers[1].id))

        rows = await work.fetch("SELECT state, is_late FROM sign_up ORDER BY line")
        assert exact == (0 if not is_late else -1)
        # Only a place that one had can be left too late.
        assert [tuple(row) for row in rows] == [("LEFT", is_late), ("LEFT", False)]
        assert await taken(work, world) == 0
        assert await work.fetch_value("SELECT count(*) FROM journal") == 0


async def test_there_is_nothing_to_leave_before_signing_up_or_once_it_has_begun(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        first, second = await make_drivers(work, world, 2)
        await join(work, world, first)
        with pytest.raises(NotSignedUp):
            await leave_block(work, block_id=world.block_id, driver_id=DriverId(second.id))
    clock.advance(seconds=AHEAD.total_seconds())

    async with works.open() as work:
        with pytest.raises(BlockNotOpen):
            await leave_block(work, block_id=world.block_id, driver_id=DriverId(first.id))
        assert await states(work, world) == ["SIGNED"]


async def test_a_block_is_cancelled_with_a_reason_until_it_begins(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        drivers = await make_drivers(work, world, 2)
        for driver in drivers:
            await join(work, world, driver)

        for _ in range(2):
            await cancel_block(work, block_id=world.block_id, market_id=world.market_id, reason="a storm")

        assert await states(work, world) == ["CALLED_OFF", "CALLED_OFF"]
        await work.store_events()
        rows = await work.fetch("SELECT name FROM event WHERE name IN ('BlockCancelled', 'BlockCalledOff')")
        assert sorted(row["name"] for row in rows) == ["BlockCalledOff", "BlockCancelled"]
        late = await make_block_world(work)
    clock.advance(seconds=AHEAD.total_seconds())
    async with works.open() as work:
        with pytest.raises(BlockNotOpen):
            await cancel_block(work, block_id=late.block_id, market_id=late.market_id, reason="a storm")
