"""The last place of a block, with real commits: twenty drivers want it and one gets it; nobody is in two at once."""

import asyncio
from collections import Counter
from uuid import UUID

import asyncpg
import pytest

from marketplace.blocks import BlockNotOpen, BlockOverlap, sign_up_for_block
from marketplace.blocks.refill import refill_block
from marketplace.core.clock import ManualClock
from marketplace.core.ids import BlockId, DriverId
from marketplace.core.work import Works
from tests.marketplace.blocks.worlds import AHEAD, look, make_block_world, make_drivers, publish, taken

DRIVERS = 20


async def sign_up(works: Works, block_id: BlockId, driver_id: UUID) -> str:
    """What a driver's sign-up came to."""
    try:
        async with works.open() as work:
            sign_up_id = await sign_up_for_block(work, block_id=block_id, driver_id=DriverId(driver_id))
            state: str = await work.fetch_value("SELECT state FROM sign_up WHERE id = $1", sign_up_id)
            return state
    except BlockOverlap as refusal:
        return refusal.code


async def test_of_twenty_drivers_one_gets_the_last_place(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        drivers = await make_drivers(work, world, DRIVERS)

    told = await asyncio.gather(*(sign_up(works, world.block_id, driver.id) for driver in drivers))

    assert sorted(told) == ["SIGNED"] + ["WAITING"] * (DRIVERS - 1)
    async with works.open() as work:
        rows = await work.fetch("SELECT state, line FROM sign_up WHERE block_id = $1 ORDER BY line", world.block_id)
        assert [row["line"] for row in rows] == list(range(1, DRIVERS + 1))
        assert await taken(work, world) == 1


async def test_a_driver_who_wants_two_blocks_of_the_same_hours_at_once_gets_one(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_block_world(work)
        others = [await publish(work, world.pay, world.opens_at) for _ in range(4)]
        [driver] = await make_drivers(work, world, 1)

    told = await asyncio.gather(*(sign_up(works, block_id, driver.id) for block_id in [world.block_id, *others]))

    assert sorted(told) == ["BLOCK_OVERLAP"] * 4 + ["SIGNED"]


async def test_the_database_itself_refuses_a_second_block_at_the_same_time(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_block_world(work)
        other = await publish(work, world.pay, world.opens_at)
        [driver, second] = await make_drivers(work, world, 2)
    assert await sign_up(works, world.block_id, driver.id) == "SIGNED"
    copy = (
        "INSERT INTO sign_up (id, market_id, block_id, driver_id, opens_at, closes_at, state, created_at)"
        " SELECT $1, market_id, id, $2, opens_at + $4 * interval '1 hour', closes_at + $4 * interval '1 hour',"
        " 'SIGNED', created_at FROM block WHERE id = $3"
    )

    with pytest.raises(asyncpg.ExclusionViolationError):
        async with works.open() as work:
            await work.execute(copy, work.new_id(), driver.id, other, 1)

    async with works.open() as work:
        # Another driver, and the same one from the moment at which the first block ends.
        await work.execute(copy, work.new_id(), second.id, other, 1)
        await work.execute(copy, work.new_id(), driver.id, other, 2)


async def test_the_place_that_a_no_show_left_goes_to_one_of_many(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        absent, *drivers = await make_drivers(work, world, 1 + DRIVERS)
        for driver in (absent, *drivers[: DRIVERS // 2]):
            await sign_up_for_block(work, block_id=world.block_id, driver_id=DriverId(driver.id))
        await work.execute("UPDATE presence SET state = 'OFFLINE' WHERE driver_id = $1", absent.id)
    clock.advance(seconds=AHEAD.total_seconds() + 1800)
    await look(works, world)

    async def refill() -> int:
        async with works.open() as work:
            return await refill_block(work, block_id=world.block_id, market_id=world.market_id)

    async def come_in(driver_id: UUID) -> str:
        try:
            return await sign_up(works, world.block_id, driver_id)
        except BlockNotOpen as refusal:
            return refusal.code

    told = await asyncio.gather(*(come_in(driver.id) for driver in drivers), *(refill() for _ in range(4)))

    assert Counter(told) == {"SIGNED": 1, "WAITING": DRIVERS // 2 - 1, "BLOCK_NOT_OPEN": DRIVERS // 2, 0: 4}
    async with works.open() as work:
        assert await taken(work, world) == 1
        held = await work.fetch_value("SELECT count(*) FROM sign_up WHERE state IN ('ASKED', 'SIGNED')")
        assert held == 1


async def test_many_who_look_after_a_block_at_once_hold_a_left_place_once(
    committed_works: Works, clock: ManualClock
) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        absent, *_ = await make_drivers(work, world, 6)
        await sign_up_for_block(work, block_id=world.block_id, driver_id=DriverId(absent.id))
        await work.execute("UPDATE presence SET state = 'OFFLINE' WHERE driver_id = $1", absent.id)
        # The no-show as it is seen, before anybody has refilled the place
        await work.execute("UPDATE sign_up SET state = 'NO_SHOW', ended_at = closes_at")
        await work.execute("UPDATE block SET taken = 0")
    clock.advance(seconds=AHEAD.total_seconds() + 1800)

    async def refill() -> int:
        async with works.open() as work:
            return await refill_block(work, block_id=world.block_id, market_id=world.market_id)

    told = await asyncio.gather(*(refill() for _ in range(5)))

    assert sorted(told) == [0, 0, 0, 0, 1]
    async with works.open() as work:
        assert await taken(work, world) == 1
