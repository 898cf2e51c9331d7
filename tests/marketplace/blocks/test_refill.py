"""A place that a no-show has left while the block runs goes to the line, then to drivers nearby by their standing."""

from datetime import timedelta

import pytest

from marketplace.blocks import BlockNotOpen, leave_block
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.standing.models import DriverStanding
from tests.marketplace.blocks.test_settle import FAR, come
from tests.marketplace.blocks.worlds import AHEAD, BlockWorld, join, look, make_block_world, make_drivers, taken

OPENING_S = AHEAD.total_seconds()
STATE = "SELECT state FROM sign_up WHERE block_id = $1 AND driver_id = $2"


async def stands(works: Works, world: BlockWorld, *drivers: Driver) -> list[str | None]:
    """How these drivers stand in the block."""
    async with works.open() as work:
        return [await work.fetch_value(STATE, world.block_id, driver.id) for driver in drivers]


async def stay_away(work: Work, *drivers: Driver) -> None:
    """These drivers are offline."""
    await work.execute("UPDATE presence SET state = 'OFFLINE' WHERE driver_id = ANY($1)", [one.id for one in drivers])


async def level(work: Work, driver: Driver, early_min: int) -> None:
    """Blocks open for this driver so much earlier."""
    await DriverStanding.create(
        using_db=work.db,
        driver_id=driver.id,
        market_id=driver.market_id,
        level=2,
        early_access_minutes=early_min,
        rules_version=1,
        figures={},
        computed_at=work.now,
    )


async def missed(
    works: Works, clock: ManualClock, *, line: int = 0, nearby: int = 0
) -> tuple[BlockWorld, list[Driver]]:
    """A block of one place whose driver has not come: that one, the line, and others; just before it is seen."""
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        drivers = await make_drivers(work, world, 1 + line + nearby)
        for driver in drivers[: 1 + line]:
            await join(work, world, driver)
        await stay_away(work, drivers[0])
    clock.advance(seconds=OPENING_S)
    await look(works, world)
    clock.advance(seconds=1800)
    return world, drivers


async def test_the_line_is_asked_first_and_has_the_hours_that_are_left(works: Works, clock: ManualClock) -> None:
    world, [absent, waiting, passer] = await missed(works, clock, line=1, nearby=1)

    await look(works, world)

    assert await stands(works, world, absent, waiting, passer) == ["NO_SHOW", "ASKED", None]
    async with works.open() as work:
        await join(work, world, waiting)
        await come(work, waiting)
        row = await work.fetch_row("SELECT state, opens_at, closes_at FROM sign_up WHERE driver_id = $1", waiting.id)
        assert row is not None
        assert (row["state"], row["opens_at"]) == ("SIGNED", work.now)
        assert row["closes_at"] - row["opens_at"] == timedelta(minutes=90)
        assert await taken(work, world) == 1
    await look(works, world)
    async with works.open() as work:
        assert await work.fetch_value("SELECT checked_in_at FROM sign_up WHERE driver_id = $1", waiting.id) is not None


async def test_with_nobody_in_line_the_better_standing_nearby_is_asked_once_each(
    works: Works, clock: ManualClock
) -> None:
    world, [absent, plain, good, far] = await missed(works, clock, nearby=3)
    async with works.open() as work:
        await level(work, good, 30)
        await level(work, far, 60)
        await come(work, far, FAR)

    await look(works, world)
    assert await stands(works, world, plain, good, far) == [None, "ASKED", None]
    clock.advance(seconds=301)
    await look(works, world)
    assert await stands(works, world, plain, good, far) == ["ASKED", "LAPSED", None]
    clock.advance(seconds=301)
    await look(works, world)

    assert await stands(works, world, absent, plain, good, far) == ["NO_SHOW", "LAPSED", "LAPSED", None]
    async with works.open() as work:
        assert await taken(work, world) == 0
        told = await work.fetch_value("SELECT count(*) FROM event WHERE name = 'BlockPlaceFreed'")
        assert told == 2


async def test_a_block_that_runs_takes_those_who_are_asked_and_nobody_else(works: Works, clock: ManualClock) -> None:
    world, [_, waiting, passer] = await missed(works, clock, line=1, nearby=1)
    await look(works, world)

    async with works.open() as work:
        with pytest.raises(BlockNotOpen):
            await join(work, world, passer)
        await leave_block(work, block_id=world.block_id, driver_id=DriverId(waiting.id))
    await look(works, world)

    assert await stands(works, world, waiting, passer) == ["LEFT", "ASKED"]


async def test_with_less_than_half_an_hour_left_nobody_is_called_in(works: Works, clock: ManualClock) -> None:
    world, [absent, waiting] = await missed(works, clock, line=1)
    clock.advance(seconds=3601)

    await look(works, world)

    assert await stands(works, world, absent, waiting) == ["NO_SHOW", "LAPSED"]


async def test_a_place_that_nobody_ever_took_calls_nobody_in(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work, places=2)
        await make_drivers(work, world, 1)
    clock.advance(seconds=OPENING_S + 1800)

    assert await look(works, world) == 0

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM sign_up") == 0
