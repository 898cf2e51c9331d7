"""Papers, certificates, vehicles and wishes decide by the clock who is asked and who may say yes; no job is needed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, add_company, area_of, end_company, set_preferences
from marketplace.offers import PapersExpired, SkillMissing, accept_offer
from marketplace.offers.candidates import find_candidates, find_needs
from marketplace.offers.states import RuledOut
from tests.builders import HOME_PLACE, HUB_PLACE
from tests.marketplace.offers.worlds import World, make_world, open_offers, send_wave

SECOND = timedelta(seconds=1)


async def ruled_out(work: Work, world: World) -> list[RuledOut]:
    """The rules that exclude somebody from the world's route."""
    needs = await find_needs(work, route_id=world.route_ids[0])
    assert needs is not None
    _, exclusions = await find_candidates(work, needs, open_offers=3)
    return [one.rule for one in exclusions]


async def route_end(work: Work, world: World) -> datetime:
    needs = await find_needs(work, route_id=world.route_ids[0])
    assert needs is not None
    return needs.ends_at


async def change(work: Work, driver_id: UUID, **values: Any) -> None:
    for name, value in values.items():
        await work.execute(f"UPDATE driver SET {name} = $2 WHERE id = $1", driver_id, value)


@pytest.mark.parametrize(
    ("column", "rule"),
    [("documents_until", RuledOut.DOCUMENT_EXPIRED), ("vehicle_until", RuledOut.VEHICLE_NOT_CHECKED)],
)
async def test_papers_last_until_the_route_ends_or_the_driver_is_not_asked(
    work: Work, column: str, rule: RuledOut
) -> None:
    world = await make_world(work, drivers=1)
    end = await route_end(work, world)

    await change(work, world.drivers[0].id, **{column: end + SECOND})
    good = await ruled_out(work, world)
    await change(work, world.drivers[0].id, **{column: end})

    assert (good, await ruled_out(work, world)) == ([], [rule])


async def test_a_certificate_gates_only_what_asks_for_its_skill(work: Work) -> None:
    world = await make_world(work, drivers=1)
    end = await route_end(work, world)
    await change(work, world.drivers[0].id, skills=["COLD", "HEAVY"], skills_until=[end, None])

    found = []
    for needs in ([], ["HEAVY"], ["COLD"], ["PHARMACY"]):
        await work.execute("UPDATE delivery SET requirements = $2 WHERE route_id = $1", world.route_ids[0], needs)
        found.append(await ruled_out(work, world))

    assert found == [[], [], [RuledOut.NO_SKILL], [RuledOut.NO_SKILL]]


async def test_pallets_are_offered_only_to_those_in_whose_vehicle_all_of_them_stand(work: Work) -> None:
    world = await make_world(work, drivers=1)
    await change(work, world.drivers[0].id, pallet_places=1)

    found = []
    for places in (0, 1, 2):
        one = "(SELECT id FROM delivery WHERE route_id = $1 ORDER BY id LIMIT 1)"
        await work.execute(f"UPDATE delivery SET pallet_places = $2 WHERE id = {one}", world.route_ids[0], places)
        found.append(await ruled_out(work, world))

    assert found == [[], [], [RuledOut.NO_CAPACITY]]


async def test_drivers_of_a_company_that_has_ended_are_not_asked(work: Work) -> None:
    world = await make_world(work, drivers=1, kind=ContractKind.CONTRACTED)
    company_id = await add_company(work, market_id=world.market.id, name="Reparto")
    await change(work, world.drivers[0].id, company_id=company_id)
    before = await ruled_out(work, world)

    await end_company(work, company_id=company_id, market_id=world.market.id)

    assert (before, await ruled_out(work, world)) == ([], [RuledOut.COMPANY_ENDED])


async def test_every_stop_lies_in_an_area_that_the_driver_wants(work: Work) -> None:
    world = await make_world(work, drivers=1)
    hub, home = area_of(HUB_PLACE), area_of(HOME_PLACE)
    driver_id = world.drivers[0].id

    found = []
    for cells in ([], [hub, home], [hub], [area_of(Point(lat=0.0, lon=0.0))]):
        await set_preferences(work, driver_id=driver_id, area_cells=cells, max_distance_m=None)
        found.append(await ruled_out(work, world))

    assert found == [[], [], [RuledOut.OUTSIDE_AREAS], [RuledOut.OUTSIDE_AREAS]]


async def test_a_route_is_no_longer_than_the_driver_wants(work: Work) -> None:
    world = await make_world(work, drivers=1)
    await work.execute("UPDATE route SET distance_m = 5000 WHERE id = $1", world.route_ids[0])

    found = []
    for most in (5_000, 4_999):
        await set_preferences(work, driver_id=world.drivers[0].id, area_cells=[], max_distance_m=most)
        found.append(await ruled_out(work, world))

    assert found == [[], [RuledOut.TOO_LONG]]


@pytest.mark.parametrize("column", ["documents_until", "vehicle_until"])
async def test_papers_that_run_out_between_offer_and_yes_end_in_a_refusal(
    works: Works, clock: ManualClock, column: str
) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    driver_id = world.drivers[0].id
    async with works.open() as work:
        offer_id = (await open_offers(work, world.route_ids[0]))[driver_id]
        await change(work, driver_id, **{column: work.now + 10 * SECOND})
    clock.advance(seconds=10)

    async with works.open() as work:
        with pytest.raises(PapersExpired):
            await accept_offer(work, offer_id=offer_id, driver_id=driver_id)

    async with works.open() as work:
        assert list(await open_offers(work, world.route_ids[0])) == [driver_id]
        await change(work, driver_id, **{column: None})
        assert await accept_offer(work, offer_id=offer_id, driver_id=driver_id) == world.route_ids[0]


async def test_a_certificate_that_runs_out_between_offer_and_yes_ends_in_a_refusal(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
        await work.execute("UPDATE delivery SET requirements = '{COLD}' WHERE route_id = $1", world.route_ids[0])
        await change(work, world.drivers[0].id, skills=["COLD"])
    await send_wave(works, world.route_ids[0])
    driver_id = world.drivers[0].id
    async with works.open() as work:
        offer_id = (await open_offers(work, world.route_ids[0]))[driver_id]
        await change(work, driver_id, skills_until=[work.now + 10 * SECOND])
    clock.advance(seconds=10)

    async with works.open() as work:
        with pytest.raises(SkillMissing):
            await accept_offer(work, offer_id=offer_id, driver_id=driver_id)

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM route WHERE id = $1", world.route_ids[0]) == "OFFERING"
