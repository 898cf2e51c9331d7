"""Drivers sign up for blocks: as they come or by lot, in line, and only for what they can keep to its end."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.blocks import (
    BlockNotOpen,
    BlockOverlap,
    CannotKeepBlock,
    NoSuchBlock,
    Wish,
    draw,
    leave_block,
    look_after_blocks,
    seed_digest,
    sign_up_for_block,
)
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, Vehicle
from tests.builders import make_driver, make_market
from tests.marketplace.blocks.worlds import (
    BlockWorld,
    join,
    look,
    make_block_world,
    make_drivers,
    publish,
    states,
    taken,
)


async def test_places_are_given_as_drivers_come_and_the_others_wait_in_line(work: Work) -> None:
    world = await make_block_world(work)
    drivers = await make_drivers(work, world, 4)

    ids = [await join(work, world, driver) for driver in drivers]
    again = await join(work, world, drivers[3])

    assert await states(work, world) == ["SIGNED", "SIGNED", "WAITING", "WAITING"]
    assert again == ids[3]
    assert await taken(work, world) == 2


async def test_wishes_of_the_first_minutes_are_drawn_early_access_first(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work, places=3, draw_s=600, signs_from=work.now + timedelta(hours=1))
        drivers = await make_drivers(work, world, 6)
        await work.execute(
            "INSERT INTO driver_standing"
            " (driver_id, market_id, level, early_access_minutes, rules_version, figures, computed_at)"
            " SELECT id, market_id, 3, 60, 1, '{}', $2 FROM driver WHERE id = $1",
            drivers[5].id,
            work.now,
        )
        await join(work, world, drivers[5])
        with pytest.raises(BlockNotOpen):
            await join(work, world, drivers[0])
    clock.advance(seconds=3600)
    async with works.open() as work:
        for driver in drivers[:5]:
            await join(work, world, driver)
        assert await states(work, world) == ["DRAWING"] * 6
        assert await look_after_blocks(work, market_id=world.market_id) == 0
    clock.advance(seconds=600)

    assert await look(works, world) == 1

    async with works.open() as work:
        row = await work.fetch_row("SELECT seed, seed_digest, taken FROM block WHERE id = $1", world.block_id)
        assert row is not None
        assert (seed_digest(row["seed"]), row["taken"]) == (row["seed_digest"], 3)
        rows = await work.fetch("SELECT id, driver_id, early_min, state FROM sign_up ORDER BY line")
        wishes = [Wish(sign_up_id=one["id"], driver_id=one["driver_id"], early_min=one["early_min"]) for one in rows]
        assert draw(row["seed"], wishes) == wishes
        assert rows[0]["driver_id"] == drivers[5].id
        assert [one["state"] for one in rows] == ["SIGNED"] * 3 + ["WAITING"] * 3


async def test_a_place_that_becomes_free_is_held_for_the_next_who_can(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work, places=1)
        drivers = await make_drivers(work, world, 4)
        for driver in drivers:
            await join(work, world, driver)
        # The second of the line has got another block of these hours meanwhile.
        other = await publish(work, world.pay, world.opens_at)
        await sign_up_for_block(work, block_id=other, driver_id=DriverId(drivers[1].id))

        await leave_block(work, block_id=world.block_id, driver_id=DriverId(drivers[0].id))

        assert await states(work, world) == ["LEFT", "WAITING", "ASKED", "WAITING"]
        events = await told(work, world)
        assert events == ["BlockPlaceFreed"]
    clock.advance(seconds=901)
    assert await look(works, world) == 1
    async with works.open() as work:
        assert await states(work, world) == ["LEFT", "WAITING", "LAPSED", "ASKED"]
        await join(work, world, drivers[3])
        assert await states(work, world) == ["LEFT", "WAITING", "LAPSED", "SIGNED"]
        assert await taken(work, world) == 1


async def told(work: Work, world: BlockWorld) -> list[str]:
    """Events of places that were held."""
    await work.store_events()
    rows = await work.fetch("SELECT name FROM event WHERE market_id = $1 AND name = 'BlockPlaceFreed'", world.market_id)
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"vehicle": Vehicle.BICYCLE.value}, {"vehicles": [Vehicle.CAR]}),
        ({}, {"skills": ["COLD"]}),
        ({"skills": ["COLD"], "skills_until": "soon"}, {"skills": ["COLD"]}),
        ({"documents_until": "soon"}, {}),
        ({"vehicle_until": "soon"}, {}),
        ({"account_state": "SUSPENDED"}, {}),
    ],
)
async def test_who_cannot_keep_a_block_to_its_end_is_not_let_in(
    work: Work, changes: dict[str, Any], asked: dict[str, Any]
) -> None:
    world = await make_block_world(work, **asked)
    soon = world.opens_at + timedelta(minutes=30)
    values: dict[str, Any] = {name: soon if value == "soon" else value for name, value in changes.items()}
    if "skills_until" in values:
        values["skills_until"] = [soon]
    driver = await make_driver(work, world.pay.market, **values)

    with pytest.raises(CannotKeepBlock):
        await join(work, world, driver)

    assert (await states(work, world), await taken(work, world)) == ([], 0)


async def test_a_shift_or_another_block_at_that_time_stands_against_it(work: Work) -> None:
    world = await make_block_world(work)
    dedicated = await make_driver(work, world.pay.market, kind=ContractKind.DEDICATED)
    other = await publish(work, world.pay, world.opens_at + timedelta(hours=1))
    after = await publish(work, world.pay, world.opens_at + timedelta(hours=2))
    [driver] = await make_drivers(work, world, 1)
    await join(work, world, driver)

    with pytest.raises(BlockOverlap):
        await join(work, world, dedicated)
    with pytest.raises(BlockOverlap):
        await sign_up_for_block(work, block_id=other, driver_id=DriverId(driver.id))
    await sign_up_for_block(work, block_id=after, driver_id=DriverId(driver.id))

    assert await states(work, world) == ["SIGNED"]


async def test_another_markets_driver_finds_no_such_block(work: Work) -> None:
    world = await make_block_world(work)
    stranger = await make_driver(work, await make_market(work))

    with pytest.raises(NoSuchBlock):
        await join(work, world, stranger)


async def test_a_block_that_has_begun_takes_nobody(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        [driver] = await make_drivers(work, world, 1)
    clock.advance(seconds=4 * 3600)

    async with works.open() as work:
        with pytest.raises(BlockNotOpen):
            await join(work, world, driver)
