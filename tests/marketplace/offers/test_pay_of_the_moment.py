"""An offer is paid by the policy of the moment at which it is made, and so is the route that it becomes."""

from datetime import timedelta

import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.fleet.states import ContractKind
from marketplace.markets import pay_pack, set_pay_policy
from marketplace.offers import SendWave, accept_offer
from marketplace.offers.send_wave import CandidatesMoved
from tests.builders import PAY_RATES
from tests.marketplace.offers.worlds import ROUTER, make_world, open_offers, send_wave

DEARER = PAY_RATES | {"base_minor": 1900}


async def test_a_route_that_was_planned_before_a_new_policy_is_offered_under_it(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
        begins_at = work.now + timedelta(minutes=5)
        await set_pay_policy(work, market_id=world.market.id, rates=DEARER, effective_from=begins_at)
    clock.advance(seconds=300)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        [(driver_id, offer_id)] = (await open_offers(work, world.route_ids[0])).items()
        offer = await work.fetch_row("SELECT pay_minor, lines FROM offer WHERE id = $1", offer_id)
        assert offer is not None
        assert orjson.loads(offer["lines"])[0]["rule"] == "pay_policy:2:base_minor"
        await accept_offer(work, offer_id=offer_id, driver_id=driver_id)
        route = await work.fetch_row(
            "SELECT policy_version, guarantee_minor FROM route WHERE id = $1", world.route_ids[0]
        )
        assert route is not None
        assert tuple(route) == (2, offer["pay_minor"])


async def test_an_offer_that_was_made_before_stays_under_the_old_policy(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    clock.advance(seconds=30)
    async with works.open() as work:
        await set_pay_policy(work, market_id=world.market.id, rates=DEARER)
        [(driver_id, offer_id)] = (await open_offers(work, world.route_ids[0])).items()

        await accept_offer(work, offer_id=offer_id, driver_id=driver_id)

        assert await work.fetch_value("SELECT policy_version FROM route WHERE id = $1", world.route_ids[0]) == 1


async def test_a_wave_is_thought_over_again_when_another_policy_begins_before_it_goes_out(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
        wave = SendWave(router=ROUTER, route_id=world.route_ids[0])
        found = await wave.read(work)
        assert found is not None
        answer = await wave.call(found)
        await set_pay_policy(work, market_id=world.market.id, rates=DEARER)

        with pytest.raises(CandidatesMoved, match="another pay policy"):
            await wave.record(work, found, answer)

        assert await open_offers(work, world.route_ids[0]) == {}


async def test_an_assigned_route_is_paid_by_the_policy_of_its_assignment(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, kind=ContractKind.DEDICATED)
    clock.advance(seconds=30)
    async with works.open() as work:
        await set_pay_policy(work, market_id=world.market.id, rates=DEARER)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        row = await work.fetch_row("SELECT state, policy_version FROM route WHERE id = $1", world.route_ids[0])
        assert row is not None
        assert tuple(row) == ("ASSIGNED", 2)


async def test_an_offer_is_lifted_to_the_law_and_a_bonus_comes_on_top(works: Works) -> None:
    nothing = dict.fromkeys(PAY_RATES, 0)
    async with works.open() as work:
        world = await make_world(work, drivers=1, currency="USD")
        floors = pay_pack("seattle_payup_2025").floors({})
        await set_pay_policy(work, market_id=world.market.id, rates=nothing, floors=floors)
        await work.execute("UPDATE route SET bonus_minor = 150 WHERE id = $1", world.route_ids[0])

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        lines = orjson.loads(await work.fetch_value("SELECT lines FROM offer"))
        # 24 minutes at 45 cents and 4 km at 77 cents a mile.
        assert [(line["code"], line["amount_minor"]) for line in lines] == [("legal_floor", 1080 + 191), ("bonus", 150)]
