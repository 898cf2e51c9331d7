"""What a suspension takes away and what it leaves: new offers go, the route under way and its pay stay."""

from typing import Any

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.offers import accept_offer
from marketplace.offers.accept import AccountSuspended
from marketplace.standing import propose_suspensions
from tests.builders import suspend_driver
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave
from tests.marketplace.routes.drives import make_drive


async def test_a_suspended_driver_finishes_the_route_under_way(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    async with works.open() as work:
        await suspend_driver(work, drive.driver)

    await drive.pick_up(0)
    await drive.drop_off(1)
    await drive.drop_off(2)

    route = await drive.the_route()
    assert (route["state"], route["driver_id"]) == ("COMPLETED", drive.driver.id)


async def test_a_suspended_driver_is_not_asked_and_cannot_take_what_is_on_offer(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2)
        suspended, other = world.drivers
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        offers = await open_offers(work, world.route_ids[0])
        await suspend_driver(work, suspended)

    async with works.open() as work:
        with pytest.raises(AccountSuspended):
            await accept_offer(work, offer_id=offers[suspended.id], driver_id=suspended.id)
        assert await accept_offer(work, offer_id=offers[other.id], driver_id=other.id) == world.route_ids[0]


@pytest.mark.parametrize("state", ["ACTIVE", "SUSPENSION_PROPOSED"])
async def test_whoever_is_only_proposed_to_be_suspended_is_asked_like_anybody(works: Works, state: str) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
        changes: dict[str, Any] = {"state": state}
        await work.execute("UPDATE driver SET account_state = $1", changes["state"])
        assert await propose_suspensions(work, market_id=world.market.id) == []
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        assert list(await open_offers(work, world.route_ids[0])) == [world.drivers[0].id]
