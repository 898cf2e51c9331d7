"""Whoever keeps a block is asked first for routes that begin in its area, and is capacity that windows count on."""

from datetime import timedelta

from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.window import Window
from marketplace.core.work import Works
from marketplace.fleet import ContractKind, NoShift, go_online
from marketplace.markets import dials
from marketplace.offers import SendWave
from marketplace.windows.live_plan import read_live_plan
from tests.builders import HUB_PLACE, make_batch, make_delivery, make_driver, make_route
from tests.marketplace.blocks.worlds import AHEAD, BlockWorld, join, make_block_world, make_drivers
from tests.marketplace.offers.worlds import ROUTER

ASKED = "SELECT driver_id FROM offer WHERE route_id = $1 ORDER BY driver_id"


async def ask(works: Works, world: BlockWorld) -> set[object]:
    """Who is asked for a new route from the hub."""
    async with works.open() as work:
        batch = await make_batch(work, world.pay.market, world.pay.shipper)
        delivery = await make_delivery(work, world.pay.market, world.pay.shipper, world.pay.hub, batch)
        route, _ = await make_route(work, world.pay.market, [delivery])
    await run_errand(works, SendWave(router=ROUTER, route_id=route.id))
    async with works.open() as work:
        return {row["driver_id"] for row in await work.fetch(ASKED, route.id)}


async def test_a_driver_in_a_block_is_asked_first_while_it_lasts(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        drivers = await make_drivers(work, world, 3)
        await join(work, world, drivers[1])
        await work.execute("UPDATE presence SET online_until = $1", work.now + timedelta(days=1))
    everybody = {driver.id for driver in drivers}

    assert await ask(works, world) == everybody
    clock.advance(seconds=AHEAD.total_seconds())
    assert await ask(works, world) == {drivers[1].id}
    clock.advance(seconds=7200)
    assert await ask(works, world) == everybody


async def test_a_place_in_a_block_lets_a_contracted_driver_online_and_counts_for_windows(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_block_world(work)
        driver = await make_driver(work, world.pay.market, kind=ContractKind.CONTRACTED)
        await work.execute("DELETE FROM shift")
        await work.execute("UPDATE presence SET state = 'OFFLINE', online_until = NULL, lat = NULL, lon = NULL")
        try:
            await go_online(work, driver_id=driver.id, place=HUB_PLACE)
            raise AssertionError("there is no shift")
        except NoShift:
            await join(work, world, driver)
        span = Window(world.opens_at, world.opens_at + timedelta(hours=2))
        plan = await read_live_plan(
            work, dials=await dials(work, market_id=world.market_id), pickup=HUB_PLACE, span=span, leave_out=None
        )
        [known] = plan.drivers
        assert (known.id, known.free_at, known.until) == (driver.id, span.opens_at, span.closes_at)
    clock.advance(seconds=AHEAD.total_seconds() - 1800)

    async with works.open() as work:
        until = await go_online(work, driver_id=driver.id, place=HUB_PLACE)

    assert until == world.opens_at + timedelta(hours=2)
